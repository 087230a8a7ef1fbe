// SwapNet: events, closed form, and the best partition by trying all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "tests/laws/oracle/table.h"

namespace swaplab::oracle {

// The largest adjacent pair: what the plan's arena holds.
inline double largest_pair(const Table& blocks) {
    if (blocks.size() == 1) return blocks[0].bytes;
    double pair = 0;
    for (std::size_t i = 0; i + 1 < blocks.size(); ++i)
        pair = std::max(pair, blocks[i].bytes + blocks[i + 1].bytes);
    return pair;
}

// in_start(i) = max(in_end(i-1), out_end(i-2)), ex_start(i) = max(in_end(i), ex_end(i-1)),
// out_start(i) = ex_end(i). In a stream the indices go on over all requests; in_start(i) also waits
// for out_end(i) of the request before. The last block and the first of the next request are a pair
// too: where they do not fit into `arena_bytes` together, or (`overlap` false) not into the budget
// with their activations, the first block waits for the last to be gone.
inline Timeline swapnet_events(const Table& blocks, double arena_bytes, int copies,
                               std::size_t requests, Mode mode, bool overlap = true) {
    Timeline timeline;
    Clock clock(mode);
    const std::size_t n = blocks.size();
    for (std::size_t p = 0; p < requests * n; ++p) {
        const Item& block = blocks[p % n];
        const Row before = p > 0 ? timeline.rows[p - 1] : Row{};
        Row row;
        row.read_start = std::max(clock.arrival(), before.assemble_end);
        if (p >= 2) row.read_start = std::max(row.read_start, timeline.rows[p - 2].release_end);
        if (p >= n) row.read_start = std::max(row.read_start, timeline.rows[p - n].release_end);
        if (p >= n && p % n == 0 && !overlap)
            row.read_start = std::max(row.read_start, before.release_end);
        if (p >= 1 && block.has_parameters() &&
            blocks[(p - 1) % n].bytes + block.bytes > arena_bytes)
            row.read_start = std::max(row.read_start, before.release_end);
        row.read_end = row.read_start + block.read;
        row.copy_end = row.read_end + copies * block.copy;
        row.assemble_end = row.copy_end + block.assemble;
        row.execute_start = std::max({clock.arrival(), row.assemble_end, before.execute_end});
        row.execute_end = row.execute_start + block.execute;
        row.release_end = row.execute_end + block.release;
        timeline.rows.push_back(row);
        if (p % n == n - 1) clock.end_of_request(timeline, n);
    }
    return timeline;
}

// T = t_in_1 + sum_i max(t_ex_i, t_out_{i-1} + t_in_{i+1}) + t_out_n, t_out_0 = t_in_{n+1} = 0.
inline double swapnet_closed_form(const Table& blocks, int copies = 0) {
    const std::size_t n = blocks.size();
    const auto t_in = [&](std::size_t i) {
        return blocks[i].read + copies * blocks[i].copy + blocks[i].assemble;
    };
    double total = t_in(0);
    for (std::size_t i = 0; i < n; ++i) {
        const double out_before = i > 0 ? blocks[i - 1].release : 0.0;
        const double in_after = i + 1 < n ? t_in(i + 1) : 0.0;
        total += std::max(blocks[i].execute, out_before + in_after);
    }
    return total + blocks[n - 1].release;
}

// A candidate block [first, last) of units, and what its execution needs besides parameters.
struct Candidate {
    Item item;
    double activations = 0;  // A_i; 0 where the account does not count it
};
using CandidateOf = std::function<Candidate(std::size_t first, std::size_t last)>;

struct Partition {
    std::vector<std::size_t> cuts;  // where each block but the first begins
    double closed_form = 0;
    double peak = 0;  // the largest adjacent pair with its activations

    std::size_t blocks() const { return cuts.size() + 1; }
    // Fewest blocks, then smaller peak, then earliest cuts.
    bool better_than(const Partition& other) const {
        if (closed_form != other.closed_form) return closed_form < other.closed_form;
        if (blocks() != other.blocks()) return blocks() < other.blocks();
        if (peak != other.peak) return peak < other.peak;
        return cuts < other.cuts;
    }
};

// s_i + s_{i+1} + max(A_i, A_{i+1}), the largest; one block: s_1 + A_1.
inline double pair_peak(const std::vector<Candidate>& blocks) {
    if (blocks.size() == 1) return blocks[0].item.bytes + blocks[0].activations;
    double peak = 0;
    for (std::size_t i = 0; i + 1 < blocks.size(); ++i)
        peak = std::max(peak, blocks[i].item.bytes + blocks[i + 1].item.bytes +
                                  std::max(blocks[i].activations, blocks[i + 1].activations));
    return peak;
}

struct Search {
    std::optional<Partition> best;  // of those whose peak is at most `most`
    double least_peak = 0;          // over all partitions: what any budget must allow
};

// All 2^(units-1) partitions, or only those of `blocks` blocks (0: any number).
inline Search best_partition(std::size_t units, const CandidateOf& candidate, double most,
                             std::size_t blocks = 0) {
    std::vector<std::vector<Candidate>> ranges(units);
    for (std::size_t a = 0; a < units; ++a)
        for (std::size_t b = a + 1; b <= units; ++b) ranges[a].push_back(candidate(a, b));
    Search search;
    bool any = false;
    for (std::uint32_t mask = 0; mask < (1U << (units - 1)); ++mask) {
        Partition partition;
        std::vector<Candidate> chosen;
        Table table;
        std::size_t begin = 0;
        for (std::size_t cut = 1; cut <= units; ++cut) {
            if (cut < units && (mask >> (cut - 1) & 1U) == 0) continue;
            chosen.push_back(ranges[begin][cut - begin - 1]);
            table.push_back(chosen.back().item);
            if (cut < units) partition.cuts.push_back(cut);
            begin = cut;
        }
        if (blocks != 0 && chosen.size() != blocks) continue;
        partition.peak = pair_peak(chosen);
        if (!any || partition.peak < search.least_peak) search.least_peak = partition.peak;
        any = true;
        if (partition.peak > most) continue;
        partition.closed_form = swapnet_closed_form(table);
        if (!search.best || partition.better_than(*search.best)) search.best = partition;
    }
    return search;
}

// By hand.
// events and closed form (in, execute, out)
//   1. One block (10, 20, 3): events 30, closed form 10 + 20 + 3 = 33.
//   2. Two blocks (10, 20, 0), (15, 5, 0): in 0-10, 10-25; execute 10-30, 30-35: 35. Closed form
//      10 + max(20, 15) + max(5, 0) = 35.
//   3. Three blocks (10, 4, 2), (10, 4, 2), (10, 4, 2): in 0-10, 10-20; execute 10-14, out 14-16;
//      execute 20-24, out 24-26; in 20-30 (16 has passed), execute 30-34: 34.
//      Closed form 10 + max(4, 10) + max(4, 2 + 10) + max(4, 2) + 2 = 38: above by two t_out.
// best_partition, in = bytes, execute as given, no activations
//   1. Units of 4, 4 bytes, execute 4, 4; 8 allowed: one block 8 + 8 = 16; two 4 + max(4, 4) + 4 =
//      12: cut at 1.
//   2. The same with execute 0, 0: one block 8, two 4 + 4 = 8: a tie, fewest blocks: no cut.
//   3. Units 5, 1, 5 with execute 0: 10 allowed: {5}{1}{5} peaks at 6, {5,1}{5} and {5}{1,5} at 11;
//      so only the three blocks fit: 5 + 1 + 5 = 11, least peak 6.

}  // namespace swaplab::oracle
