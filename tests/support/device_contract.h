// What every device must do, whatever its clock: one suite, run over all of them. A folder of tests
// includes this file once and instantiates it with its device:
//   INSTANTIATE_TEST_SUITE_P(Sim, DeviceContract, ::testing::Values(ContractDevice{"sim",
//   make_sim_device}));
// Nothing here asserts an exact time: only order, overlap and bookkeeping.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <vector>

#include "policies/port/device.h"
#include "policies/port/device_listener.h"

namespace swaplab::testing {

struct ContractDevice {
    const char* name;
    DeviceFactory make;
};
inline void PrintTo(const ContractDevice& device, std::ostream* out) { *out << device.name; }

class DeviceContract : public ::testing::TestWithParam<ContractDevice> {
  protected:
    static constexpr std::int64_t kBlockBytes = 4096;
    static constexpr std::uint32_t kBlocks = 4;

    DeviceContract() {
        platform_.name = "contract";
        Node& node = platform_.nodes.emplace_back();
        node.memory.capacity = {1 << 30};
        node.read.cost.per_byte = 100;  // 0.4 ms a block
        node.cost(Activity::assemble).per_tensor = 1000;
        node.execute.other.per_layer = 200'000;
        node.cost(Activity::release).per_tensor = 1000;
        ModelSpec spec;
        spec.name = "contract";
        for (std::uint32_t l = 0; l < kBlocks; ++l) {
            Layer layer;
            layer.name = "layer" + std::to_string(l);
            layer.inputs = {l == 0 ? Source() : Source(LayerId{l - 1})};
            layer.parameter_bytes = {kBlockBytes};
            layer.parameter_tensors = 1;
            layer.output_bytes = {512};
            spec.layers.push_back(std::move(layer));
        }
        model_ = std::make_unique<Model>(std::move(spec));
        costs_.emplace_back(*model_, platform_);
        JobPlan& job =
            deployment_.jobs.emplace_back(NodeId{}, SwapPath::zero_copy, finest_blocks(*model_));
        job.at_start().arena = {ArenaKind::counter, {kBlocks * kBlockBytes}, 0};
        facts_.push_back(facts_of(costs_[{0}], job));
    }

    // Call after changing `deployment_` or `budget_`.
    Device& start() {
        setup_ = std::make_unique<DeviceSetup>(DeviceSetup{.platform = platform_,
                                                           .costs = costs_,
                                                           .facts = facts_,
                                                           .deployment = deployment_,
                                                           .budget = budget_,
                                                           .listener = listener_});
        device_ = GetParam().make(*setup_);
        return *device_;
    }

    static Command command(Verb verb, std::uint32_t block, After after = {}) {
        Command c;
        c.verb = verb;
        c.lane = lane_of(verb);
        c.block = {block};
        c.after = after;
        return c;
    }
    // Read, assemble, execute, release of a block; the ticket of the release.
    static Ticket run_block(Device& device, std::uint32_t block, After after = {}) {
        const Ticket read = device.submit(command(Verb::read, block, after));
        const Ticket ready = device.submit(command(Verb::assemble, block, {read}));
        const Ticket done = device.submit(command(Verb::execute, block, {ready}));
        return device.submit(command(Verb::release, block, {done}));
    }
    static std::vector<Completion> drain(Device& device) {
        std::vector<Completion> all;
        while (const Completion* span = device.wait(Time::max())) all.push_back(*span);
        return all;
    }
    static const Completion& of(const std::vector<Completion>& spans, Ticket ticket) {
        for (const Completion& span : spans)
            if (span.ticket == ticket) return span;
        ADD_FAILURE() << "ticket " << ticket.index << " was not reported";
        static const Completion none;
        return none;
    }

