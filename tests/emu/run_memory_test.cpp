// The memory of an emulated run: who touches what is closed or freed is caught, with what runs.
#include "emu/memory/run_memory.h"

#include <gtest/gtest.h>

#include <thread>

#include "policies/port/rule_violation.h"
#include "tests/support/chain.h"

namespace swaplab {
namespace {

using testing::chain;
using namespace literals;

class RunMemoryTest : public ::testing::Test {
  protected:
    static constexpr std::uint32_t kBlocks = 3;

    RunMemoryTest() : model_(chain("net", kBlocks)) {
        platform_.name = "board";
        platform_.nodes.emplace_back().memory.unified = true;
        JobPlan& job =
            deployment_.jobs.emplace_back(NodeId{}, SwapPath::zero_copy, finest_blocks(*model_));
        job.at_start().arena = {ArenaKind::counter, Bytes{30}, 0};
        costs_.emplace_back(*model_, platform_);
        facts_ = {facts_of(costs_[{0}], job.blocks, job.path)};
    }

    // Of pages for each block, although their layers have 10 bytes each.
    void make(std::optional<MemoryKind> kind, std::optional<Bytes> budget, bool guarded = false,
              bool real_activations = false) {
        memory_.reset();  // one at a time watches for faults
        platform_.memory_kind = kind;
        setup_ = std::make_unique<DeviceSetup>(
            DeviceSetup{platform_, costs_, facts_, deployment_, Account::all, budget});
        rules_ = std::make_unique<Rules>(*setup_);
        memory_ = std::make_unique<RunMemory>(*setup_,
                                              BlockSizes(1, std::vector(kBlocks, Bytes{2 * 4096})),
                                              *rules_, real_activations, guarded);
        memory_->get_memory(ledger_);
    }

    static Action action(Verb verb, std::uint32_t block) {
        Action a;
        a.verb = verb;
        a.lane = lane_of(verb);
        a.block = {block};
        return a;
    }
    void start(const Action& a) {
        rules_->on_start(a);
        memory_->on_start(a);
    }
    void end(const Action& a) {
        rules_->on_end(a);
        memory_->on_end(a);
    }
    void perform(Verb verb, std::uint32_t block) {
        const Action a = action(verb, block);
        if (verb == Verb::read) memory_->on_reserved(a, 0);
        start(a);
        if (verb == Verb::read) memory_->bring(a, 0);
        end(a);
        if (verb == Verb::release) memory_->on_freed(a, 0);
    }
    void bring_in(std::uint32_t block) {
        perform(Verb::read, block);
        perform(Verb::assemble, block);
    }
    void start_kernel(std::uint32_t block) { start(action(Verb::execute, block)); }
    void end_kernel(std::uint32_t block) { end(action(Verb::execute, block)); }
    // Activations that the ledger charges when something starts.
    void charge(Bytes activations) {
        ledger_.by_category[static_cast<std::size_t>(Category::activations)] = activations;
        memory_->on_start(action(Verb::release, 0));
    }
    volatile unsigned char* host(std::uint32_t block) {
        return reinterpret_cast<volatile unsigned char*>(
            memory_->to_write(action(Verb::execute, block), 0));
    }
    volatile unsigned char* device(std::uint32_t block) {
        return reinterpret_cast<volatile unsigned char*>(
            memory_->to_execute(action(Verb::execute, block), 0));
    }
    std::string violation() {
        try {
            memory_->check_faults();
        } catch (const RuleViolation& found) {
            return found.what();
        }
        return {};
    }

