// Four kinds of memory on the fake runtime, which watches every order, and what each call of CUDA's
// that fails leaves behind.
#include <gtest/gtest.h>

#include "hw/cuda/memory/kinds.h"
#include "hw/cuda/runtime/cuda_call.h"
#include "policies/port/executor.h"
#include "profiles/base/error.h"
#include "tests/hw/cuda/block_path.h"
#include "tests/hw/cuda/fake/fake_cuda.h"

namespace swaplab::testing {
namespace {

using K = MemoryKind;
using Words = std::vector<std::string>;

constexpr std::uint64_t kBlocks = 4;
constexpr std::uint64_t kOrders = SWAPLAB_SANITIZED != 0 ? 50 : 500;

struct KindOnGpu {
    K kind;
    Gpu gpu;
};

// Each kind on the GPU that is made for it, and on others that can.
std::vector<KindOnGpu> kinds_on_gpus() {
    return {{K::registered, orin_gpu()},      {K::registered, thor_gpu()},
            {K::staged, discrete_gpu()},      {K::staged, orin_gpu()},
            {K::managed_attach, orin_gpu()},  {K::managed_prefetch, discrete_gpu()},
            {K::managed_prefetch, thor_gpu()}};
}

std::string name_of_case(const KindOnGpu& one) {
    return std::string(name_of(one.kind)) + " on " + one.gpu.name;
}

TEST(CudaKinds, BlocksExecuteTheirBytesAndEverythingIsGivenBack) {
    for (const KindOnGpu& one : kinds_on_gpus()) {
        SCOPED_TRACE(name_of_case(one));
        FakeCuda cuda(one.gpu);
        {
            BlockPath path(cuda.api(), one.kind);
            BlockSums sums(cuda.api(), 1);
            for (std::uint64_t b = 0; b < kBlocks; ++b) EXPECT_EQ(path.swap(sums, b), sum_of(b));
        }
        EXPECT_EQ(cuda.findings(), Words{});
        EXPECT_EQ(cuda.alive(), Words{});
    }
}

TEST(CudaKinds, AnyOrderThatCudaAllowsGivesTheSame) {
    const std::vector<std::uint64_t> expected = expected_sums(kBlocks);
    for (const KindOnGpu& one : kinds_on_gpus()) {
        SCOPED_TRACE(name_of_case(one));
        SWAPLAB_FOR_SEEDS(seed, 1, kOrders) {
            FakeCuda cuda(one.gpu, seed);
            ASSERT_EQ(overlapped(cuda.api(), one.kind, kBlocks), expected);
            ASSERT_EQ(cuda.findings(), Words{});
        }
    }
}

// Allocating costs more than reading: what was allocated for one block serves the next.
TEST(CudaKinds, BuffersAreUsedAgain) {
    for (const KindOnGpu& one : kinds_on_gpus()) {
        SCOPED_TRACE(name_of_case(one));
        const auto allocated = [&one](std::uint64_t blocks) {
            FakeCuda cuda(one.gpu);
            overlapped(cuda.api(), one.kind, blocks);
            return cuda.calls_of("host_register") + cuda.calls_of("device_allocate") +
                   cuda.calls_of("managed_allocate");
        };
        EXPECT_EQ(allocated(3), allocated(30));
    }
}

TEST(CudaKinds, EveryCallThatFailsIsATypedErrorAndLeavesNothing) {
    for (const KindOnGpu& one : kinds_on_gpus()) {
        SCOPED_TRACE(name_of_case(one));
        FakeCuda whole(one.gpu);
        overlapped(whole.api(), one.kind, kBlocks);
        std::size_t thrown = 0;
        for (std::size_t call = 1; call <= whole.calls(); ++call) {
            SCOPED_TRACE("call " + std::to_string(call));
            FakeCuda cuda(one.gpu);
            cuda.fail_call(call, 46);  // cudaErrorDevicesUnavailable: nothing of ours knows it
            try {
                EXPECT_EQ(overlapped(cuda.api(), one.kind, kBlocks), expected_sums(kBlocks));
            } catch (const CudaError& error) {
                ++thrown;
                EXPECT_EQ(error.status(), 46);
                EXPECT_NE(std::string(error.what()).find(".cpp:"), std::string::npos)
                    << error.what();
            }
            EXPECT_EQ(cuda.alive(), Words{});
        }
        // What does not throw gives something back: a destructor.
        const std::size_t given_back =
            whole.calls_of("stream_destroy") + whole.calls_of("event_destroy") +
            whole.calls_of("device_free") + whole.calls_of("host_unregister");
        EXPECT_EQ(thrown + given_back, whole.calls());
    }
}

TEST(CudaKinds, AStickyErrorEndsEverythingAndDestructorsDoNotThrow) {
    FakeCuda cuda(discrete_gpu());
    {
        BlockPath path(cuda.api(), K::staged);
        BlockSums sums(cuda.api(), 1);
        path.swap(sums, 0);
        cuda.fail_all(kCudaIllegalAddress);
        EXPECT_THROW(path.swap(sums, 1), CudaError);
        EXPECT_THROW(path.swap(sums, 2), CudaError);
    }
    EXPECT_EQ(cuda.alive(), Words{});
}

TEST(CudaKinds, AnErrorNamesCallFileLineAndText) {
    FakeCuda cuda(orin_gpu());
    cuda.fail_call(1, kCudaInvalidValue);
    try {
        const CudaStream stream(cuda.api());
        FAIL() << "no error";
    } catch (const CudaError& error) {
        const std::string what = error.what();
        EXPECT_TRUE(what.starts_with("CUDA: stream_create failed at ")) << what;
        EXPECT_NE(what.find("hw/cuda/runtime/owners.cpp:"), std::string::npos) << what;
        EXPECT_TRUE(what.ends_with(": invalid argument (error 1)")) << what;
    }
}

// --- The pool ------------------------------------------------------------------------------------

TEST(CudaPool, TheLimitHoldsWhateverIsIdle) {
    FakeCuda cuda(discrete_gpu());
    BufferPool pool(cuda.api(), Bytes{3 * 4096});
    Buffer& one = pool.take(Space::device, {4096}, false);
    Buffer& two = pool.take(Space::pinned, {2 * 4096}, false);
    EXPECT_THROW(pool.take(Space::device, {4096}, false), OutOfMemory);
    EXPECT_EQ(pool.allocated(), Bytes{3 * 4096});
    pool.give(two);
    EXPECT_EQ(pool.allocated(), Bytes{3 * 4096});  // kept, in case
    EXPECT_EQ(&pool.take(Space::pinned, {2 * 4096}, false), &two);
    pool.give(two);
    pool.take(Space::device, {2 * 4096}, false);  // the idle one goes
    EXPECT_EQ(pool.allocated(), Bytes{3 * 4096});
    pool.give(one);
    pool.set_limit({2 * 4096});
    EXPECT_EQ(pool.allocated(), Bytes{2 * 4096});
    EXPECT_EQ(pool.peak(), Bytes{3 * 4096});
}

// Random takes and gives against a sum: never more than the limit, and a refusal only where what is
// taken leaves no room.
TEST(CudaPool, RefusesExactlyWhatDoesNotFit) {
    SWAPLAB_FOR_SEEDS(seed, 1, 50) {
        Rng rng(seed);
        FakeCuda cuda(discrete_gpu());
        const Bytes limit{10 * 4096};
        BufferPool pool(cuda.api(), limit);
        std::vector<Buffer*> taken;
        for (int step = 0; step < 60; ++step) {
            Bytes in_use;
            for (const Buffer* buffer : taken) in_use += buffer->size();
            if (!taken.empty() && rng.chance(50)) {
                pool.give(*taken.back());
                taken.pop_back();
                continue;
            }
            const Bytes size{4096 * rng.between(1, 4)};
            const Space space = rng.chance(50) ? Space::device : Space::pinned;
            if (in_use + size > limit)
                EXPECT_THROW(pool.take(space, size, false), OutOfMemory);
            else
                taken.push_back(&pool.take(space, size, false));
            EXPECT_LE(pool.allocated(), limit);
        }
    }
}

// CUDA has less than the budget: what is idle makes room once, and then it is out of memory.
TEST(CudaPool, WhereCudaHasNoMemoryItSaysSo) {
    FakeCuda cuda(discrete_gpu());
    BufferPool pool(cuda.api(), std::nullopt);
    pool.give(pool.take(Space::device, {4096}, false));
    cuda.fail_call(cuda.calls() + 1, kCudaOutOfMemory);
    EXPECT_NO_THROW(pool.take(Space::device, {2 * 4096}, false));
    cuda.fail_call(cuda.calls() + 1, kCudaOutOfMemory);
    EXPECT_THROW(pool.take(Space::device, {4096}, false), OutOfMemory);
    EXPECT_EQ(pool.allocated(), Bytes{2 * 4096});
}

// --- Which kind ----------------------------------------------------------------------------------

constexpr Ways kCopied{.copied = true};
constexpr Ways kInPlace{.in_place = true};

TEST(CudaKinds, AreChosenByAttributes) {
    EXPECT_EQ(choose_kind(discrete_gpu(), {}, {}).kind, K::staged);  // all stays
    EXPECT_EQ(choose_kind(discrete_gpu(), {}, kCopied).kind, K::staged);
    EXPECT_EQ(choose_kind(discrete_gpu(), {}, kInPlace).kind, K::managed_prefetch);
    EXPECT_EQ(choose_kind(orin_gpu(), {}, kInPlace).kind, K::managed_attach);
    EXPECT_EQ(choose_kind(orin_gpu(), {}, kCopied).kind, K::staged);
    EXPECT_EQ(choose_kind(thor_gpu(), {}, kInPlace).kind, K::registered);
    Gpu old = discrete_gpu();
    old.concurrent_managed_access = false;
    EXPECT_EQ(choose_kind(old, {}, kInPlace).kind, K::registered);
    const ChosenKind asked = choose_kind(orin_gpu(), K::registered, kInPlace);
    EXPECT_EQ(asked.kind, K::registered);
    EXPECT_EQ(asked.why,
              "register: asked for (integrated=1 concurrentManagedAccess=0 "
              "pageableMemoryAccess=0 canUseHostPointerForRegisteredMem=0)");
}

TEST(CudaKinds, WhatAGpuCannotDoIsRefusedByTheAttributeThatItLacks) {
    const auto refusal = [](const Gpu& gpu, K kind) -> std::string {
        try {
            choose_kind(gpu, kind, kInPlace);
        } catch (const UnsupportedError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(refusal(orin_gpu(), K::managed_prefetch),
              "orin: memory of kind managed-prefetch takes concurrentManagedAccess, which this GPU "
              "does not have");
    Gpu without = orin_gpu();
    without.managed_memory = false;
    EXPECT_NE(refusal(without, K::managed_attach).find("managedMemory"), std::string::npos);
    EXPECT_THROW(choose_kind(orin_gpu(), K::managed_attach, kCopied), UnsupportedError);
    without.maps_host_memory = false;
    EXPECT_NE(refusal(without, K::staged).find("hostRegisterSupported"), std::string::npos);
}

}  // namespace
}  // namespace swaplab::testing
