#include "tests/hw/cuda_skeleton/cuda_machine.h"

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab::testing {

CudaMachine::CudaMachine(const DeviceSetup& setup, FakeCuda& cuda, JobPacks packs,
                         const ExecutorFactory& executors)
    : setup_(setup),
      cuda_(cuda),
      frames_(std::nullopt),
      activations_(frames_, Bytes{1 << 24}),
      mover_(cuda),
      work_(setup, std::move(packs), {}, false, executors, *this, mover_, activations_) {
    for (const auto& blocks : setup.facts) places_.emplace_back(blocks.size());
}

// Rings and slots have addresses; a counter gets some from a first fit.
std::unique_ptr<Arena> CudaMachine::arena_for(const ArenaPlan& plan, ArenaUse) {
    const bool counted = plan.kind == ArenaKind::counter;
    const Bytes span = counted ? 16 * plan.capacity : plan.capacity;
    std::unique_ptr<Arena> arena =
        counted ? make_first_fit_arena(plan.capacity, span) : make_arena(plan);
    spans_[arena.get()] = static_cast<std::size_t>(span.count);
    return arena;
}

// A plan without an arena of its own for what is staged has both kinds in one.
std::byte* CudaMachine::base_of(const Arena& arena, FakeCuda::Space space) {
    std::byte*& base = bases_[{&arena, space}];
    if (base == nullptr) base = cuda_.allocate(space, spans_.at(&arena));
    return base;
}

void CudaMachine::on_reserved(const Action& command, std::size_t holding, const Arena& arena,
                              const Place& place) {
    const JobPlan& plan = setup_.deployment.jobs[command.job];
    const Holding& held = holdings_of(plan.path, setup_.platform.node(plan.node).compute)[holding];
    const auto space = held.in_staging ? FakeCuda::Space::pinned : FakeCuda::Space::device;
    places_[command.job][command.block][holding] = base_of(arena, space) + place.offset.count;
}

// Through pinned memory into the device's.
Places::Resident CudaMachine::hold_resident(JobId job, BlockId block) {
    const auto bytes = static_cast<std::size_t>(setup_.facts[job][block].held_bytes.count);
    auto& places = places_[job][block];
    places[0] = cuda_.allocate(FakeCuda::Space::pinned, bytes);
    places[1] = cuda_.allocate(FakeCuda::Space::device, bytes);
    return {.copies = 2, .executes_from = 1};
}

std::byte* CudaMachine::to_execute(const Action& command, std::size_t holding) const {
    std::byte* const at = to_write(command, holding);
    SWAPLAB_CHECK(cuda_.in(FakeCuda::Space::device, at),
                  "holding {} of block {} executes from memory of the host", holding,
                  command.block.index);
    return at;
}

Evidence CudaMachine::evidence() const {
    Evidence evidence;
    evidence.outputs = work_.outputs();
    evidence.conditions["storage"] = work_.how_it_reads();
    return evidence;
}

}  // namespace swaplab::testing
