#include "emu/memory/activations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "emu/memory/host_faults.h"
#include "tests/support/random.h"

namespace swaplab {
namespace {

constexpr std::int64_t kP = kFrame.count;

TEST(Activations, TakeWholeFramesOfThePool) {
    FramePool pool({10 * kP});
    Activations memory(pool, {10 * kP});
    void* const a = memory.allocate(1);
    void* const b = memory.allocate(static_cast<std::size_t>(8 * kP + 1));
    EXPECT_EQ(memory.in_use(), Bytes{10 * kP});
    EXPECT_THROW(memory.allocate(1), OutOfMemory);
    memory.free(a);
    EXPECT_EQ(pool.in_use(), Bytes{9 * kP});
    EXPECT_THROW(memory.allocate(static_cast<std::size_t>(kP + 1)), OutOfMemory);
    EXPECT_THROW(memory.allocate(static_cast<std::size_t>(11 * kP)), OutOfMemory);
    EXPECT_EQ(pool.in_use(), Bytes{9 * kP});
    memory.free(b);
    EXPECT_EQ(pool.in_use(), Bytes{});
    EXPECT_EQ(memory.peak(), Bytes{10 * kP});
}

TEST(Activations, BlocksInThePoolCountToo) {
    FramePool pool({10 * kP});
    const auto block = pool.take({8 * kP});
    Activations memory(pool, {10 * kP});
    EXPECT_THROW(memory.allocate(static_cast<std::size_t>(3 * kP)), OutOfMemory);
    memory.allocate(static_cast<std::size_t>(2 * kP));
    pool.give(block);
    memory.allocate(static_cast<std::size_t>(8 * kP));
}

TEST(Activations, WhatIsLeftGoesBack) {
    FramePool pool({10 * kP});
    {
        Activations memory(pool, {10 * kP});
        memory.allocate(5);
    }
    EXPECT_EQ(pool.in_use(), Bytes{});
}

TEST(Activations, UseAfterFreeFaults) {
    HostFaults faults;
    FramePool pool({2 * kP});
    Activations memory(pool, {2 * kP});
    auto* const at = static_cast<std::byte*>(memory.allocate(100));
    faults.register_range(at, static_cast<std::size_t>(kP), 1);
    *static_cast<volatile std::byte*>(at) = std::byte{1};
    EXPECT_EQ(faults.count(), 0U);
    memory.free(at);
    *static_cast<volatile std::byte*>(at) = std::byte{1};
    EXPECT_EQ(faults.count(), 1U);
}

// Allocated here, freed there: what was written stays until then, and all of it comes back.
TEST(Activations, RandomSizesFromTwoThreads) {
    SWAPLAB_FOR_SEEDS(seed, 1, 3) {
        constexpr std::int64_t pages = 128;
        FramePool pool({pages * kP});
        Activations memory(pool, {pages * kP});
        const auto use = [&](std::uint64_t own_seed) {
            testing::Rng random(own_seed);
            struct Held {
                unsigned char* at;
                std::size_t size;
                unsigned char mark;
            };
            std::vector<Held> held;
            const auto drop = [&](std::size_t index) {
                const Held gone = held[index];
                EXPECT_TRUE(std::all_of(gone.at, gone.at + gone.size,
                                        [&](unsigned char byte) { return byte == gone.mark; }))
                    << "seed " << own_seed;
                memory.free(gone.at);
                held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
            };
            for (int step = 0; step < 500; ++step) {
                const auto size = static_cast<std::size_t>(random.between(1, 20 * kP));
                try {
                    auto* const at = static_cast<unsigned char*>(memory.allocate(size));
                    held.push_back({at, size, static_cast<unsigned char>(own_seed * 100 + step)});
                    std::memset(at, held.back().mark, size);
                } catch (const OutOfMemory&) {
                    if (!held.empty()) drop(held.size() / 2);
                }
            }
            while (!held.empty()) drop(held.size() - 1);
        };
        std::thread other(use, seed + 1000);
        use(seed);
        other.join();
        EXPECT_EQ(memory.in_use(), Bytes{});
        EXPECT_EQ(pool.in_use(), Bytes{});
        EXPECT_LE(memory.peak(), Bytes{pages * kP});
    }
}

}  // namespace
}  // namespace swaplab