    Platform platform_;
    std::unique_ptr<Model> model_;
    CostModels costs_;
    AllFacts facts_;
    Deployment deployment_;
    std::optional<Bytes> budget_;
    DeviceListener* listener_ = nullptr;
    std::unique_ptr<DeviceSetup> setup_;
    std::unique_ptr<Device> device_;
};

TEST_P(DeviceContract, TicketsAreConsecutiveFromZero) {
    Device& device = start();
    for (std::uint32_t b = 0; b < kBlocks; ++b) EXPECT_EQ(run_block(device, b).index, 4 * b + 3);
}

TEST_P(DeviceContract, AnIdleDeviceWaitsForNothing) {
    Device& device = start();
    EXPECT_EQ(device.wait(Time::max()), nullptr);
    const Time until = device.now() + std::chrono::microseconds(50);
    EXPECT_EQ(device.wait(until), nullptr);
    EXPECT_GE(device.now(), until);
    EXPECT_TRUE(device.waiting().empty());
}

TEST_P(DeviceContract, ReportsEveryCommandOnceInOrderOfTime) {
    Device& device = start();
    After after;
    for (std::uint32_t b = 0; b < kBlocks; ++b) after = {run_block(device, b, after)};
    const auto spans = drain(device);
    ASSERT_EQ(spans.size(), 4 * kBlocks);
    for (std::size_t i = 0; i < spans.size(); ++i) {
        EXPECT_EQ(spans[i].ticket.index, i);  // a chain ends in order of submission
        EXPECT_LE(spans[i].start, spans[i].end);
        if (i > 0) {
            EXPECT_GE(spans[i].start, spans[i - 1].end);
        }
    }
    EXPECT_GE(device.now(), spans.back().end);
}

TEST_P(DeviceContract, NothingIsReportedBeforeItsTime) {
    Device& device = start();
    run_block(device, 0);
    const Time until = device.now() + std::chrono::microseconds(10);  // well within the read
    EXPECT_EQ(device.wait(until), nullptr);
    EXPECT_EQ(drain(device).size(), 4U);
}

TEST_P(DeviceContract, LanesWorkSideBySide) {
    Device& device = start();
    run_block(device, 0);
    run_block(device, 1);
    const auto spans = drain(device);
    // Tickets 0..3 are block 0, 4..7 block 1: its read begins when the storage lane is free.
    EXPECT_GE(of(spans, {4}).start, of(spans, {0}).end);
    EXPECT_LT(of(spans, {4}).start, of(spans, {2}).end);
}

TEST_P(DeviceContract, ALaneKeepsItsOrder) {
    Device& device = start();
    const Ticket first = device.submit(command(Verb::read, 0));
    const Ticket gate = device.submit(command(Verb::assemble, 0, {first}));
    const Ticket held = device.submit(command(Verb::read, 1, {gate}));
    const Ticket behind = device.submit(command(Verb::read, 2));
    const auto spans = drain(device);
    EXPECT_GE(of(spans, held).start, of(spans, gate).end);
    EXPECT_GE(of(spans, behind).start, of(spans, held).end);
}

TEST_P(DeviceContract, AsManyReadsAsThePlanOpens) {
    deployment_.parallel_reads = 2;
    Device& device = start();
    for (std::uint32_t b = 0; b < 3; ++b) device.submit(command(Verb::read, b));
    const auto spans = drain(device);
    EXPECT_LT(of(spans, {1}).start, of(spans, {0}).end);
    EXPECT_GE(of(spans, {2}).start, std::min(of(spans, {0}).end, of(spans, {1}).end));
}

TEST_P(DeviceContract, AReadWaitsForItsPlace) {
    deployment_.jobs[{0}].at_start().arena.capacity = {kBlockBytes};
    Device& device = start();
    const Ticket gone = run_block(device, 0);
    const Ticket read = device.submit(command(Verb::read, 1));
    const auto spans = drain(device);
    EXPECT_GE(of(spans, read).start, of(spans, gone).end);
    ASSERT_TRUE(of(spans, read).blocked_since);
    EXPECT_LT(*of(spans, read).blocked_since, of(spans, read).start);
    EXPECT_EQ(device.memory().arena_bytes, Bytes{kBlockBytes});
}

TEST_P(DeviceContract, SaysWhichReleaseARecordWaitedFor) {
    Device& device = start();
    const Ticket gone = run_block(device, 0);
    const Ticket read = device.submit(command(Verb::read, 0, {gone}));
    const auto spans = drain(device);
    EXPECT_EQ(of(spans, read).released_at, of(spans, gone).end);
    EXPECT_FALSE(of(spans, gone).released_at);
}

TEST_P(DeviceContract, CancelTakesBackOnlyWhatHasNotStarted) {
    deployment_.jobs[{0}].at_start().arena.capacity = {
        kBlockBytes};  // the second read waits for a place
    Device& device = start();
    const Ticket first = device.submit(command(Verb::read, 0));
    const Ticket second = device.submit(command(Verb::read, 1));
    const Ticket third = device.submit(command(Verb::read, 2));
    EXPECT_EQ(device.wait(device.now() + std::chrono::microseconds(10)), nullptr);  // first runs
    const auto cancelled = device.cancel(second);
    ASSERT_TRUE(cancelled);
    EXPECT_EQ(cancelled->verb, Verb::read);
    EXPECT_EQ(cancelled->block, BlockId{1});
    EXPECT_FALSE(device.cancel(first));
    EXPECT_FALSE(device.cancel(second));
    const Ticket ready = device.submit(command(Verb::assemble, 0, {first}));
    const Ticket gone = device.submit(command(Verb::release, 0, {ready}));
    const auto spans = drain(device);
    ASSERT_EQ(spans.size(), 4U);
    EXPECT_EQ(spans[0].ticket, first);
    EXPECT_EQ(spans[2].ticket, gone);
    EXPECT_EQ(spans[3].ticket, third);
    EXPECT_FALSE(device.cancel(third));
}

// A cancelled command that waited for another is forgotten, however many come after it.
TEST_P(DeviceContract, CancelledCommandsLeaveNothingBehind) {
    Device& device = start();
    const Ticket read = device.submit(command(Verb::read, 0));
    const Ticket ready = device.submit(command(Verb::assemble, 0, {read}));
    Ticket last = device.submit(command(Verb::release, 0, {ready}));
    EXPECT_TRUE(device.cancel(last));
    std::size_t reported = 0;
    for (std::uint32_t round = 0; round < 300; ++round) {
        last = device.submit(command(Verb::execute, 0, {ready}));
        if (round % 3 == 0) {
            EXPECT_TRUE(device.cancel(last));
        }
        while (device.wait(Time::max()) != nullptr) ++reported;
    }
    EXPECT_EQ(reported, 2U + 200U);
    EXPECT_TRUE(device.waiting().empty());
}

TEST_P(DeviceContract, SaysWhoWaitsForWhat) {
    deployment_.jobs[{0}].at_start().arena.capacity = {kBlockBytes};
    Device& device = start();
    device.submit(command(Verb::read, 0));
    device.submit(command(Verb::read, 1));  // no place, ever
    const Ticket behind = device.submit(command(Verb::assemble, 1, {{1}}));
    EXPECT_EQ(drain(device).size(), 1U);
    const auto waiting = device.waiting();
    ASSERT_EQ(waiting.size(), 2U);
    EXPECT_NE(waiting[0].reason.find("4096 bytes"), std::string::npos) << waiting[0].reason;
    EXPECT_EQ(waiting[1].ticket, behind);
    EXPECT_NE(waiting[1].reason.find("ticket 1"), std::string::npos) << waiting[1].reason;
}

TEST_P(DeviceContract, AccountsMemoryByCategory) {
    Device& device = start();
    const MemoryReport& memory = device.memory();
    EXPECT_EQ(memory.in_use, Bytes{0});
    After after;
    for (std::uint32_t b = 0; b < kBlocks; ++b) after = {run_block(device, b, after)};
    drain(device);
    EXPECT_EQ(&memory, &device.memory());
    EXPECT_EQ(memory.in_use, Bytes{0});
    // A block, what it reads (512 bytes) and what it writes (512).
    EXPECT_EQ(memory.peak, Bytes{kBlockBytes + 1024});
    EXPECT_EQ(memory.peak_by_category[static_cast<std::size_t>(Category::parameters)],
              Bytes{kBlockBytes});
    EXPECT_EQ(memory.peak_by_category[static_cast<std::size_t>(Category::activations)],
              Bytes{1024});
    EXPECT_EQ(memory.largest_hole, Bytes{(kBlocks - 1) * kBlockBytes});
    EXPECT_FALSE(memory.breach);
}

// Every change of memory, from before the first command on.
class HearsMemory final : public DeviceListener {
  public:
    explicit HearsMemory(bool listens) : listens_(listens) {}
    DeviceInterests device_interests() const override { return {.memory = listens_}; }
    void on_memory(const MemoryChange& change) override { heard.push_back(change); }
    std::vector<MemoryChange> heard;

