#include "hw/cpu_machine.h"

#include <algorithm>
#include <cstring>

#include "hw/storage/crc.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// What executes may take more addresses than memory: it is placed first fit.
constexpr std::int64_t kAddressesPerByte = 16;

Bytes arena_bytes(const Deployment& deployment) {
    Bytes sum;
    for (const JobPlan& job : deployment.jobs) {
        Bytes most;
        for (const Variant& variant : job.all_variants())
            most = std::max(most, variant.arena_bytes());
        if (job.path != SwapPath::resident) sum += most;
    }
    return sum;
}

// The frames that a run may have. Under the account of parameters the budget does not bound what
// execution needs: a quarter more than planned (and 4 MiB) stops only what has gone astray.
std::optional<Bytes> most_frames(const DeviceSetup& setup) {
    if (!setup.budget) return std::nullopt;
    if (setup.account == Account::all)
        return *setup.budget - setup.platform.nodes.front().memory.reserved;
    const Bytes activations = most_activations(setup.facts);
    return arena_bytes(setup.deployment) + activations + Bytes{activations.count / 4} +
           4 * Bytes{1 << 20};
}

ReadOptions read_options(const DeviceSetup& setup, const CpuOptions& options) {
    ReadOptions read;
    const ReadSpec& spec = setup.platform.nodes.front().read;
    if (spec.cost.request_bytes) read.request_bytes = align_up(*spec.cost.request_bytes, kPage);
    if (spec.depth) read.depth = static_cast<std::uint32_t>(*spec.depth);
    apply(options, read);
    return read;
}

}  // namespace

CpuMachine::CpuMachine(const DeviceSetup& setup, std::vector<PackPtr> packs,
                       const CpuOptions& options, const ExecutorFactory& executors)
    : setup_(setup),
      options_(options),
      frames_(most_frames(setup)),
      activations_(frames_, kAddressesPerByte * (most_activations(setup.facts) + Bytes{1 << 20})),
      jobs_(packs.size()) {
    SWAPLAB_CHECK(packs.size() == setup.facts.size(), "{} packs for {} jobs", packs.size(),
                  setup.facts.size());
    const ReadOptions read = read_options(setup, options);
    for (std::uint32_t j = 0; j < jobs_.size(); ++j) {
        JobState& job = jobs_[j];
        job.pack = std::move(packs[j]);
        job.facts = &setup.facts[j];
        job.places.resize(job.facts->size());
        const SwapPathRow& path =
            row_of(setup.deployment.jobs[j].path, setup.platform.nodes.front().compute);
        job.copies = path.executes_from;
        if (path.dummy) job.dummy = *path.dummy;
        check_model(job);
        job.executors =
            JobExecutors({j}, setup.deployment.jobs[j], setup.facts[j], executors, activations_);
        for (std::uint32_t server = 0; server < std::max(setup.deployment.parallel_reads, 1U);
             ++server)
            job.readers.push_back(open_reader(job.pack->parameters_path(), read));
    }
    conditions_["storage"] = jobs_.front().readers.front()->info().description;
}

// Every block must be one range of whole pages, as large as its place.
void CpuMachine::check_model(const JobState& job) const {
    for (const BlockFacts& block : *job.facts) {
        if (block.layers.last > job.pack->index().layers.size())
            throw InputError(text("{}: the model of the run has more layers than this pack",
                                  job.pack->folder()));
        const Extent extent = job.pack->extent(block.layers);
        const bool whole = extent.size.count % kPage.count == 0;
        if (block.stored_bytes != extent.size || block.held_bytes != extent.size || !whole)
            throw InputError(text(
                "{}: layers {} to {} take {} bytes in the pack, {} on storage by the model and {} "
                "in memory; expected all three equal and whole pages of {} bytes (is "
                "memory.alignment_bytes of the device {}?)",
                job.pack->folder(), block.layers.first, block.layers.last, extent.size.count,
                block.stored_bytes.count, block.held_bytes.count, kPage.count,
                setup_.platform.nodes.front().memory.alignment.count));
    }
}

std::unique_ptr<Arena> CpuMachine::arena_for(const ArenaPlan& plan) {
    const bool counted = plan.kind == ArenaKind::counter;
    const Bytes span = counted ? kAddressesPerByte * plan.capacity : plan.capacity;
    const Frames::WindowId window = frames_.add_window(align_up(span, kPage));
    std::unique_ptr<Arena> arena =
        counted ? make_first_fit_arena(plan.capacity, span) : make_arena(plan);
    windows_.emplace(arena.get(), window);
    to_warm_.emplace_back(window, plan.capacity);
    return arena;
}

void CpuMachine::ready() {
    process_.emplace();
    for (const auto& [window, bytes] : to_warm_) frames_.warm(window, bytes);
    for (std::uint32_t j = 0; j < jobs_.size(); ++j)
        if (setup_.deployment.jobs[j].path == SwapPath::resident) load_resident({j});
    process_->begin_reading();
}

