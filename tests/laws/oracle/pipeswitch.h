// PipeSwitch: groups come in one after the other, nothing is freed before the request ends.
#pragma once

#include "tests/laws/oracle/table.h"

namespace swaplab::oracle {

// in_start(g) = in_end(g-1), execute_start(g) = max(in_end(g), execute_end(g-1)); every group is
// released at the end of the last execution; group g of the next request waits for its release.
inline Timeline pipeswitch(const Table& groups, int copies, std::size_t requests, Mode mode) {
    Timeline timeline;
    Clock clock(mode);
    const std::size_t n = groups.size();
    double in = 0, executed = 0;
    for (std::size_t r = 0; r < requests; ++r) {
        in = std::max(in, clock.arrival());
        executed = std::max(executed, clock.arrival());
        for (std::size_t g = 0; g < n; ++g) {
            const Item& group = groups[g];
            Row row;
            if (r > 0) in = std::max(in, timeline.rows[(r - 1) * n + g].release_end);
            row.read_start = in;
            row.read_end = in += group.read;
            row.copy_end = in += copies * group.copy;
            row.assemble_end = in += group.assemble;
            row.execute_start = std::max(in, executed);
            row.execute_end = executed = row.execute_start + group.execute;
            timeline.rows.push_back(row);
        }
        for (std::size_t g = 0; g < n; ++g) {
            Row& row = timeline.rows[r * n + g];
            row.release_end =
                groups[g].has_parameters() ? executed + groups[g].release : row.execute_end;
        }
        clock.end_of_request(timeline, n);
    }
    return timeline;
}

// By hand, {bytes, read, copy, assemble, execute, release}: A {1, 10, 2, 1, 20, 3}, B {0, 0, 0, 0,
// 5, 0}, C {1, 20, 2, 1, 6, 4}.
//   No copies, once: in 0-11, 11-32; executions 11-31, 31-36, 36-42: 42.
//   One copy, once: in 0-13, 13-36; executions 13-33, 33-38, 38-44: 44.
//   No copies, a stream of two: A is released at 45, C at 46: in 45-56, 56-77; executions 56-76,
//   76-81, 81-87: latencies 42 and 45.

}  // namespace swaplab::oracle
