// Caches of layers against a cache of their own: what is read, and that the farthest next use is
// never worse than the least recent.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::ModelShape;
using testing::Options;
using testing::PlatformShape;
using testing::Rng;
using testing::simulate;

constexpr int kCases = SWAPLAB_SANITIZED ? 300 : 5000;

// What a cache of `capacity` reads of a walk that goes over all sizes `walks` times: a block that is
// not there is read, others leaving until it fits; `farthest` is the one whose next use is farthest,
// else the least recently used one leaves.
std::int64_t bytes_read(const std::vector<std::int64_t>& sizes, std::int64_t capacity, int walks,
                        bool farthest) {
    std::map<std::size_t, int> used;  // block, and when
    std::int64_t free = capacity, read = 0;
    int now = 0;
    for (int walk = 0; walk < walks; ++walk)
        for (std::size_t block = 0; block < sizes.size(); ++block, ++now) {
            if (sizes[block] == 0) continue;
            if (used.contains(block)) {
                used[block] = now;
                continue;
            }
            while (free < sizes[block]) {
                const auto next_use = [&](std::size_t other) {
                    return other > block ? other - block : other + sizes.size() - block;
                };
                auto victim = used.begin();
                for (auto it = used.begin(); it != used.end(); ++it)
                    if (farthest ? next_use(it->first) > next_use(victim->first)
                                 : it->second < victim->second)
                        victim = it;
                free += sizes[victim->first];
                used.erase(victim);
            }
            free -= sizes[block];
            read += sizes[block];
            used[block] = now;
        }
    return read;
}

struct Case {
    explicit Case(std::uint64_t seed) {
        Rng rng(seed);
        ModelShape shape;
        shape.most_layers = 10;
        shape.activations = false;
        if (rng.chance(50)) shape.percent_huge = 0;
        model = testing::random_model(seed, shape);
        platform = testing::random_platform(seed, PlatformShape{});
        options.mode = ArrivalMode::stream;
        options.requests = rng.between(2, 6);
        for (const UnitRange block : model->finest_blocks())
            sizes.push_back(facts_of(CostModel(*model, platform), block, SwapPath::zero_copy)
                                .held_bytes.count);
        std::int64_t all = 0;
        for (const std::int64_t size : sizes) all += size;
        const std::int64_t largest = *std::ranges::max_element(sizes);
        capacity = rng.between(largest, std::max(largest, all));
        options.budget = Bytes{std::max<std::int64_t>(capacity, 1)};
        options.account = Account::parameters;
    }
    std::int64_t expected(bool farthest) const {
        return bytes_read(sizes, capacity, static_cast<int>(options.requests), farthest);
    }
    ModelPtr model;
    Platform platform;
    Options options;
    std::vector<std::int64_t> sizes;
    std::int64_t capacity = 0;
};

TEST(Cache, ReadsWhatAnotherCacheReads) {
    SWAPLAB_FOR_SEEDS(seed, 1, kCases / 10) {
        const Case one(seed);
        for (const bool farthest : {false, true}) {
            const RunResult run =
                simulate(one.platform, one.model, farthest ? "belady" : "lru", one.options).result;
            ASSERT_EQ(run.verdict, Verdict::ok) << run.reason;
            EXPECT_EQ(run.swapped_in.count, one.expected(farthest));
            EXPECT_LE(run.memory.peak, *one.options.budget);
            EXPECT_EQ(run.memory.in_use, Bytes{});
        }
    }
}

TEST(Cache, TheFarthestNextUseReadsNoMoreAgainThanTheLeastRecent) {
    int fewer = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, kCases) {
        const Case one(seed);
        const RunResult lru = simulate(one.platform, one.model, "lru", one.options).result;
        const RunResult belady = simulate(one.platform, one.model, "belady", one.options).result;
        EXPECT_LE(belady.read_again, lru.read_again);
        fewer += static_cast<int>(belady.read_again < lru.read_again);
    }
    std::cout << fewer << " of " << kCases << " read less again\n";
    EXPECT_GT(fewer, kCases / 4);
}

}  // namespace
}  // namespace swaplab::laws
