// Which sets of finest blocks a planner tries to keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "policies/plan/kept_set.h"

namespace swaplab {

// The sets that a planner tries of `candidates` (finest blocks, in order): all of them where there
// are at most `kMostForEverySet`; else, of each size, a prefix, blocks that are evenly interleaved
// (the indices of OOM-free, RTCSA 2026) and those that save most time a byte. The empty set is one.
inline constexpr std::size_t kMostForEverySet = 16;

// The i-th of k <= n that are evenly interleaved among n: ⌊i(n−1)/k⌋, where they are not all.
constexpr std::size_t interleaved(std::size_t i, std::size_t k, std::size_t n) {
    return k == n ? i : i * (n - 1) / k;
}

struct KeepCandidate {
    std::size_t block = 0;  // finest
    Bytes bytes;
    Duration saved{};  // of its swap-in and release, in every pass that it stays
};
// Of a model of `blocks` finest blocks; each with those of `always` besides. Sets are made as they
// are asked for: of many candidates there are thousands.
class KeptSets {
  public:
    KeptSets(std::vector<KeepCandidate> candidates, std::size_t blocks, KeptSet always);

    bool exact() const { return candidates_.size() <= kMostForEverySet; }
    std::size_t size() const { return members_.size(); }
    KeptSet at(std::size_t number) const;
    // Without those that are always kept.
    Bytes bytes(std::size_t number) const;

  private:
    void add_every_set();
    void add_families();

    std::vector<KeepCandidate> candidates_;
    std::size_t blocks_;
    KeptSet always_;
    std::vector<std::vector<std::uint32_t>> members_;  // indices of candidates, largest set first
};

}  // namespace swaplab
