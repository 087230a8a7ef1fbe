#include "hw/cuda/cuda_machine.h"

#include <algorithm>

#include "hw/run_limits.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr Bytes kActivationSpan{std::int64_t{1} << 30};

ComputeKind compute_of(const DeviceSetup& setup) { return setup.platform.nodes.front().compute; }

// Whether blocks are copied on their way in, and whether some execute where they were read.
Ways ways_of(const DeviceSetup& setup) {
    Ways ways;
    for (const JobPlan& job : setup.deployment.jobs) {
        const SwapPathRow& path = row_of(job.path, compute_of(setup));
        if (path.steps.empty()) continue;
        (path.executes_from > 0 ? ways.copied : ways.in_place) = true;
    }
    return ways;
}

Platform as_it_is(Platform platform, MemoryKind kind, const Gpu& gpu) {
    platform.memory_kind = kind;
    platform.nodes.front().memory.concurrent_managed_access = gpu.concurrent_managed_access;
    return platform;
}

ExecutorFactory executors_on(const CudaApi& api, const JobPacks& packs,
                             IdVector<JobId, UnitSums> sums, bool spin,
                             const KernelStreams& streams) {
    return [&api, packs, sums = std::move(sums), spin, &streams](
               JobId job, std::span<const Block> blocks, ActivationMemory&) {
        return std::make_unique<ChecksumExecutor>(api, *packs[job], sums[job], blocks, spin,
                                                  streams);
    };
}

}  // namespace

// What a command does, between its start and its end as the rule of managed memory sees them.
class CudaMachine::UnderTheRule {
  public:
    UnderTheRule(CudaMachine& machine, const Action& command)
        : machine_(machine), command_(command) {
        const std::lock_guard lock(machine_.rule_mutex_);
        machine_.rule_.on_start(command_);
    }
    ~UnderTheRule() {
        const std::lock_guard lock(machine_.rule_mutex_);
        machine_.rule_.on_end(command_);
    }
    UnderTheRule(const UnderTheRule&) = delete;
    UnderTheRule& operator=(const UnderTheRule&) = delete;

  private:
    CudaMachine& machine_;
    const Action& command_;
};

CudaMachine::CudaMachine(const DeviceSetup& setup, const CudaApi& api, const Gpu& gpu,
                         const JobPacks& packs, IdVector<JobId, UnitSums> sums,
                         const CudaOptions& options)
    : setup_(setup),
      api_(api),
      gpu_(description_of(gpu)),
      kind_(choose_kind(gpu, setup.platform.memory_kind, ways_of(setup))),
      platform_(as_it_is(setup.platform, kind_.kind, gpu)),
      rule_setup_{platform_, setup.costs, setup.facts, setup.deployment},
      rule_(rule_setup_),
      pool_(api, most_memory(setup)),
      memory_(api, kind_.kind),
      frames_(std::nullopt),
      activations_(frames_, kActivationSpan),
      mover_(api),
      work_(setup, checked_packs(setup, packs), read_options(setup, options.host),
            options.host.verify, executors_on(api, packs, std::move(sums), options.spin, *this),
            *this, mover_, activations_) {
    for (const auto& blocks : setup.facts) held_.emplace_back(blocks.size());
    conditions_["storage"] = work_.how_it_reads();
    conditions_["gpu"] = gpu_;
    conditions_["memory"] = kind_.why;
    conditions_["execution"] = options.spin ? "checksums and FLOPs, by kernels of our own"
                                            : "checksums, by kernels of "
                                              "our own";
}

// --- Where blocks lie ----------------------------------------------------------------------------

const SwapPathRow& CudaMachine::path_of(JobId job) const {
    return row_of(setup_.deployment.jobs[job].path, compute_of(setup_));
}

Space CudaMachine::space_of(JobId job, std::size_t holding) const {
    const std::size_t executes_from = path_of(job).executes_from;
    if (holding < executes_from) return Space::pinned;
    return holding == 0 ? memory_.row().lands_in : memory_.row().executes_in;
}

// Where all that executing arenas hold lies in one space, each is one allocation. Variants of a job
// are one memory, and what is attached is whole allocations: they take a buffer for each block.
std::optional<Space> CudaMachine::space_of_slabs() const {
    std::optional<Space> space;
    if (memory_.row().alone) return std::nullopt;
    for (const JobId job : setup_.deployment.jobs.ids()) {
        const JobPlan& plan = setup_.deployment.jobs[job];
        if (plan.variants.size() > 1) return std::nullopt;
        const SwapPathRow& path = path_of(job);
        for (std::size_t h = 0; h < path.holdings.size(); ++h) {
            if (path.holdings[h].in_staging && plan.at_start().staging) continue;
            if (space.value_or(space_of(job, h)) != space_of(job, h)) return std::nullopt;
            space = space_of(job, h);
        }
    }
    return space;
}

std::unique_ptr<Arena> CudaMachine::arena_for(const ArenaPlan& plan, ArenaUse use) {
    std::unique_ptr<Arena> arena = make_arena(plan);
    if (plan.kind != ArenaKind::counter && plan.capacity.count > 0)
        slabs_[arena.get()] = {plan, use, nullptr};
    return arena;
}

Spot CudaMachine::take(Space space, Bytes size) {
    Buffer& buffer = pool_.take(space, size, memory_.row().alone && space == Space::managed);
    memory_.prepare(buffer);
    return {&buffer, {}, size};
}

