#include "hw/cpu_machine.h"

#include "hw/run_limits.h"

namespace swaplab {

namespace {

// What executes may take more addresses than memory: it is placed first fit.
constexpr std::int64_t kAddressesPerByte = 16;

}  // namespace

CpuMachine::CpuMachine(const DeviceSetup& setup, JobPacks packs, const CpuOptions& options,
                       const ExecutorFactory& executors)
    : setup_(setup),
      frames_(most_memory(setup)),
      activations_(frames_, kAddressesPerByte * (most_activations(setup.facts) + Bytes{1 << 20})),
      work_(setup, checked_packs(setup, std::move(packs)), read_options(setup, options),
            options.verify, executors, *this, mover_, activations_) {
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
