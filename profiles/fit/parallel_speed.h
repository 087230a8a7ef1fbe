// What k reads in flight gain together, from how long each took.
#pragma once

#include <cstdint>
#include <vector>

namespace swaplab {

// Reads of which k were in flight all along.
struct ParallelReads {
    std::int64_t k = 2;
    double rows = 0;           // how many
    double alone_ns = 0;       // what they would have taken by themselves, in total
    double took_ns = 0;        // from their starts to their ends, in total
    double first_byte_ns = 0;  // of each, which it shares with nobody
};

// Their total speed, as `read.concurrency` has it (SEMANTICS: Sharing and contention), where that
// of fewer is known: `speeds`, at least that of one, from which it goes on evenly to k. Ours: each
// read is behind its first byte for a share x of its time, and finds m of the k - 1 others there,
// too, with the probability of m among k - 1 independent ones; then
//   work / time behind first bytes = sum over m of P(m) * speed(m + 1) / (m + 1).
// Without a first byte that is time alone / time taken * k, and so it is where nothing is shared.
double speed_of_parallel(const std::vector<double>& speeds, const ParallelReads& reads);

}  // namespace swaplab
