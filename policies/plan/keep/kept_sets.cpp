#include "policies/plan/keep/kept_sets.h"

#include <algorithm>
#include <numeric>

namespace swaplab {

namespace {

// Of models of many blocks the sizes of sets are at least one in so many apart.
constexpr std::size_t kMostSizes = 64;

}  // namespace

KeptSets::KeptSets(std::vector<KeepCandidate> candidates, std::size_t blocks, KeptSet always)
    : candidates_(std::move(candidates)), blocks_(blocks), always_(std::move(always)) {
    if (exact())
        add_every_set();
    else
        add_families();
    // With much to keep little is left to read: the first tried leave little to try.
    std::vector<std::pair<Bytes, std::size_t>> order;
    for (std::size_t i = 0; i < members_.size(); ++i) order.emplace_back(bytes(i), i);
    std::ranges::stable_sort(order, std::greater<>{}, [](const auto& entry) { return entry.first; });
    std::vector<std::vector<std::uint32_t>> sorted;
    for (const auto& [bytes, i] : order) sorted.push_back(std::move(members_[i]));
    members_ = std::move(sorted);
}

void KeptSets::add_every_set() {
    for (std::uint32_t mask = 0; mask < 1U << candidates_.size(); ++mask) {
        std::vector<std::uint32_t>& set = members_.emplace_back();
        for (std::uint32_t i = 0; i < candidates_.size(); ++i)
            if ((mask >> i & 1U) != 0) set.push_back(i);
    }
}

void KeptSets::add_families() {
    const std::size_t n = candidates_.size();
    std::vector<std::uint32_t> greedy(n);
    std::iota(greedy.begin(), greedy.end(), 0U);
    // By ns saved a byte, in 128 bits.
    __extension__ using Wide = __int128;
    std::ranges::stable_sort(greedy, [&](std::uint32_t a, std::uint32_t b) {
        const KeepCandidate& x = candidates_[a];
        const KeepCandidate& y = candidates_[b];
        return Wide{x.saved.count()} * y.bytes.count > Wide{y.saved.count()} * x.bytes.count;
    });
    const std::size_t step = std::max<std::size_t>(1, n / kMostSizes);
    members_.emplace_back();
    for (std::size_t k = 1; k <= n; k = k < n ? std::min(n, k + step) : n + 1) {
        std::vector<std::uint32_t>& prefix = members_.emplace_back(k);
        std::iota(prefix.begin(), prefix.end(), 0U);
        std::vector<std::uint32_t>& spread = members_.emplace_back();
        for (std::size_t i = 0; i < k; ++i)
            spread.push_back(static_cast<std::uint32_t>(interleaved(i, k, n)));
        members_.emplace_back(greedy.begin(), greedy.begin() + static_cast<std::ptrdiff_t>(k));
    }
}

KeptSet KeptSets::at(std::size_t number) const {
    KeptSet kept = always_;
    if (kept.empty() && !members_[number].empty()) kept.resize(blocks_);
    for (const std::uint32_t i : members_[number]) kept[candidates_[i].block] = true;
    return kept;
}

Bytes KeptSets::bytes(std::size_t number) const {
    Bytes sum;
    for (const std::uint32_t i : members_[number]) sum += candidates_[i].bytes;
    return sum;
}

}  // namespace swaplab
