// `on-demand`, `standard-swap` and Demand Layering's `sequential`: one command at a time.
#pragma once

#include "tests/laws/oracle/table.h"

namespace swaplab::oracle {

// `copies`: how many copies the swap path takes (on-demand 0, sequential 1, standard 2 on a gpu and
// 1 on a cpu). Sequential's published delay is the sum of R + C + K.
inline Timeline one_at_a_time(const Table& table, int copies, std::size_t requests, Mode mode) {
    Timeline timeline;
    Clock clock(mode);
    double now = 0;
    for (std::size_t r = 0; r < requests; ++r) {
        now = std::max(now, clock.arrival());
        for (const Item& item : table) {
            Row row;
            row.read_start = now;
            row.read_end = now += item.read;
            row.copy_end = now += copies * item.copy;
            row.assemble_end = now += item.assemble;
            row.execute_start = now;
            row.execute_end = now += item.execute;
            row.release_end = now += item.release;
            timeline.rows.push_back(row);
        }
        clock.end_of_request(timeline, table.size());
    }
    return timeline;
}

// By hand (read, copy, assemble, execute, release):
//   A = {5, 2, 1, 7, 3}, no copies: 5 + 1 + 7 = 13; released at 16. Twice cold: 13 and 13, the
//   second
//     execution ends at 16 + 13 = 29. Twice as a stream: 13, then 29 - 13 = 16.
//   A then B = {0, 0, 0, 4, 0} (no parameters), one copy: 5 + 2 + 1 + 7 + 3 + 4 = 22.
//   A, B, A with two copies: 5 + 4 + 1 + 7 + 3 = 20, + 4 = 24, + 5 + 4 + 1 + 7 = 41.

}  // namespace swaplab::oracle
