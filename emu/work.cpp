#include "emu/work.h"

#include <algorithm>
#include <cstring>

#include "hw/host/frames.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// How the host reads is its own affair: the profile says what it has to keep up with. Parallel
// reads progress side by side on the device, but wait for each other's requests in the host's
// queue: many small ones in all, so that a short read does not wait for a long one.
ReadOptions read_options(const DeviceSetup& setup, const EmuOptions& options) {
    constexpr Bytes shared_request{256 << 10};
    constexpr std::uint32_t in_flight = 16;  // of all reads
    ReadOptions read;
    const std::uint32_t parallel = std::max(setup.deployment.parallel_reads, 1U);
    if (parallel > 1) {
        read.request_bytes = shared_request;
        read.depth = std::max(in_flight / parallel, 1U);
    }
    if (options.request_bytes) read.request_bytes = align_up(*options.request_bytes, kPage);
    if (options.depth) read.depth = *options.depth;
    read.direct = !options.page_cache;
    read.keep_cached = options.page_cache;
    return read;
}

void require_same_layers(const Pack& pack, const Model& model) {
    const std::size_t packed = pack.index().layers.size();
    if (packed != model.layers().size())
        throw InputError(text("{}: the pack has {} layers, model '{}' has {}", pack.folder(),
                              packed, model.name(), model.layers().size()));
}

}  // namespace

std::vector<std::vector<Bytes>> Work::extents_of(
    const DeviceSetup& setup, const std::vector<std::shared_ptr<const Pack>>& packs) {
    SWAPLAB_CHECK(packs.size() == setup.facts.size(), "{} packs for {} jobs", packs.size(),
                  setup.facts.size());
    std::vector<std::vector<Bytes>> extents;
    for (std::size_t job = 0; job < packs.size(); ++job) {
        if (!packs[job]) throw InputError("the emulator reads a pack for each model");
        require_same_layers(*packs[job], setup.costs[job].model());
        std::vector<Bytes>& sizes = extents.emplace_back();
        for (const BlockFacts& block : setup.facts[job])
            sizes.push_back(packs[job]->extent(block.layers).size);
    }
    return extents;
}

Work::Work(const DeviceSetup& setup, RunMemory& memory,
           std::vector<std::shared_ptr<const Pack>> packs, const EmuOptions& options,
           const ExecutorFactory& executors)
    : setup_(setup), memory_(memory), options_(options), jobs_(packs.size()) {
    const ReadOptions read = read_options(setup, options);
    for (std::uint32_t j = 0; j < jobs_.size(); ++j) {
        JobState& job = jobs_[j];
        job.pack = std::move(packs[j]);
        const SwapPathRow& path =
            row_of(setup.deployment.jobs[j].path, setup.platform.nodes.front().compute);
        job.copies = path.executes_from;
        if (path.dummy) job.dummy = *path.dummy;
        for (std::uint32_t s = 0; s < std::max(setup.deployment.parallel_reads, 1U); ++s)
            job.readers.push_back(open_reader(job.pack->parameters_path(), read));
        if (executors)
            job.executors = JobExecutors({j}, setup.deployment.jobs[j], setup.facts[j], executors,
                                         memory.activations());
    }
}

// `direct`: everything in its place before the run, in as many copies as a framework keeps.
void Work::load_resident() {
    for (std::uint32_t j = 0; j < jobs_.size(); ++j) {
        const JobPlan& plan = setup_.deployment.jobs[j];
        if (plan.path != SwapPath::resident) continue;
        for (std::uint32_t b = 0; b < setup_.facts[j].size(); ++b) {
            if (!setup_.facts[j][b].has_parameters()) continue;
            Action command;
            command.job = {j};
            command.block = {b};
            memory_.reserve_resident(command.job, command.block);
            memory_.bring(command);
            read(command, 0);
            for (command.copy = 0; command.copy + 1U < plan.resident_copies; ++command.copy)
                copy(command);
            if (!jobs_[j].executors.empty())
                jobs_[j].executors.bind(command.block, memory_.device(command, 0));
        }
    }
}

bool Work::is_real(const Action& command) const {
    const JobState& job = jobs_[command.job.index];
    switch (command.verb) {
        case Verb::read:
        case Verb::copy: return true;
        case Verb::assemble: return options_.verify || job.dummy > 0 || !job.executors.empty();
        case Verb::execute:
        case Verb::release: return !job.executors.empty();
        case Verb::wake_at: return false;
    }
    return false;
}

void Work::perform(const Action& command, std::uint32_t server) {
    switch (command.verb) {
        case Verb::read: memory_.bring(command); return read(command, server);
        case Verb::copy: memory_.bring(command); return copy(command);
        case Verb::assemble: return assemble(command);
        case Verb::execute:
            return jobs_[command.job.index].executors.execute(command.request, command.pass,
                                                              command.block);
        case Verb::release: return jobs_[command.job.index].executors.unbind(command.block);
        case Verb::wake_at: return;
    }
}

void Work::read(const Action& command, std::uint32_t server) {
    const JobState& job = jobs_[command.job.index];
    const Extent extent = job.pack->extent(layers_of(command));
    job.readers[server]->read(extent.offset, extent.size, memory_.host(command, 0));
}

void Work::copy(const Action& command) {
    std::memcpy(memory_.host(command, command.copy + 1U), memory_.host(command, command.copy),
                static_cast<std::size_t>(memory_.extent(command).count));
}

void Work::assemble(const Action& command) {
    JobState& job = jobs_[command.job.index];
    const auto size = static_cast<std::size_t>(memory_.extent(command).count);
    // The dummy model: tensors of the right sizes, initialised, and then replaced.
    if (job.dummy > 0) std::memset(memory_.host(command, job.dummy), 0, size);
    if (options_.verify)
        verify(*job.pack, layers_of(command), {memory_.device(command, job.copies), size});
    if (!job.executors.empty())
        job.executors.bind(command.block, memory_.device(command, job.copies));
}

std::vector<std::vector<std::string>> Work::outputs() const {
    std::vector<std::vector<std::string>> all;
    for (const JobState& job : jobs_)
        if (!job.executors.empty()) all.push_back(job.executors.outputs());
    return all;
}

std::map<std::string, std::string> Work::conditions() const {
    const ReaderInfo& info = jobs_.front().readers.front()->info();
    return {{"storage", info.description},
            {"execution", jobs_.front().executors.empty() ? "the profile's time"
                                                          : "real, within the profile's time"}};
}

}  // namespace swaplab