// Under the account of parameters, arenas alone are bounded; the deployment's plans see to that.
void CpuMachine::set_budget(Bytes most) {
    if (setup_.account == Account::all)
        frames_.set_limit(most - setup_.platform.nodes.front().memory.reserved);
}

// `direct`: everything in its place before the run.
void CpuMachine::load_resident(JobId id) {
    JobState& job = jobs_[id.index];
    Bytes all;
    for (const BlockFacts& block : *job.facts) all += block.held_bytes;
    const Frames::WindowId window = frames_.add_window(all);
    frames_.use(window, {}, all);
    Bytes offset;
    for (std::uint32_t b = 0; b < job.facts->size(); ++b) {
        const BlockFacts& block = (*job.facts)[b];
        job.places[b].holdings[0] = {window, {offset, block.held_bytes, 0}};
        offset += block.held_bytes;
        if (!block.has_parameters()) continue;
        Action command;
        command.job = id;
        command.block = {b};
        read(command, 0);
        job.executors.bind({b}, address(job.places[b].holdings[0]));
    }
}

void CpuMachine::on_reserved(const Action& command, std::size_t holding, const Arena& arena,
                             const Place& place) {
    job_of(command).places[command.block.index].holdings[holding] = {windows_.at(&arena), place};
}

void CpuMachine::on_freed(const Action& command, std::size_t holding, const Arena& arena,
                          const Place& place) {
    static_cast<void>(command);
    static_cast<void>(holding);
    frames_.unuse(windows_.at(&arena), place.offset, place.size);
}

std::byte* CpuMachine::address(const Range& range) const {
    return frames_.base(range.window) + range.place.offset.count;
}

void CpuMachine::perform(const Action& command, std::uint32_t server) {
    switch (command.verb) {
        case Verb::read: return read(command, server);
        case Verb::copy: return copy(command);
        case Verb::assemble: return assemble(command);
        case Verb::execute: return execute(command);
        case Verb::release: return release(command);
        case Verb::wake_at: return;
    }
}

void CpuMachine::read(const Action& command, std::uint32_t server) {
    JobState& job = job_of(command);
    const BlockFacts& block = facts_of(command);
    const Range& landing = job.places[command.block.index].holdings[0];
    frames_.use(landing.window, landing.place.offset, landing.place.size);
    const Extent extent = job.pack->extent(block.layers);
    job.readers[server]->read(extent.offset, extent.size, address(landing));
    if (options_.verify) verify_block(job, block, address(landing));
}

void CpuMachine::verify_block(const JobState& job, const BlockFacts& block,
                              const std::byte* at) const {
    const Extent whole = job.pack->extent(block.layers);
    for (std::uint32_t l = block.layers.first; l < block.layers.last; ++l) {
        const PackedLayer& layer = job.pack->index().layers[l];
        const std::byte* const begin = at + (layer.offset - whole.offset).count;
        const std::uint32_t found = crc_of({begin, static_cast<std::size_t>(layer.size.count)});
        if (found != layer.crc)
            throw StorageError(
                text("{}: layer '{}', {} bytes at {}, has checksum {:08x}, the "
                     "index says {:08x}",
                     job.pack->parameters_path(), layer.name, layer.size.count, layer.offset.count,
                     found, layer.crc));
    }
}

// The naive path keeps further copies; they are real, too.
void CpuMachine::copy(const Action& command) {
    const auto& holdings = job_of(command).places[command.block.index].holdings;
    const Range& from = holdings[command.copy];
    const Range& to = holdings[command.copy + 1U];
    frames_.use(to.window, to.place.offset, to.place.size);
    std::memcpy(address(to), address(from), static_cast<std::size_t>(to.place.size.count));
}

void CpuMachine::assemble(const Action& command) {
    JobState& job = job_of(command);
    const auto& holdings = job.places[command.block.index].holdings;
    if (job.dummy > 0) {
        // The dummy model: tensors of the right sizes, initialised, and then replaced.
        const Range& dummy = holdings[job.dummy];
        frames_.use(dummy.window, dummy.place.offset, dummy.place.size);
        std::memset(address(dummy), 0, static_cast<std::size_t>(dummy.place.size.count));
    }
    job.executors.bind(command.block, address(holdings[job.copies]));
}

void CpuMachine::release(const Action& command) { job_of(command).executors.unbind(command.block); }

void CpuMachine::execute(const Action& command) {
    job_of(command).executors.execute(command.request, command.pass, command.block);
}

Evidence CpuMachine::evidence() const {
    Evidence evidence;
    process_->tell(evidence);
    evidence.committed_peak = frames_.committed_peak();
    evidence.conditions = conditions_;
    for (const JobState& job : jobs_) evidence.outputs.push_back(job.executors.outputs());
    return evidence;
}

}  // namespace swaplab
