// The pool against a model that keeps a set of pages, and against the kernel's count of them.
#include "emu/memory/frame_pool.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "policies/port/executor.h"
#include "tests/support/random.h"

namespace swaplab {
namespace {

constexpr std::int64_t kP = kFrame.count;

Bytes pages(std::int64_t count) { return {count * kP}; }

// By the kernel's word: st_blocks counts the frames of a file in memory.
std::int64_t pages_there(const FramePool& pool) {
    struct stat about {};
    fstat(pool.descriptor(), &about);
    return about.st_blocks * 512 / kP;
}

Bytes total(const std::vector<FrameRange>& ranges) {
    Bytes sum;
    for (const FrameRange& range : ranges) sum += range.size;
    return sum;
}

TEST(FramePool, ExactlyItsSizeAndNotAPageMore) {
    FramePool pool({10 * kP - 1});
    EXPECT_EQ(pool.size(), pages(10));
    EXPECT_EQ(pages_there(pool), 10);
    const auto all = pool.take(pages(9));
    EXPECT_EQ(all.size(), 1U);
    EXPECT_THROW(pool.take({kP + 1}), OutOfMemory);
    EXPECT_EQ(total(pool.take({1})), pages(1));
    EXPECT_THROW(pool.take({1}), OutOfMemory);
    EXPECT_EQ(pages_there(pool), 10);
    EXPECT_EQ(pool.in_use(), pages(10));
}

TEST(FramePool, TheFirstRangeThatFitsElseAsFewAsPossible) {
    FramePool pool(pages(20));
    const auto a = pool.take(pages(3));
    const auto b = pool.take(pages(2));
    const auto c = pool.take(pages(5));
    const auto d = pool.take(pages(2));  // 8 behind it are free
    pool.give(a);
    pool.give(c);
    EXPECT_EQ(pool.take(pages(4)).at(0).offset, pages(5));
    const auto rest = pool.take(pages(10));  // free: 3 at 0, 1 at 9, 8 at 12
    EXPECT_EQ(rest.size(), 2U);
    EXPECT_EQ(total(rest), pages(10));
    EXPECT_EQ(pool.in_use(), pages(18));
    (void)b;
    (void)d;
}

TEST(FramePool, ASizeThatFallsTakesFreeFramesAtOnceAndOthersWhenGiven) {
    FramePool pool(pages(10));
    const auto a = pool.take(pages(3));
    const auto b = pool.take(pages(4));
    pool.set_size(pages(8));
    EXPECT_EQ(pages_there(pool), 8);
    pool.set_size(pages(2));
    EXPECT_EQ(pool.committed(), pages(7));
    EXPECT_EQ(pages_there(pool), 7);
    EXPECT_THROW(pool.take({1}), OutOfMemory);
    pool.give(b);
    EXPECT_EQ(pages_there(pool), 3);
    pool.give(std::vector<FrameRange>{{a[0].offset, pages(2)}});  // in parts
    EXPECT_EQ(pool.committed(), pages(2));
    EXPECT_EQ(pool.in_use(), pages(1));
    pool.set_size(pages(30));
    EXPECT_EQ(pages_there(pool), 30);
    EXPECT_EQ(total(pool.take(pages(29))), pages(29));
    EXPECT_EQ(pool.committed_peak(), pages(30));
}

TEST(FramePool, AMachineWithLessSaysSo) {
    try {
        FramePool pool(Bytes{std::int64_t{1} << 50});
        FAIL() << "a pebibyte";
    } catch (const OutOfMemory& error) {
        EXPECT_NE(std::string(error.what()).find("1125899906842624"), std::string::npos);
    }
    FramePool pool(pages(4));
    const auto before = pool.take(pages(2));
    EXPECT_THROW(pool.set_size(Bytes{std::int64_t{1} << 50}), OutOfMemory);
    EXPECT_EQ(pool.size(), pages(4));
    EXPECT_EQ(pages_there(pool), 4);
    EXPECT_EQ(before.size(), 1U);
}

TEST(FramePoolDeathTest, WhatIsNotInUseCannotBeGiven) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    FramePool pool(pages(4));
    const auto range = pool.take(pages(2));
    pool.give(range);
    EXPECT_DEATH(pool.give(range), "8192 bytes at 0, which are not in use");
}

// Random takes, gives and sizes: no page has two takers, what was written stays, and the kernel
// holds max(in use, size).
TEST(FramePool, NeverHandsOutAPageTwice) {
    SWAPLAB_FOR_SEEDS(seed, 1, 5) {
        testing::Rng random(seed);
        std::int64_t size = 64;
        FramePool pool(pages(size));
        auto* const view = static_cast<unsigned char*>(
            mmap(nullptr, static_cast<std::size_t>(100 * kP), PROT_READ | PROT_WRITE, MAP_SHARED,
                 pool.descriptor(), 0));
        struct Taken {
            std::vector<FrameRange> ranges;
            unsigned char mark;
        };
        std::vector<Taken> taken;
        std::set<std::int64_t> owned;
        const auto for_pages = [](const Taken& of, auto&& visit) {
            for (const FrameRange& range : of.ranges)
                for (std::int64_t at = 0; at < range.size.count; at += kP)
                    visit(range.offset.count + at);
        };
        for (int step = 0; step < 3000; ++step) {
            const auto in_use = static_cast<std::int64_t>(owned.size());
            const std::int64_t wanted = random.between(1, 20);
            if (random.chance(3)) {
                size = random.between(0, 100);
                pool.set_size(pages(size));
            } else if (random.chance(50)) {
                if (wanted > size - in_use) {
                    ASSERT_THROW(pool.take(pages(wanted)), OutOfMemory) << "step " << step;
                    continue;
                }
                taken.push_back({pool.take(pages(wanted)), static_cast<unsigned char>(step)});
                for_pages(taken.back(), [&](std::int64_t at) {
                    ASSERT_TRUE(owned.insert(at).second) << "page at " << at << ", step " << step;
                    view[at] = taken.back().mark;
                });
                ASSERT_EQ(static_cast<std::int64_t>(owned.size()), in_use + wanted);
            } else if (!taken.empty()) {
                const auto index = random.between(0, static_cast<std::int64_t>(taken.size()) - 1);
                const Taken gone = taken[static_cast<std::size_t>(index)];
                taken.erase(taken.begin() + index);
                for_pages(gone, [&](std::int64_t at) {
                    ASSERT_EQ(view[at], gone.mark) << "page at " << at << ", step " << step;
                    owned.erase(at);
                });
                pool.give(gone.ranges);
            }
            const auto now = static_cast<std::int64_t>(owned.size());
            ASSERT_EQ(pool.in_use(), pages(now)) << "step " << step;
            ASSERT_EQ(pages_there(pool), std::max(now, size)) << "step " << step;
        }
        munmap(view, static_cast<std::size_t>(100 * kP));
    }
}

}  // namespace
}  // namespace swaplab