void CudaMachine::on_reserved(const Action& command, std::size_t holding, const Arena& arena,
                              const Place& place) {
    held(command, holding) = {&arena, place, {}, false, false};
}

void CudaMachine::on_freed(const Action& command, std::size_t holding, const Arena&, const Place&) {
    Held& one = held(command, holding);
    if (one.pooled) pool_.give(*one.spot.buffer);
    one = {};
}

Spot CudaMachine::spot_for(const Action& command, std::size_t holding) {
    Held& one = held(command, holding);
    const auto slab = slabs_.find(one.arena);
    if (slab != slabs_.end() && slab->second.buffer != nullptr)
        return {slab->second.buffer, one.place.offset, one.place.size};
    one.pooled = true;
    return take(space_of(command.job, holding), one.place.size);
}

void CudaMachine::bring(const Action& command, std::size_t holding) {
    Held& one = held(command, holding);
    if (holding > 0) finish_write(held(command, holding - 1));
    if (one.spot.buffer == nullptr) one.spot = spot_for(command, holding);
    if (holding > 0) return memory_.begin_copy(one.spot);
    memory_.begin_write(one.spot);
    one.written = true;
}

void CudaMachine::finish_write(Held& held) {
    if (!held.written) return;
    memory_.end_write(held.spot);
    held.written = false;
}

// CUDA copies between addresses of either side, and fills at those of the device.
std::byte* CudaMachine::to_write(const Action& command, std::size_t holding) const {
    const Spot& spot = held_[command.job][command.block][holding].spot;
    return path_of(command.job).dummy == holding ? spot.device() : spot.at();
}

std::byte* CudaMachine::to_execute(const Action& command, std::size_t holding) const {
    const Spot& spot = held_[command.job][command.block][holding].spot;
    const std::lock_guard lock(streams_mutex_);
    streams_[spot.device()] = memory_.stream_of(spot);
    return spot.device();
}

StreamView CudaMachine::stream_for(const std::byte* at) const {
    const std::lock_guard lock(streams_mutex_);
    const auto found = streams_.find(at);
    return found == streams_.end() ? memory_.stream_of({}) : found->second;
}

// --- What is there before the run ----------------------------------------------------------------

void CudaMachine::ready() {
    process_.emplace();
    const std::optional<Space> executing = space_of_slabs();
    for (auto& [arena, slab] : slabs_) {
        const bool staging = slab.use == ArenaUse::staging;
        if (!staging && !executing) continue;
        const Space space = staging ? Space::pinned : *executing;
        slab.buffer = take(space, align_up(slab.plan.capacity, kPage)).buffer;
    }
    work_.load_resident();
    for (const JobId job : setup_.deployment.jobs.ids())
        if (setup_.deployment.jobs[job].path == SwapPath::resident) hand_over_resident(job);
    landing_.reset();
    process_->begin_reading();
}

// What is copied on lands in one buffer, block after block, which goes before the run begins.
Spot CudaMachine::landing_of_residents() {
    if (!landing_) {
        Bytes largest;
        for (const auto& job : setup_.facts)
            for (const BlockFacts& block : job) largest = std::max(largest, block.held_bytes);
        landing_.emplace(api_, Space::pinned, largest, false);
    }
    return {&*landing_, {}, landing_->size()};
}

Places::Resident CudaMachine::hold_resident(JobId job, BlockId block) {
    const CudaKindRow& row = memory_.row();
    const Bytes size = setup_.facts[job][block].held_bytes;
    auto& holdings = held_[job][block];
    if (row.executes_in == row.lands_in) {
        holdings[0].spot = take(row.lands_in, size);
        return {};
    }
    holdings[0].spot = landing_of_residents();
    holdings[0].spot.size = size;
    holdings[1].spot = take(row.executes_in, size);
    return {.copies = 2, .executes_from = 1};
}

void CudaMachine::hand_over_resident(JobId job) {
    for (auto& holdings : held_[job]) {
        if (holdings[0].spot.buffer == nullptr) continue;
        finish_write(holdings[0]);
        memory_.to_device(holdings[holdings[1].spot.buffer != nullptr ? 1 : 0].spot);
    }
}

// --- Commands ------------------------------------------------------------------------------------

const Spot& CudaMachine::executing(const Action& command) const {
    return held_[command.job][command.block][path_of(command.job).executes_from].spot;
}

void CudaMachine::perform(const Action& command, std::uint32_t server) {
    const UnderTheRule rule(*this, command);
    work_.perform(command, server);
    switch (row_of(command.verb).stage) {
        case Stage::swap_in:
            finish_write(held(command, 0));
            if (!brings(command.verb)) memory_.to_device(executing(command));
            return;
        case Stage::swap_out: return memory_.to_host(executing(command));
        case Stage::use:
        case Stage::none: return;
    }
}

void CudaMachine::set_budget(Bytes most) {
    if (setup_.account == Account::all)
        pool_.set_limit(most - setup_.platform.nodes.front().memory.reserved);
}

Evidence CudaMachine::evidence() const {
    Evidence evidence;
    process_->tell(evidence);
    evidence.committed_peak = pool_.peak();
    evidence.conditions = conditions_;
    evidence.outputs = work_.outputs();
    return evidence;
}

}  // namespace swaplab
