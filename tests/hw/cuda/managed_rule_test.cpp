// The rule of managed memory, twice: as simulator and emulator keep it (ManagedRule), and as the
// fake runtime finds it broken. Random schedules of reads and executions: both say the same.
#include <gtest/gtest.h>

#include "policies/memory/managed_rule.h"
#include "policies/port/rule_violation.h"
#include "tests/hw/cuda/block_path.h"
#include "tests/hw/cuda/fake/fake_cuda.h"
#include "tests/support/chain.h"

namespace swaplab::testing {
namespace {

using K = MemoryKind;

constexpr std::uint32_t kBlocks = 3;

// A schedule runs on both; blocks are read again and again, and executed when they have come.
class Both {
  public:
    Both(K kind, bool concurrent, std::uint64_t seed)
        : rng_(seed), cuda_(gpu(concurrent), seed), path_(table_, kind), sums_(table_, 1) {
        platform_.name = "board";
        Node& node = platform_.nodes.emplace_back();
        node.memory.capacity = {1 << 20};
        node.memory.concurrent_managed_access = concurrent;
        platform_.memory_kind = kind;
        costs_.emplace_back(*model_, platform_);
        const JobPlan& job =
            deployment_.jobs.emplace_back(NodeId{}, SwapPath::zero_copy, finest_blocks(*model_));
        facts_.push_back(facts_of(costs_[{0}], job.blocks, job.path));
        blocks_.resize(kBlocks);
        rule_.emplace(setup_);
    }

    // Until the rule is broken, as a run ends there; `broken`: whether it was.
    void run(int steps) {
        for (int step = 0; step < steps && !broken_; ++step) {
            const auto b = static_cast<std::uint32_t>(rng_.between(0, kBlocks - 1));
            advance(b);
            ASSERT_EQ(broken_, !cuda_.findings().empty())
                << (cuda_.findings().empty() ? rule_said_ : cuda_.findings().front());
        }
        if (busy_) sums_.wait();
    }
    bool broken() const { return broken_; }
    std::size_t executed() const { return executed_; }

  private:
    enum class State : std::uint8_t { gone, being_read, there, assembled, executing };
    struct BlockState {
        BlockPath::OnItsWay block;
        State state = State::gone;
    };

    static Gpu gpu(bool concurrent) {
        Gpu gpu = orin_gpu();
        gpu.concurrent_managed_access = concurrent;
        return gpu;
    }

    // Prefetches do nothing: CUDA refuses them without concurrent managed access, and the rule of
    // the simulator is about the kind, not about what moves its pages.
    static CudaApi without_prefetches(CudaApi api) {
        api.prefetch_async = [](void*, const void*, std::size_t, MemoryAt, StreamHandle) {
            return kCudaSuccess;
        };
        api.advise_accessed_by_device = [](void*, const void*, std::size_t) {
            return kCudaSuccess;
        };
        return api;
    }

    void tell_rule(Verb verb, std::uint32_t block, bool start) {
        Action action;
        action.verb = verb;
        action.lane = lane_of(verb);
        action.block = {block};
        try {
            start ? rule_->on_start(action) : rule_->on_end(action);
        } catch (const RuleViolation& violation) {
            broken_ = true;
            rule_said_ = violation.what();
        }
    }

    void advance(std::uint32_t b) {
        BlockState& one = blocks_[b];
        switch (one.state) {
            case State::gone:
                one.block = path_.place(b);
                tell_rule(Verb::read, b, true);
                path_.begin_read(one.block);
                one.state = State::being_read;
                break;
            case State::being_read:
                tell_rule(Verb::read, b, false);
                path_.end_read(one.block);
                one.state = State::there;
                break;
            case State::there:
                path_.copy(one.block);
                path_.assemble(one.block);
                one.state = State::assembled;
                break;
            case State::assembled:
                if (busy_) break;
                busy_ = true;
                tell_rule(Verb::execute, b, true);
                path_.launch(sums_, one.block);
                one.state = State::executing;
                break;
            case State::executing:
                EXPECT_EQ(sums_.wait().front(), sum_of(b));
                tell_rule(Verb::execute, b, false);
                busy_ = false;
                ++executed_;
                path_.release(one.block);
                one.state = State::gone;
        }
    }

    Rng rng_;
    FakeCuda cuda_;
    const CudaApi table_ = without_prefetches(cuda_.api());
    BlockPath path_;
    BlockSums sums_;
    Platform platform_;
    ModelPtr model_ = chain("three", kBlocks);
    CostModels costs_;
    AllFacts facts_;
    Deployment deployment_;
    const DeviceSetup setup_{platform_, costs_, facts_, deployment_, Account::all, {}};
    std::optional<ManagedRule> rule_;  // when the platform is as it stays
    std::vector<BlockState> blocks_;
    bool busy_ = false;
    bool broken_ = false;
    std::size_t executed_ = 0;
    std::string rule_said_;
};

constexpr std::uint64_t kShare = SWAPLAB_SANITIZED != 0 ? 10 : 1;  // of 10,000 schedules

std::size_t broken_schedules(K kind, bool concurrent, std::uint64_t schedules) {
    const std::uint64_t count = schedules / kShare;
    std::size_t broken = 0;
    std::size_t executed = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, count) {
        Both both(kind, concurrent, seed);
        both.run(20);
        broken += std::size_t{both.broken()};
        executed += both.executed();
    }
    EXPECT_GT(executed, count / 2);
    return broken;
}

TEST(CudaManagedRule, HoldsWhereTheEmulatorSaysThatItHolds) {
    EXPECT_EQ(broken_schedules(K::registered, false, 1000), 0U);
    EXPECT_EQ(broken_schedules(K::staged, false, 1000), 0U);
    EXPECT_EQ(broken_schedules(K::managed_attach, false, 2500), 0U);
    EXPECT_EQ(broken_schedules(K::managed_attach, true, 500), 0U);
    EXPECT_EQ(broken_schedules(K::managed_prefetch, true, 500), 0U);
}

TEST(CudaManagedRule, IsBrokenAtTheStepAtWhichTheEmulatorSaysSo) {
    constexpr std::uint64_t schedules = 4500;
    const std::size_t broken = broken_schedules(K::managed_prefetch, false, schedules);
    EXPECT_GT(broken, schedules / kShare / 4);
    EXPECT_LT(broken, schedules / kShare);
}

}  // namespace
}  // namespace swaplab::testing
