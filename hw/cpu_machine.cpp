#include "hw/cpu_machine.h"

#include <algorithm>

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
        for (const Variant& variant : job.variants) most = std::max(most, variant.arena_bytes());
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

// Every block must be one range of whole pages, as large as its place.
void check_sizes(const DeviceSetup& setup, const Pack& pack,
                 const IdVector<BlockId, BlockFacts>& blocks,
                 const IdVector<BlockId, Bytes>& sizes) {
    for (const BlockId b : blocks.ids()) {
        const BlockFacts& block = blocks[b];
        const bool whole = sizes[b].count % kPage.count == 0;
        if (block.stored_bytes != sizes[b] || block.held_bytes != sizes[b] || !whole)
            throw InputError(text(
                "{}: layers {} to {} take {} bytes in the pack, {} on storage by the model and {} "
                "in memory; expected all three equal and whole pages of {} bytes (is "
                "memory.alignment_bytes of the device {}?)",
                pack.folder(), block.units.first, block.units.last, sizes[b].count,
                block.stored_bytes.count, block.held_bytes.count, kPage.count,
                setup.platform.nodes.front().memory.alignment.count));
    }
}

JobPacks checked(const DeviceSetup& setup, JobPacks packs) {
    const BlockSizes sizes = BlockWork::sizes_of(setup, packs);
    for (const JobId j : packs.ids()) check_sizes(setup, *packs[j], setup.facts[j], sizes[j]);
    return packs;
}

}  // namespace

CpuMachine::CpuMachine(const DeviceSetup& setup, JobPacks packs, const CpuOptions& options,
                       const ExecutorFactory& executors)
    : setup_(setup),
      frames_(most_frames(setup)),
      activations_(frames_, kAddressesPerByte * (most_activations(setup.facts) + Bytes{1 << 20})),
      work_(setup, checked(setup, std::move(packs)), read_options(setup, options), options.verify,
            executors, *this, mover_, activations_) {
    for (const auto& blocks : setup.facts) ranges_.emplace_back(blocks.size());
    conditions_["storage"] = work_.how_it_reads();
}

std::unique_ptr<Arena> CpuMachine::arena_for(const ArenaPlan& plan, ArenaUse) {
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
    work_.load_resident();
    process_->begin_reading();
}

// Under the account of parameters, arenas alone are bounded; the deployment's plans see to that.
void CpuMachine::set_budget(Bytes most) {
    if (setup_.account == Account::all)
        frames_.set_limit(most - setup_.platform.nodes.front().memory.reserved);
}

// Everything of the job in one window, block after block: huge pages need whole 2 MiB.
Places::Resident CpuMachine::hold_resident(JobId job, BlockId block) {
    ResidentWindow& held = resident_[job];
    const IdVector<BlockId, BlockFacts>& blocks = setup_.facts[job];
    if (!held.window) {
        Bytes all;
        for (const BlockFacts& facts : blocks) all += facts.held_bytes;
        held.window = frames_.add_window(all);
    }
    const Bytes size = blocks[block].held_bytes;
    ranges_[job][block][0] = {*held.window, {held.used, size, 0}};
    held.used += size;
    return {};
}

void CpuMachine::on_reserved(const Action& command, std::size_t holding, const Arena& arena,
                             const Place& place) {
    range_of(command, holding) = {windows_.at(&arena), place};
}

void CpuMachine::on_freed(const Action&, std::size_t, const Arena& arena, const Place& place) {
    frames_.unuse(windows_.at(&arena), place.offset, place.size);
}

void CpuMachine::bring(const Action& command, std::size_t holding) {
    const Range& range = range_of(command, holding);
    frames_.use(range.window, range.place.offset, range.place.size);
}

std::byte* CpuMachine::to_write(const Action& command, std::size_t holding) const {
    const Range& range = ranges_[command.job][command.block][holding];
    return frames_.base(range.window) + range.place.offset.count;
}

Evidence CpuMachine::evidence() const {
    Evidence evidence;
    process_->tell(evidence);
    evidence.committed_peak = frames_.committed_peak();
    evidence.conditions = conditions_;
    evidence.outputs = work_.outputs();
    return evidence;
}

}  // namespace swaplab
