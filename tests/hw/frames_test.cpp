// Frames against a model that keeps a map of pages.
#include "hw/host/frames.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "hw/host/activation_pool.h"
#include "tests/support/random.h"

namespace swaplab {
namespace {

constexpr std::int64_t kP = kPage.count;

// How many pages of the range are resident, by the kernel's word.
std::int64_t resident_pages(const Frames& frames, Frames::WindowId window, std::int64_t count) {
    std::vector<unsigned char> there(static_cast<std::size_t>(count));
    mincore(frames.base(window), static_cast<std::size_t>(count * kP), there.data());
    return std::ranges::count_if(there, [](unsigned char page) { return (page & 1U) != 0; });
}

TEST(IntervalSet, AgainstASetOfNumbers) {
    constexpr std::int64_t most = 40;
    SWAPLAB_FOR_SEEDS(seed, 1, 5) {
        testing::Rng random(seed);
        IntervalSet set;
        std::vector<bool> truth(most, false);
        for (int step = 0; step < 2000; ++step) {
            const std::int64_t begin = random.between(0, most - 1);
            const Interval range{begin, random.between(begin + 1, most)};
            const bool add = random.between(0, 1) == 1;
            for (std::int64_t i = range.begin; i < range.end; ++i)
                truth[static_cast<std::size_t>(i)] = add;
            if (add)
                set.add(range);
            else
                set.subtract(range);
            ASSERT_EQ(set.size(), std::ranges::count(truth, true)) << "step " << step;
            std::vector<bool> rebuilt(most, false);
            std::int64_t before = -1;
            for (const Interval part : set.all()) {
                ASSERT_GT(part.begin, before) << "not merged, step " << step;
                before = part.end;
                for (std::int64_t i = part.begin; i < part.end; ++i)
                    rebuilt[static_cast<std::size_t>(i)] = true;
            }
            ASSERT_EQ(rebuilt, truth) << "step " << step;
            std::int64_t inside = 0;
            for (const Interval part : set.within(range)) inside += part.size();
            for (const Interval gap : set.missing(range)) inside += gap.size();
            ASSERT_EQ(inside, range.size());
            ASSERT_EQ(set.within(range).empty(), !add);
        }
    }
}

TEST(Frames, OnlyWhatIsUsedIsResident) {
    Frames frames(std::nullopt);
    const auto window = frames.add_window({1000 * kP});
    EXPECT_EQ(resident_pages(frames, window, 1000), 0);
    frames.use(window, {10 * kP}, {5 * kP});
    EXPECT_EQ(frames.committed(), Bytes{5 * kP});
    EXPECT_EQ(resident_pages(frames, window, 1000), 5);
}

TEST(Frames, FreeFramesMoveWhereTheyAreNeeded) {
    Frames frames(Bytes{10 * kP + 17});
    const auto a = frames.add_window({100 * kP});
    const auto b = frames.add_window({100 * kP});
    frames.use(a, {}, {8 * kP});
    frames.unuse(a, {2 * kP}, {6 * kP});
    std::memset(frames.base(a), 1, 2 * kP);
    frames.use(b, {50 * kP}, {8 * kP});  // two fresh, six moved
    std::memset(frames.base(b) + 50 * kP, 2, 8 * kP);
    EXPECT_EQ(frames.committed(), Bytes{10 * kP});
    EXPECT_EQ(frames.moved(), Bytes{6 * kP});
    EXPECT_EQ(resident_pages(frames, a, 100), 2);
    EXPECT_EQ(resident_pages(frames, b, 100), 8);
    EXPECT_EQ(frames.base(a)[2 * kP - 1], std::byte{1});
    EXPECT_THROW(frames.use(a, {90 * kP}, {kP}), OutOfMemory);
    frames.unuse(b, {50 * kP}, {kP});
    frames.use(a, {90 * kP}, {kP});
    EXPECT_EQ(frames.committed_peak(), Bytes{10 * kP});
}

TEST(Frames, WhatIsWarmIsFree) {
    Frames frames(Bytes{10 * kP});
    const auto window = frames.add_window({100 * kP});
    frames.warm(window, {100 * kP});
    EXPECT_EQ(frames.committed(), Bytes{10 * kP});
    frames.use(window, {90 * kP}, {10 * kP});
    EXPECT_EQ(frames.moved(), Bytes{10 * kP});
    EXPECT_EQ(frames.committed(), Bytes{10 * kP});
}

TEST(Frames, ALimitThatFallsTakesFreeFramesAtOnce) {
    Frames frames(Bytes{10 * kP});
    const auto window = frames.add_window({100 * kP});
    frames.warm(window, {10 * kP});
    frames.use(window, {}, {6 * kP});
    frames.set_limit({8 * kP});
    EXPECT_EQ(frames.committed(), Bytes{8 * kP});
    EXPECT_EQ(resident_pages(frames, window, 100), 8);
    frames.set_limit({4 * kP});  // what is in use stays
    EXPECT_EQ(frames.committed(), Bytes{6 * kP});
    EXPECT_THROW(frames.use(window, {50 * kP}, {kP}), OutOfMemory);
    frames.unuse(window, {}, {3 * kP});
    frames.use(window, {50 * kP}, {kP});  // moved: still more than the limit in all
    EXPECT_EQ(frames.committed(), Bytes{6 * kP});
    frames.set_limit({4 * kP});
    EXPECT_EQ(frames.committed(), Bytes{4 * kP});
    frames.set_limit({20 * kP});
    frames.use(window, {60 * kP}, {16 * kP});
    EXPECT_EQ(frames.committed(), Bytes{20 * kP});
}

// Random users: what was written stays, and never more than the limit is resident.
TEST(Frames, NeverMoreThanTheLimitAndNothingIsLost) {
    constexpr std::int64_t limit = 64;
    constexpr std::int64_t span = 300;
    SWAPLAB_FOR_SEEDS(seed, 1, 5) {
        testing::Rng random(seed);
        Frames frames(Bytes{limit * kP});
        const std::array windows{frames.add_window({span * kP}), frames.add_window({span * kP})};
        struct Use {
            std::size_t window;
            std::int64_t at, size;
            int mark;
        };
        std::vector<Use> uses;
        std::int64_t used = 0;
        const auto byte_of = [&](const Use& use, std::int64_t page) -> std::byte& {
            return frames.base(windows[use.window])[(use.at + page) * kP];
        };
        for (int step = 0; step < 3000; ++step) {
            const Use use{static_cast<std::size_t>(random.between(0, 1)),
                          random.between(0, span - 20), random.between(1, 20), step % 251};
            const bool overlaps = std::ranges::any_of(uses, [&](const Use& other) {
                return other.window == use.window && other.at < use.at + use.size &&
                       use.at < other.at + other.size;
            });
            if (!overlaps && used + use.size <= limit) {
                frames.use(windows[use.window], {use.at * kP}, {use.size * kP});
                for (std::int64_t page = 0; page < use.size; ++page)
                    byte_of(use, page) = static_cast<std::byte>(use.mark);
                uses.push_back(use);
                used += use.size;
            } else if (!uses.empty()) {
                const auto victim = random.between(0, std::ssize(uses) - 1);
                const Use gone = uses[static_cast<std::size_t>(victim)];
                for (std::int64_t page = 0; page < gone.size; ++page)
                    ASSERT_EQ(byte_of(gone, page), static_cast<std::byte>(gone.mark)) << step;
                frames.unuse(windows[gone.window], {gone.at * kP}, {gone.size * kP});
                uses.erase(uses.begin() + victim);
                used -= gone.size;
            }
            ASSERT_LE(frames.committed().count, limit * kP);
            if (step % 100 != 0) continue;
            ASSERT_EQ(
                resident_pages(frames, windows[0], span) + resident_pages(frames, windows[1], span),
                frames.committed().count / kP);
        }
        EXPECT_GT(frames.moved(), Bytes{0});
    }
}

TEST(ActivationPool, EveryAllocationHasItsPages) {
    Frames frames(Bytes{4 * kP});
    ActivationPool pool(frames, {64 * kP});
    void* const a = pool.allocate(100);
    void* const b = pool.allocate(2 * kP);
    EXPECT_EQ(static_cast<std::byte*>(b) - static_cast<std::byte*>(a), kP);
    EXPECT_EQ(pool.in_use(), Bytes{3 * kP});
    EXPECT_EQ(frames.committed(), Bytes{3 * kP});
    EXPECT_THROW(pool.allocate(kP + 1), std::runtime_error);
    pool.free(a);
    // The gap in front is too small; its frame moves behind.
    void* const c = pool.allocate(kP + 1);
    EXPECT_EQ(static_cast<std::byte*>(c) - static_cast<std::byte*>(b), 2 * kP);
    EXPECT_EQ(frames.moved(), Bytes{kP});
    pool.free(b);
    pool.free(c);
    EXPECT_EQ(pool.in_use(), Bytes{0});
    EXPECT_EQ(pool.peak(), Bytes{4 * kP});
    // Its frames are free for others.
    const auto other = frames.add_window({4 * kP});
    frames.use(other, {}, {4 * kP});
    EXPECT_EQ(frames.committed(), Bytes{4 * kP});
}

}  // namespace
}  // namespace swaplab
