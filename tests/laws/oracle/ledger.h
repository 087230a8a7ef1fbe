// The bytes of a run, replayed from its spans alone (SEMANTICS: Swap paths; SEMANTICS: Memory).
//
// Reserved when the first bringing command starts, freed when the last holder ends. At one instant
// what ends comes before what starts; so this is exact where no activity takes 0 ns.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace swaplab::oracle {

enum class Path : std::uint8_t { zero_copy, staged, standard_gpu, standard_cpu };

// When the commands of one block of one request happened. What never happened is absent.
struct BlockSpans {
    using Interval = std::optional<std::pair<std::int64_t, std::int64_t>>;
    std::int64_t bytes = 0;       // one copy, rounded up to the alignment
    std::int64_t charge = 0;      // activations while it executes
    std::int64_t live_after = 0;  // activations from its end to the next execution's start
    Interval read, copy0, copy1, assemble, execute, release;
};

struct Peaks {
    std::int64_t weights = 0;  // account `parameters`
    std::int64_t all = 0;      // with activations, without what the node reserves
};

// `jobs[j]`: the blocks of job j in the order in which they executed.
inline Peaks replay_bytes(const std::vector<std::vector<BlockSpans>>& jobs,
                          const std::vector<Path>& paths) {
    struct Change {
        std::int64_t weights = 0, activations = 0;
    };
    std::map<std::pair<std::int64_t, int>, Change>
        changes;  // (instant, 0 what ends | 1 what starts)
    const auto hold = [&](std::int64_t bytes, const BlockSpans::Interval& from,
                          const BlockSpans::Interval& until) {
        if (!from) return;
        changes[{from->first, 1}].weights += bytes;
        if (until) changes[{until->second, 0}].weights -= bytes;
    };
    for (std::size_t j = 0; j < jobs.size(); ++j) {
        std::int64_t alive = 0;
        for (const BlockSpans& b : jobs[j]) {
            switch (paths[j]) {
                case Path::zero_copy: hold(b.bytes, b.read, b.release); break;
                case Path::staged:
                    hold(b.bytes, b.read, b.copy0);
                    hold(b.bytes, b.copy0, b.release);
                    break;
                case Path::standard_gpu:  // page cache, host tensor, device, dummy model
                    hold(b.bytes, b.read, b.copy0);
                    hold(b.bytes, b.read, b.assemble);
                    hold(b.bytes, b.read, b.release);
                    hold(b.bytes, b.read, b.assemble);
                    break;
                case Path::standard_cpu:  // page cache, tensor, dummy model
                    hold(b.bytes, b.read, b.copy0);
                    hold(b.bytes, b.read, b.release);
                    hold(b.bytes, b.read, b.assemble);
                    break;
            }
            if (!b.execute) continue;
            changes[{b.execute->first, 1}].activations += b.charge - alive;
            changes[{b.execute->second, 0}].activations += b.live_after - b.charge;
            alive = b.live_after;
        }
    }
    Peaks peaks;
    std::int64_t weights = 0, activations = 0;
    for (const auto& [when, change] : changes) {
        weights += change.weights;
        activations += change.activations;
        peaks.weights = std::max(peaks.weights, weights);
        peaks.all = std::max(peaks.all, weights + activations);
    }
    return peaks;
}

// By hand, one block of 10 bytes, activations 4 while it executes.
//   1. zero-copy: read 0-5, assemble 5-6, execute 6-9, release 9-10: weights 10, all 14.
//   2. staged: read 0-5, copy 5-7, assemble 7-8, execute 8-9, release 9-10: 20 while the copy
//   lasts,
//      then 10 + 4: weights 20, all 20.
//   3. standard on a gpu: read 0-5, copies 5-7, 7-9, assemble 9-12, execute 12-20, release 20-21:
//   40
//      from 0, 30 from 7, 10 from 12 on, + 4: weights 40, all 40; on a cpu 30 and 30.

}  // namespace swaplab::oracle