    ModelPtr model_;
    Platform platform_;
    Deployment deployment_;
    CostModels costs_;
    AllFacts facts_;
    MemoryReport ledger_;
    std::unique_ptr<DeviceSetup> setup_;
    std::unique_ptr<Rules> rules_;
    std::unique_ptr<RunMemory> memory_;
};

TEST_F(RunMemoryTest, WhoTouchesAManagedPageWhileAKernelRunsIsCaught) {
    make(MemoryKind::managed_prefetch, Bytes{4096});
    bring_in(0);
    bring_in(1);
    host(1)[3] = 7;
    EXPECT_EQ(violation(), "");
    start_kernel(0);
    EXPECT_EQ(device(1)[3], 7);  // kernels see it
    EXPECT_EQ(violation(), "");
    host(1)[3] = 8;
    const std::string found = violation();
    EXPECT_EQ(
        found.find("block 1 of net: byte 3 of its memory was written by a thread of the host: "
                   "while a kernel runs"),
        0U)
        << found;
    EXPECT_NE(found.find("execute of block 0 of net (lane compute)"), std::string::npos) << found;
    EXPECT_EQ(violation(), "");  // told once
    end_kernel(0);
    EXPECT_EQ(host(1)[3], 7);
    host(1)[3] = 9;
    EXPECT_EQ(device(1)[3], 9);
    EXPECT_EQ(violation(), "");
}

TEST_F(RunMemoryTest, WhatIsAttachedToTheHostStaysOpen) {
    make(MemoryKind::managed_attach, Bytes{4096});
    bring_in(0);
    perform(Verb::read, 1);  // not attached to a stream yet
    start_kernel(0);
    host(1)[0] = 1;
    EXPECT_EQ(violation(), "");
    static_cast<void>(host(0)[0]);
    EXPECT_NE(violation().find("block 0 of net: byte 0 of its memory was read"), std::string::npos);
}

// Freed while it was closed, and brought in and assembled anew while the same kernel runs.
TEST_F(RunMemoryTest, WhatIsBroughtInAnewIsClosedAnew) {
    make(MemoryKind::managed_attach, Bytes{4096});
    bring_in(0);
    bring_in(1);
    start_kernel(0);
    perform(Verb::release, 1);
    perform(Verb::read, 1);
    host(1)[5] = 7;
    EXPECT_EQ(violation(), "");
    perform(Verb::assemble, 1);
    host(1)[5] = 8;
    EXPECT_NE(violation().find("block 1 of net: byte 5 of its memory was written"),
              std::string::npos);
    end_kernel(0);
    EXPECT_EQ(host(1)[5], 7);
}

TEST_F(RunMemoryTest, WhoUsesFreedMemoryIsCaught) {
    make(std::nullopt, Bytes{4096}, true);
    bring_in(0);
    volatile unsigned char* const gone = host(0);
    gone[1] = 1;
    perform(Verb::release, 0);
    gone[4097] = 1;
    const std::string found = violation();
    EXPECT_EQ(found.find("block 0 of net: byte 4097 of its memory was written"), 0U) << found;
    EXPECT_NE(found.find("has been freed"), std::string::npos) << found;
}

// A budget of one page, whole pages for three blocks beside it (2 pages - 10 bytes each, and one
// page for activations): 1 + 6 - (30 bytes) + 1 = 8 pages. Three blocks take six; a seventh and an
// eighth are there for what is set aside, a ninth is not.
TEST_F(RunMemoryTest, IsTheBudgetAndTheRoundingToPages) {
    for (const bool guarded : {false, true}) {
        SCOPED_TRACE(guarded);
        ledger_ = {};
        make(std::nullopt, Bytes{4096}, guarded);
        for (std::uint32_t b = 0; b < kBlocks; ++b) bring_in(b);
        charge({4097});
        EXPECT_THROW(charge({2 * 4096 + 1}), OutOfMemory);
        EXPECT_EQ(memory_->committed_peak(), Bytes{8 * 4096});
    }
}

// With what stands beside the budget (7 pages less 30 bytes, see above), of which a block takes
// two.
TEST_F(RunMemoryTest, TheBudgetMayFallAndRise) {
    for (const bool guarded : {false, true}) {
        SCOPED_TRACE(guarded);
        ledger_ = {};
        make(std::nullopt, Bytes{4096}, guarded);
        bring_in(0);
        const auto most = [&](std::int64_t pages) {
            charge({pages * 4096});
            EXPECT_THROW(charge({pages * 4096 + 1}), OutOfMemory);
            charge({});
        };
        memory_->set_budget(Bytes{});
        most(7 - 2);
        memory_->set_budget(Bytes{3 * 4096});
        most(10 - 2);
    }
}

TEST_F(RunMemoryTest, MoreThanTheMachineHasIsRefused) {
    EXPECT_THROW(make(std::nullopt, Bytes{std::int64_t{1} << 45}), UnsupportedError);
    EXPECT_THROW(make(MemoryKind::managed_attach, Bytes{std::int64_t{1} << 45}), UnsupportedError);
}

TEST_F(RunMemoryTest, StopsGettingMemoryWhenItIsAsked) {
    make(std::nullopt, std::nullopt);
    const std::atomic<bool> stop{true};
    DeviceSetup budgeted = *setup_;
    budgeted.budget = Bytes{64 << 20};
    RunMemory memory(budgeted, BlockSizes(1, std::vector(kBlocks, Bytes{4096})), *rules_, false,
                     false);
    memory.get_memory(ledger_, &stop);
    EXPECT_EQ(memory.committed_peak(), Bytes{});
}

TEST_F(RunMemoryTest, WithoutABudgetThereIsWhatIsAskedFor) {
    for (const bool guarded : {false, true}) {
        make(std::nullopt, std::nullopt, guarded);
        for (std::uint32_t b = 0; b < kBlocks; ++b) bring_in(b);
        host(2)[8191] = 1;
        EXPECT_GE(memory_->committed_peak(), Bytes{6 * 4096});
    }
}

// Its layers plan no activations at all: 3 MiB are within the margin of 4.
TEST_F(RunMemoryTest, AnExecutorMayHaveALittleMoreThanPlanned) {
    for (const bool guarded : {false, true}) {
        SCOPED_TRACE(guarded);
        for (const std::optional<Bytes> budget : {std::optional<Bytes>(), std::optional(16_MiB)}) {
            make(std::nullopt, budget, guarded, true);
            bring_in(0);
            ActivationMemory& memory = memory_->activations();
            memory.free(memory.allocate(3 << 20));
        }
    }
}

// Pieces larger than what is kept for activations, so that none finds room by chance.
TEST(GuardedBacking, WithoutALimitSeveralThreadsGetWhatTheyAskFor) {
    constexpr std::uint32_t pieces = 16;
    BackingPlan plan;
    plan.pieces = pieces;
    for (int round = 0; round < 4; ++round) {
        const auto backing = make_guarded_backing(plan);
        const auto bring = [&](std::uint32_t first) {
            for (std::uint32_t piece = first; piece < pieces; piece += 2)
                EXPECT_NO_THROW(backing->bring(piece, Bytes{3 << 20}, Bytes{3 << 20}));
        };
        std::thread other(bring, 1);
        bring(0);
        other.join();
    }
}

}  // namespace
}  // namespace swaplab
