// What must hold on any CUDA runtime, the fake and a real GPU alike: checksums, order, contents, in
// every kind of memory that it has. Where there is no GPU the half of the GPU is skipped.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "hw/cuda/plugin/loader.h"
#include "hw/cuda/runtime/cuda_call.h"
#include "profiles/base/error.h"
#include "tests/hw/cuda/block_path.h"
#include "tests/hw/cuda/fake/fake_cuda.h"

namespace swaplab::testing {
namespace {

class CudaRuntimes : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        try {
            api_ = on_gpu() ? &cuda_api() : &fake_.api();
            gpu_ = first_gpu(*api_);
        } catch (const UnsupportedError& error) {
            GTEST_SKIP() << error.what();
        }
    }
    bool on_gpu() const { return std::string(GetParam()) == "gpu"; }

    // Of which this GPU has what they take.
    std::vector<MemoryKind> kinds() const {
        std::vector<MemoryKind> kinds;
        for (const MemoryKindRow& row : memory_kinds()) {
            try {
                kinds.push_back(choose_kind(gpu_, row.kind, {}).kind);
            } catch (
                const UnsupportedError&) {  // names the attribute, which tests of kinds look at
                continue;
            }
        }
        return kinds;
    }
    std::uint64_t sum_on_device(const std::vector<std::byte>& bytes) {
        const PinnedBuffer from(*api_, bytes.size());
        const DeviceBuffer to(*api_, bytes.size());
        std::memcpy(from.host(), bytes.data(), bytes.size());
        CopyStream copies(*api_);
        copies.copy(to.at(), from.host(), bytes.size());
        copies.finish();
        const CudaStream kernels(*api_);
        BlockSums sums(*api_, 1);
        const DeviceRange all{to.at(), bytes.size(), 0};
        sums.launch(kernels.view(), {&all, 1});
        return sums.wait().front();
    }

    FakeCuda fake_{discrete_gpu()};
    const CudaApi* api_ = nullptr;
    Gpu gpu_;
};

INSTANTIATE_TEST_SUITE_P(All, CudaRuntimes, ::testing::Values("fake", "gpu"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(CudaRuntimes, TheKernelsChecksumIsTheHosts) {
    Rng rng(1);
    for (const std::size_t words : {1U, 2U, 31U, 32U, 33U, 255U, 257U, 4096U, 300'001U}) {
        std::vector<std::byte> bytes(words * sizeof(std::uint64_t));
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(rng.between(0, 255));
        EXPECT_EQ(sum_on_device(bytes), checksum_of(bytes.data(), bytes.size())) << words;
    }
}

TEST_P(CudaRuntimes, EveryKindExecutesTheBytesThatWereRead) {
    EXPECT_FALSE(kinds().empty());
    for (const MemoryKind kind : kinds()) {
        SCOPED_TRACE(name_of(kind));
        constexpr std::uint64_t blocks = 64;
        EXPECT_EQ(overlapped(*api_, kind, blocks), expected_sums(blocks));
    }
}

TEST_P(CudaRuntimes, AnEventOrdersTwoStreams) {
    constexpr std::size_t bytes = std::size_t{1} << 22;
    const CudaStream copies(*api_);
    const CudaStream kernels(*api_);
    const PinnedBuffer from(*api_, bytes);
    const DeviceBuffer to(*api_, bytes);
    BlockSums sums(*api_, 1);
    for (int round = 0; round < 8; ++round) {
        std::memset(from.host(), round, bytes);
        CudaEvent copied(*api_);
        SWAPLAB_CUDA(*api_, copy_async, to.at(), from.host(), bytes, copies.view().handle);
        copied.record(copies.view());
        kernels.view().wait(copied);
        const DeviceRange all{to.at(), bytes, 0};
        sums.launch(kernels.view(), {&all, 1});
        EXPECT_EQ(sums.wait().front(), checksum_of(from.host(), bytes)) << round;
    }
    EXPECT_EQ(fake_.findings(), std::vector<std::string>{});
}

TEST_P(CudaRuntimes, WhatCudaRefusesIsATypedErrorAndNotSticky) {
    void* nothing = nullptr;
    if (on_gpu()) {
        EXPECT_THROW(SWAPLAB_CUDA(*api_, device_allocate, &nothing, ~std::size_t{0} >> 1),
                     CudaError);
    }
    std::byte pageable{};
    EXPECT_THROW(SWAPLAB_CUDA(*api_, host_unregister, &pageable), CudaError);
    EXPECT_NO_THROW(DeviceBuffer(*api_, 4096));
}

// A spin of twice as many FLOPs takes twice as long.
TEST_P(CudaRuntimes, ASpinTakesAsLongAsItsFlops) {
    if (!on_gpu()) GTEST_SKIP() << "the fake takes no time";
    const CudaStream stream(*api_);
    const DeviceBuffer sink(*api_, sizeof(std::uint64_t));
    const auto milliseconds = [&](std::int64_t flops) {
        CudaEvent begin(*api_);
        CudaEvent end(*api_);
        begin.record(stream.view());
        SWAPLAB_CUDA(*api_, launch_spin, flops, reinterpret_cast<std::uint64_t*>(sink.at()),
                     stream.view().handle);
        end.record(stream.view());
        end.synchronize();
        return end.milliseconds_since(begin);
    };
    constexpr std::int64_t flops = 100'000'000'000;
    milliseconds(flops);  // warm
    const float once = milliseconds(flops);
    EXPECT_NEAR(milliseconds(2 * flops) / once, 2, 0.2);
}

// Printed, not judged: the link is not known here.
TEST_P(CudaRuntimes, CopiesAtSomeRate) {
    if (!on_gpu()) GTEST_SKIP() << "the fake takes no time";
    constexpr std::size_t bytes = std::size_t{256} << 20;
    const CudaStream stream(*api_);
    const PinnedBuffer from(*api_, bytes);
    const DeviceBuffer to(*api_, bytes);
    CudaEvent begin(*api_);
    CudaEvent end(*api_);
    begin.record(stream.view());
    SWAPLAB_CUDA(*api_, copy_async, to.at(), from.host(), bytes, stream.view().handle);
    end.record(stream.view());
    end.synchronize();
    const float milliseconds = end.milliseconds_since(begin);
    EXPECT_GT(milliseconds, 0);
    std::printf("%s: %.2f GB/s from pinned memory to the device's\n", gpu_.name.c_str(),
                static_cast<double>(bytes) / 1e6 / static_cast<double>(milliseconds));
}

}  // namespace
}  // namespace swaplab::testing
