#include "emu/memory/host_faults.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "emu/memory/mapped_range.h"

namespace swaplab {
namespace {

constexpr std::int64_t kP = kFrame.count;
constexpr auto kPageSize = static_cast<std::size_t>(kFrame.count);

// As an access of real code: the compiler may not leave it out.
std::byte read_byte(const std::byte* at) { return *static_cast<const volatile std::byte*>(at); }
void write_byte(std::byte* at, int value) {
    *static_cast<volatile std::byte*>(at) = static_cast<std::byte>(value);
}

TEST(HostFaults, WhatIsNotMappedIsRecordedAndGoesOn) {
    HostFaults faults;
    MappedRange range({4 * kP}, Views::one);
    faults.register_range(range.host(), 4 * kPageSize, 42);
    EXPECT_FALSE(faults.take());
    EXPECT_EQ(read_byte(range.host() + 2 * kP + 17), std::byte{0});
    const auto read = faults.take();
    ASSERT_TRUE(read);
    EXPECT_EQ(read->tag, 42U);
    EXPECT_EQ(read->offset, 2 * kPageSize + 17);
    EXPECT_FALSE(read->write);
    write_byte(range.host(), 5);
    const auto write = faults.take();
    ASSERT_TRUE(write);
    EXPECT_TRUE(write->write);
    EXPECT_FALSE(faults.take());
    EXPECT_EQ(faults.count(), 2U);
}

TEST(HostFaults, MemoryThatWasFreedEarlyIsCaughtAndGetsItsFramesBackIntact) {
    HostFaults faults;
    FramePool pool({2 * kP});
    MappedRange range({2 * kP}, Views::one);
    faults.register_range(range.host(), 2 * kPageSize, 1);
    const auto frames = pool.take({2 * kP});
    range.map(pool, {2 * kP}, frames);
    write_byte(range.host() + kP, 7);
    EXPECT_EQ(faults.count(), 0U);
    range.unmap();
    write_byte(range.host() + kP, 8);  // too late: goes nowhere
    EXPECT_EQ(faults.count(), 1U);
    range.map(pool, {2 * kP}, frames);
    EXPECT_EQ(read_byte(range.host() + kP), std::byte{7});
    EXPECT_EQ(faults.count(), 1U);
    range.unmap();
    read_byte(range.host() + kP);  // seen anew
    EXPECT_EQ(faults.count(), 2U);
}

TEST(HostFaults, AClosedHostViewIsWatchedWhileTheDeviceUsesItsOwn) {
    HostFaults faults;
    FramePool pool({3 * kP}, Views::host_and_device);
    MappedRange range({3 * kP}, Views::host_and_device);
    faults.register_range(range.host(), 3 * kPageSize, 9);
    range.map(pool, {3 * kP}, pool.take({3 * kP}));
    range.set_host_access(false);
    write_byte(range.device() + kP, 3);
    EXPECT_EQ(faults.count(), 0U);
    write_byte(range.host() + kP, 4);  // recorded, and lost
    const auto fault = faults.take();
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->offset, kPageSize);
    EXPECT_TRUE(fault->write);
    EXPECT_EQ(read_byte(range.device() + kP), std::byte{3});
    range.set_host_access(true);
    EXPECT_EQ(read_byte(range.host() + kP), std::byte{3});
    EXPECT_EQ(faults.count(), 1U);
    range.set_host_access(false);  // closes the page that the fault opened too
    read_byte(range.host() + kP);
    EXPECT_EQ(faults.count(), 2U);
    range.unmap();  // while it is closed
    read_byte(range.host() + 2 * kP);
    EXPECT_EQ(faults.count(), 3U);
}

TEST(HostFaults, NothingMappedAtAllIsServedToo) {
    HostFaults faults;
    auto* const at = static_cast<std::byte*>(
        mmap(nullptr, kPageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    faults.register_range(at, kPageSize, 3);
    munmap(at, kPageSize);
    write_byte(at + 5, 1);
    EXPECT_EQ(faults.take()->offset, 5U);
    munmap(at, kPageSize);
}

TEST(HostFaults, BehindTheEndOfAFileIsABusErrorAndServedToo) {
    HostFaults faults;
    FramePool pool({kP});
    auto* const at = static_cast<std::byte*>(
        mmap(nullptr, 4 * kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED, pool.descriptor(), 0));
    faults.register_range(at, 4 * kPageSize, 4);
    write_byte(at + 3 * kP, 1);
    EXPECT_EQ(faults.take()->offset, 3 * kPageSize);
    munmap(at, 4 * kPageSize);
}

TEST(HostFaults, ThousandsOfRangesFromManyThreads) {
    constexpr std::size_t count = 4000;
    HostFaults faults;
    AddressWindow window({static_cast<std::int64_t>(count) * 2 * kP});
    for (std::size_t i = 0; i < count; ++i)
        faults.register_range(window.base() + i * 2 * kPageSize, kPageSize, i);
    std::vector<std::thread> threads;
    for (std::size_t first = 0; first < 4; ++first)
        threads.emplace_back([&, first] {
            for (std::size_t i = first; i < 200; i += 4)
                write_byte(window.base() + i * 20 * kPageSize + i, 1);
        });
    for (std::thread& thread : threads) thread.join();
    std::vector<int> seen(200, 0);
    while (const auto fault = faults.take()) {
        const std::size_t i = fault->offset;
        ASSERT_LT(i, seen.size());
        EXPECT_EQ(fault->tag, i * 10);
        ++seen[i];
    }
    EXPECT_EQ(seen, std::vector<int>(200, 1));
}

TEST(HostFaults, MoreThanItCanHoldAreCounted) {
    constexpr std::size_t count = HostFaults::kMostFaults + 10;
    HostFaults faults;
    AddressWindow window({static_cast<std::int64_t>(count) * kP});
    faults.register_range(window.base(), count * kPageSize, 0);
    for (std::size_t i = 0; i < count; ++i) write_byte(window.base() + i * kPageSize, 1);
    EXPECT_EQ(faults.count(), count);
    std::size_t taken = 0;
    while (const auto fault = faults.take()) EXPECT_EQ(fault->offset, taken++ * kPageSize);
    EXPECT_EQ(taken, HostFaults::kMostFaults);
}

TEST(HostFaultsDeathTest, FaultsElsewhereStillKill) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const AddressWindow other({kP});
    EXPECT_DEATH(
        {
            // Not the sanitizers' handlers, which exit: the default action.
            struct sigaction action {};
            action.sa_handler = SIG_DFL;
            sigaction(SIGSEGV, &action, nullptr);
            HostFaults faults;
            read_byte(other.base());
        },
        "");
    EXPECT_DEATH(
        {
            HostFaults faults;
            raise(SIGSEGV);
        },
        "");
}

TEST(HostFaults, FaultsElsewhereGoToWhoeverWasThere) {
    static std::byte* page = nullptr;  // for the handler
    AddressWindow other({kP});
    page = other.base();
    struct sigaction action {
    }, before{};
    action.sa_handler = [](int) { mprotect(page, kPageSize, PROT_READ | PROT_WRITE); };
    sigaction(SIGSEGV, &action, &before);
    {
        HostFaults faults;
        EXPECT_EQ(read_byte(page), std::byte{0});
        EXPECT_EQ(faults.count(), 0U);
    }
    struct sigaction now {};
    sigaction(SIGSEGV, &before, &now);
    EXPECT_EQ(now.sa_handler, action.sa_handler);
}

TEST(HostFaultsDeathTest, OneAtATime) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            HostFaults one;
            HostFaults two;
        },
        "2 watches");
}

}  // namespace
}  // namespace swaplab
