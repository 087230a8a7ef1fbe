// From what the product is given (models, platforms) to what the oracles take, and back from spans
// to timelines. Durations come from the cost model of `profiles`; nothing here asks `policies` for
// one.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "policies/metrics/result.h"
#include "profiles/cost/cost.h"
#include "tests/laws/oracle/liveness.h"
#include "tests/laws/oracle/table.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {

// One block: bytes (as stored, if those are more) rounded up to the alignment, each duration
// `llround`ed once. `instantiate` is a part of the assembly on the standard path.
oracle::Item item_of(const CostModel& cost, UnitRange layers, bool standard_path = false);
oracle::Table table_of(const CostModel& cost, std::span<const UnitRange> blocks,
                       bool standard_path = false);
// One item per unit of the model.
oracle::Table unit_table(const CostModel& cost);
// The blocks that a result says it ran.
std::vector<UnitRange> blocks_of(const RunResult& result, std::size_t job = 0);

oracle::Tensors tensors_of(const Model& model);

inline oracle::Mode mode_of(ArrivalMode mode) {
    return mode == ArrivalMode::cold ? oracle::Mode::cold : oracle::Mode::stream;
}

// Every span of job 0 is where the timeline says, every item has the commands that it should have
// (one read, `copies` copies, ... or only `execute`), and the summary of the result follows.
void expect_timeline(const oracle::Timeline& expected, const oracle::Table& table, int copies,
                     const testing::Simulation& actual);
// Only the summary: percentiles by nearest rank, the mean rounded, the makespan.
void expect_latencies(const std::vector<double>& expected, double makespan,
                      const RunResult& result);

}  // namespace swaplab::laws
