// `direct` and `load-all`: the model is one block.
#pragma once

#include "tests/laws/oracle/table.h"

namespace swaplab::oracle {

// Everything is resident before the run: a request is one execution, whatever the mode.
inline Timeline direct(const Item& model, std::size_t requests) {
    Timeline timeline;
    for (std::size_t r = 0; r < requests; ++r) {
        Row row;
        row.execute_start = timeline.makespan;
        row.execute_end = row.release_end = timeline.makespan += model.execute;
        timeline.rows.push_back(row);
        timeline.latencies.push_back(model.execute);
    }
    return timeline;
}

// Reads everything, then executes; stays resident until the last queued request. Cold, each request
// is the last one queued when it arrives.
inline Timeline load_all(const Item& model, int copies, std::size_t requests, Mode mode) {
    Timeline timeline;
    const double swap_in = model.read + copies * model.copy + model.assemble;
    double now = 0;
    for (std::size_t r = 0; r < requests; ++r) {
        const double from = now;
        Row row;
        row.read_start = now;
        if (r == 0 || mode == Mode::cold) now += swap_in;
        row.assemble_end = row.execute_start = now;
        row.execute_end = now += model.execute;
        timeline.makespan = now;
        timeline.latencies.push_back(now - from);
        if (r + 1 == requests || mode == Mode::cold) now += model.release;
        row.release_end = now;
        timeline.rows.push_back(row);
    }
    return timeline;
}

// By hand, {read 10, copy 2, assemble 3, execute 20, release 4}, three requests:
//   direct: 20 each, makespan 60.
//   load-all, no copies, cold: 33 each; the executions end at 33, 37 + 33 = 70 and 74 + 33 = 107.
//   load-all, one copy, stream: 35, 20, 20; makespan 75.

}  // namespace swaplab::oracle
