// The schedules that `profile` plays. Each measures some lines; none is a policy.
#pragma once

#include <functional>
#include <optional>

#include "experiments/measure/bench.h"

namespace swaplab {

// What is known so far of how long things take, to let one thing cover another.
struct Estimates {
    std::function<double(UnitRange)> read_ns;
    std::function<double(UnitRange)> execute_ns;
};

// What schedules are made from. `memory`: what all arenas of a run may take.
struct ScheduleSetup {
    const Model& model;
    Bytes memory;
    Bytes alignment{1};
};

// Blocks of `cut` one after the other, everything alone: read, assemble, execute, release. And
// all reads, back to back as far as memory allows, `parallel` at a time; `turn` is the block that
// comes first.
BenchRun one_by_one(const ScheduleSetup& setup, const std::vector<Block>& cut);
BenchRun back_to_back(const ScheduleSetup& setup, const std::vector<Block>& cut,
                      std::uint32_t parallel, std::int64_t turn);

// Reads after rests of each of these lengths, of a few of the units.
BenchRun after_rests(const ScheduleSetup& setup, const std::vector<Duration>& rests);

// The swap-in by another path, block by block.
BenchRun by_path(const ScheduleSetup& setup, const std::vector<Block>& cut, SwapPath path,
                 ComputeKind compute);

// All in memory, executed again and again.
BenchRun warm(const ScheduleSetup& setup, std::int64_t repetitions);

// Executions of units while large blocks are read, and reads of units while large blocks execute.
// The job of the units comes first and executes in order; `turn` changes what falls together.
// Empty scripts where memory does not hold both.
BenchRun execute_beside_read(const ScheduleSetup& setup, const Estimates& known, std::int64_t turn);
BenchRun read_beside_execute(const ScheduleSetup& setup, const Estimates& known, std::int64_t turn);

}  // namespace swaplab
