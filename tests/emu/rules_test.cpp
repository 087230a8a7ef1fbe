// What the emulator refuses: activities that would fault, or read what is not there, on the device.
#include "emu/memory/rules.h"

#include <gtest/gtest.h>

#include "policies/port/rule_violation.h"
#include "tests/support/chain.h"

namespace swaplab {
namespace {

using testing::chain;

class RulesTest : public ::testing::Test {
  protected:
    static constexpr std::uint32_t kBlocks = 3;

    RulesTest() : model_(chain("net", kBlocks)) {
        platform_.name = "board";
        platform_.nodes.emplace_back().memory.unified = true;
        deployment_.jobs.emplace_back(NodeId{}, SwapPath::zero_copy, finest_blocks(*model_));
        make();
    }

    // Call after changing the platform or the deployment.
    void make() {
        costs_.clear();
        costs_.emplace_back(*model_, platform_);
        const JobPlan& job = deployment_.jobs[{0}];
        facts_ = {facts_of(costs_[{0}], job.blocks, job.path)};
        setup_ = std::make_unique<DeviceSetup>(
            DeviceSetup{platform_, costs_, facts_, deployment_, Account::all, std::nullopt});
        rules_ = std::make_unique<Rules>(*setup_);
    }

    static Action action(Verb verb, std::uint32_t block, std::uint8_t copy = 0) {
        Action a;
        a.verb = verb;
        a.lane = lane_of(verb);
        a.block = {block};
        a.copy = copy;
        return a;
    }
    void start(Verb verb, std::uint32_t block, std::uint8_t copy = 0) {
        rules_->on_start(action(verb, block, copy));
    }
    void end(Verb verb, std::uint32_t block, std::uint8_t copy = 0) {
        rules_->on_end(action(verb, block, copy));
    }
    void perform(Verb verb, std::uint32_t block, std::uint8_t copy = 0) {
        start(verb, block, copy);
        end(verb, block, copy);
    }
    void bring_in(std::uint32_t block) {
        perform(Verb::read, block);
        perform(Verb::assemble, block);
    }
    // What the start is refused with; empty if it is not.
    std::string refusal(Verb verb, std::uint32_t block, std::uint8_t copy = 0) {
        try {
            start(verb, block, copy);
        } catch (const RuleViolation& violation) {
            return violation.what();
        }
        return {};
    }

    ModelPtr model_;
    Platform platform_;
    Deployment deployment_;
    CostModels costs_;
    AllFacts facts_;
    std::unique_ptr<DeviceSetup> setup_;
    std::unique_ptr<Rules> rules_;
};

TEST_F(RulesTest, AWholeLifeOfABlockIsLegalTwice) {
    for (int round = 0; round < 2; ++round) {
        bring_in(0);
        perform(Verb::execute, 0);
        perform(Verb::execute, 0);
        perform(Verb::release, 0);
    }
    EXPECT_EQ(rules_->running(), "nothing");
}

TEST_F(RulesTest, ExecutingBeforeTheReadIsComplete) {
    EXPECT_EQ(refusal(Verb::execute, 1),
              "execute of block 1 of net (lane compute) starts, and its parameters are not in "
              "memory");
    start(Verb::read, 1);
    EXPECT_EQ(refusal(Verb::execute, 1),
              "execute of block 1 of net (lane compute) starts while read of block 1 of net (lane "
              "storage) is under way: its parameters are not all there");
    end(Verb::read, 1);
    EXPECT_NE(refusal(Verb::execute, 1).find("not assembled"), std::string::npos);
    perform(Verb::assemble, 1);
    EXPECT_EQ(refusal(Verb::execute, 1), "");
}

TEST_F(RulesTest, AssemblingBeforeTheReadIsComplete) {
    EXPECT_NE(refusal(Verb::assemble, 0).find("after 0 of the 1 steps"), std::string::npos);
    start(Verb::read, 0);
    EXPECT_NE(refusal(Verb::assemble, 0).find("read of block 0"), std::string::npos);
}

TEST_F(RulesTest, CopiesComeInTheirOrder) {
    deployment_.jobs[{0}].path = SwapPath::staged;
    make();
    start(Verb::read, 0);
    EXPECT_NE(refusal(Verb::copy, 0).find("is under way"), std::string::npos);
    end(Verb::read, 0);
    EXPECT_NE(refusal(Verb::assemble, 0).find("after 1 of the 2 steps"), std::string::npos);
    perform(Verb::copy, 0);
    EXPECT_EQ(refusal(Verb::assemble, 0), "");
}

TEST_F(RulesTest, FreeingEarly) {
    bring_in(0);
    start(Verb::execute, 0);
    EXPECT_EQ(refusal(Verb::release, 0),
              "release of block 0 of net (lane none) starts while execute of block 0 of net (lane "
              "compute) is under way: it frees memory that is in use");
    end(Verb::execute, 0);
    perform(Verb::release, 0);
    EXPECT_NE(refusal(Verb::execute, 0).find("not in memory"), std::string::npos);
}

TEST_F(RulesTest, OverwritingWhatIsExecuted) {
    bring_in(0);
    start(Verb::execute, 0);
    EXPECT_NE(refusal(Verb::read, 0).find("overwritten"), std::string::npos);
}

TEST_F(RulesTest, ResidentBlocksExecuteAtOnce) {
    deployment_.jobs[{0}].path = SwapPath::resident;
    make();
    EXPECT_EQ(refusal(Verb::execute, 2), "");
}

// Whichever block the kernel uses, and whichever of the two comes first.
TEST_F(RulesTest, ManagedMemoryIsClosedWhileAnyKernelRuns) {
    platform_.memory_kind = MemoryKind::managed_prefetch;
    make();
    bring_in(0);
    start(Verb::execute, 0);
    const std::string read_second = refusal(Verb::read, 1);
    EXPECT_NE(read_second.find("read of block 1 of net (lane storage) touches managed memory while "
                               "execute of block 0 of net (lane compute) runs: board has no "
                               "concurrent managed access"),
              std::string::npos)
        << read_second;
    end(Verb::execute, 0);
    start(Verb::read, 1);
    const std::string execute_second = refusal(Verb::execute, 0);
    EXPECT_NE(execute_second.find("read of block 1"), std::string::npos) << execute_second;
    EXPECT_NE(execute_second.find("execute of block 0"), std::string::npos) << execute_second;
    end(Verb::read, 1);
    EXPECT_EQ(refusal(Verb::execute, 0), "");
}

TEST_F(RulesTest, OverlapIsLegalInOtherKindsAndOnOtherBoards) {
    const auto overlap = [&] {
        make();
        bring_in(0);
        start(Verb::execute, 0);
        return refusal(Verb::read, 1);
    };
    EXPECT_EQ(overlap(), "");
    platform_.memory_kind = MemoryKind::registered;
    EXPECT_EQ(overlap(), "");
    platform_.memory_kind = MemoryKind::managed_attach;
    EXPECT_EQ(overlap(), "");
    EXPECT_TRUE(rules_->attached_to_host({}, {1}));
    EXPECT_FALSE(rules_->attached_to_host({}, {0}));
    platform_.memory_kind = MemoryKind::managed_prefetch;
    platform_.nodes[0].memory.concurrent_managed_access = true;
    EXPECT_EQ(overlap(), "");
    EXPECT_FALSE(rules_->managed_rule());
}

}  // namespace
}  // namespace swaplab
