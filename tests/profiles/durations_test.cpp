// Durations beyond what is in memory, against a vector of all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "profiles/base/durations.h"
#include "profiles/base/latency_summary.h"
#include "profiles/base/text.h"
#include "tests/support/random.h"

namespace swaplab {
namespace {

using testing::Rng;

constexpr auto kMost = static_cast<std::int64_t>(Durations::kMostInMemory);

// Of few values or of many, close together or as far apart as 64 bits of a sum allow.
std::vector<Duration> random_durations(std::int64_t count, Rng& random) {
    const std::int64_t low = random.between(0, 1) * random.between(0, 1'000'000'000'000);
    const std::int64_t width = std::int64_t{1} << random.between(0, 44);
    std::vector<Duration> all;
    for (std::int64_t i = 0; i < count; ++i) all.emplace_back(low + random.between(0, width - 1));
    return all;
}

LatencySummary by_sorting(std::vector<Duration> all) {
    std::ranges::sort(all);
    LatencySummary expected;
    expected.count = std::ssize(all);
    Duration total{};
    for (const Duration duration : all) total += duration;
    expected.mean = Duration{(total.count() + expected.count / 2) / expected.count};
    const auto rank = [&](std::size_t percent) {
        return all[(percent * all.size() + 99) / 100 - 1];
    };
    expected.min = all.front();
    expected.p50 = rank(50);
    expected.p95 = rank(95);
    expected.p99 = rank(99);
    expected.max = all.back();
    return expected;
}

TEST(Durations, AreThoseThatCameWhateverIsInMemory) {
    Rng random(1);
    for (const std::int64_t count :
         {std::int64_t{1}, kMost - 1, kMost, kMost + 1, 3 * kMost + 17}) {
        SCOPED_TRACE(count);
        const std::vector<Duration> expected = random_durations(count, random);
        const Durations all(expected);
        EXPECT_EQ(all.beyond_memory(), count >= kMost);
        ASSERT_EQ(all.size(), expected.size());
        EXPECT_TRUE(std::ranges::equal(std::vector<Duration>(all.begin(), all.end()), expected));
        std::vector<Duration> visited, read;
        all.for_each([&](Duration duration) { visited.push_back(duration); });
        EXPECT_EQ(visited, expected);
        Durations::Reader reader(all);
        for (std::int64_t i = 0; i < count; ++i) read.push_back(reader.next());
        EXPECT_EQ(read, expected);
        EXPECT_EQ(all.front(), expected.front());
        EXPECT_EQ(all.back(), expected.back());
    }
}

TEST(Durations, SummariesAreThoseOfASortedVector) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        Rng random(seed);
        const std::vector<Duration> a = random_durations(random.between(1, 3 * kMost), random);
        const std::vector<Duration> b = random_durations(random.between(1, 2 * kMost), random);
        const Durations some(a), others(b);
        EXPECT_EQ(summarize(some), by_sorting(a));
        std::vector<Duration> both = a;
        both.insert(both.end(), b.begin(), b.end());
        const std::vector<const Durations*> together{&some, &others};
        EXPECT_EQ(summarize(together), by_sorting(both));
    }
    EXPECT_EQ(summarize(Durations{}), LatencySummary{});
}

// A copy and what it is of grow apart, though both hold the same slots.
TEST(Durations, CopiesGrowApart) {
    Rng random(2);
    const std::vector<Duration> before = random_durations(kMost + 5, random);
    Durations a(before);
    Durations b = a;
    EXPECT_EQ(a, b);
    const std::vector<Duration> more_a = random_durations(2 * kMost, random);
    const std::vector<Duration> more_b = random_durations(2 * kMost, random);
    std::vector<Duration> all_a = before, all_b = before;
    all_a.insert(all_a.end(), more_a.begin(), more_a.end());
    all_b.insert(all_b.end(), more_b.begin(), more_b.end());
    a.append(more_a);
    b.append(more_b);
    EXPECT_EQ(a, Durations(all_a));
    EXPECT_EQ(b, Durations(all_b));
    EXPECT_FALSE(a == b);
}

// The file is made once in a process: in one of its own.
TEST(Durations, StayInMemoryWhereNoFileCanBeMade) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto in_memory = [] {
        setenv("TMPDIR", "/dev/null/none", 1);
        Rng random(3);
        const std::vector<Duration> expected = random_durations(3 * kMost, random);
        const Durations all(expected);
        const bool right = !all.beyond_memory() && summarize(all) == by_sorting(expected);
        std::exit(right ? 0 : 1);
    };
    EXPECT_EXIT(in_memory(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace swaplab