  private:
    bool listens_;
};

TEST_P(DeviceContract, TellsWhoListensOfEveryChangeOfMemory) {
    constexpr Bytes reserved{kBlockBytes};
    platform_.nodes[0].memory.reserved = reserved;
    HearsMemory listener(true);
    listener_ = &listener;
    Device& device = start();
    run_block(device, 0);
    drain(device);
    ASSERT_FALSE(listener.heard.empty());
    EXPECT_EQ(listener.heard.front().category, Category::reserved);
    EXPECT_EQ(listener.heard.front().now, reserved);
    Bytes most;
    for (std::size_t i = 0; i < listener.heard.size(); ++i) {
        most = std::max(most, listener.heard[i].in_use);
        if (i > 0) {
            EXPECT_GE(listener.heard[i].at, listener.heard[i - 1].at);
        }
    }
    EXPECT_EQ(most, device.memory().peak);
    EXPECT_EQ(listener.heard.back().in_use, device.memory().in_use);
}

TEST_P(DeviceContract, TellsNothingToWhoDoesNotListen) {
    HearsMemory listener(false);
    listener_ = &listener;
    Device& device = start();
    run_block(device, 0);
    drain(device);
    EXPECT_TRUE(listener.heard.empty());
}

TEST_P(DeviceContract, RemembersTheFirstBreach) {
    budget_ = Bytes{2 * kBlockBytes};
    Device& device = start();
    for (std::uint32_t b = 0; b < kBlocks; ++b) device.submit(command(Verb::read, b));
    drain(device);
    ASSERT_TRUE(device.memory().breach);
    EXPECT_EQ(device.memory().breach->in_use, Bytes{3 * kBlockBytes});
    EXPECT_EQ(device.memory().breach->budget, *budget_);
}

TEST_P(DeviceContract, WakesAtTheTimeAsked) {
    Device& device = start();
    Command alarm = command(Verb::wake_at, 0);
    alarm.at = device.now() + std::chrono::microseconds(300);
    const Ticket ticket = device.submit(alarm);
    const Completion* span = device.wait(Time::max());
    ASSERT_NE(span, nullptr);
    EXPECT_EQ(span->ticket, ticket);
    EXPECT_GE(span->end, alarm.at);
}

}  // namespace swaplab::testing
