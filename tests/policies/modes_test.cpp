// Modes that change during a run: golden timelines, laws, energy.
#include <gtest/gtest.h>

#include "policies/port/forwarding_device.h"
#include "policies/registry.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"
#include "tests/support/chain.h"
#include "tests/support/every_policy.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::simulate;
using testing::Simulation;

const PowerSpec kPower = testing::idle_and_execute(4, 16);

// Of 10 bytes in one tensor: read 10, assemble 2, execute 7, release 3. SLOW reads at a third of
// the speed and executes at half of it, at half the power.
Platform board() {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = {1 << 20};
    node.read.cost.per_byte = 1;
    node.cost(Activity::assemble).per_tensor = 2;
    node.execute.other.per_layer = 7;
    node.cost(Activity::release).per_tensor = 3;
    node.power = kPower;
    node.modes = {{.name = "SLOW",
                   .execute_scale = 2,
                   .read_scale = 3,
                   .power_scale = 0.5,
                   .switching = nanoseconds(5)},
                  {.name = "SAME"}};
    return platform;
}

Options plenty() {
    Options options;
    options.budget = Bytes{std::int64_t{1} << 36};
    return options;
}

Simulation run_with(const Platform& platform, const ModelPtr& model,
                    std::vector<ModeChange> changes, std::string_view spec = "on-demand",
                    const Options& options = plenty()) {
    Workload workload = testing::workload_of({model}, options);
    workload.mode_changes = std::move(changes);
    return simulate(platform, workload, spec, options);
}

// "read 0 0..10, ...", in order of submission.
std::string timeline(const Simulation& simulation) {
    std::string spans;
    for (const Completion& span : simulation.record.by_ticket())
        spans += text("{}{} {} {}..{}", spans.empty() ? "" : ", ", name_of(span.command.verb),
                      span.command.block.index, count_ns(span.start), count_ns(span.end));
    return spans;
}

// The change comes while block 0 executes, which keeps its 7 ns; its release is not scaled. Block 1
// is read in 3 * 10 ns and executes for 2 * 7 + 5 ns, the switching once.
TEST(Modes, AChangeInTheMiddle) {
    EXPECT_EQ(timeline(run_with(board(), testing::chain("two", 2), {{at_ns(15), "SLOW"}})),
              "read 0 0..10, assemble 0 10..12, execute 0 12..19, release 0 19..22, "
              "read 1 22..52, assemble 1 52..54, execute 1 54..73, release 1 73..76");
}

TEST(Modes, ThereAndBackAgain) {
    const auto changes =
        std::vector<ModeChange>{{at_ns(0), "SLOW"}, {at_ns(30), ""}, {at_ns(60), "SLOW"}};
    // From the start on: the first read takes 30. Back in its own mode, which costs nothing, but
    // nothing has paid for the first switch yet: block 0 executes for 7 + 5, block 1 is read in 10;
    // at 60 its execution, which began at 59, is under way.
    EXPECT_EQ(timeline(run_with(board(), testing::chain("two", 2), changes)),
              "read 0 0..30, assemble 0 30..32, execute 0 32..44, release 0 44..47, "
              "read 1 47..57, assemble 1 57..59, execute 1 59..66, release 1 66..69");
}

// Two changes before anything executes: both are paid for.
TEST(Modes, SwitchingAddsUp) {
    const Simulation run =
        run_with(board(), testing::chain("one", 1), {{at_ns(1), "SLOW"}, {at_ns(2), "SLOW"}});
    EXPECT_EQ(timeline(run), "read 0 0..10, assemble 0 10..12, execute 0 12..36, release 0 36..39");
}

// What the host does before an activity belongs to it: the mode at the start counts.
TEST(Modes, HoldFromTheStartOfACommand) {
    Platform platform = board();
    platform.nodes[0].host_per_command = nanoseconds(4);
    EXPECT_EQ(timeline(run_with(platform, testing::chain("one", 1), {{at_ns(2), "SLOW"}})),
              "read 0 0..14, assemble 0 14..20, execute 0 20..43, release 0 43..46");
}

// The scheduler is told, and of nothing else at that instant.
TEST(Modes, AreObserved) {
    class Listener final : public Observer {
      public:
        Interests interests() const override { return {false, true, true}; }
        void on_decision(const Decision& decision) override {
            if (decision.mode)
                seen += text("{}:{} ", count_ns(decision.at), std::string(*decision.mode));
        }
        void on_mode(Time at, std::string_view mode) override {
            heard += text("{}:{} ", count_ns(at), std::string(mode));
        }
        std::string seen, heard;
    };
    Listener listener;
    Workload workload = testing::workload_of({testing::chain("two", 2)}, plenty());
    workload.mode_changes = {{at_ns(15), "SLOW"}, {at_ns(20), ""}, {at_ns(10'000), "SLOW"}};
    const Platform platform = board();
    Options options = plenty();
    RunRequest request{platform, workload, options.budget};
    request.device = &make_sim_device;
    request.observer = &listener;
    run(request, make_policy("on-demand"));
    EXPECT_EQ(listener.seen, "15:SLOW 20: ");  // what comes after the end of the run does not count
    EXPECT_EQ(listener.heard, listener.seen);
}

TEST(Modes, UnknownOnesAreBadInput) {
    EXPECT_THROW(run_with(board(), testing::chain("one", 1), {{at_ns(1), "FAST"}}), InputError);
}

TEST(Modes, ADeviceMayRefuse) {
    class Fixed final : public ForwardingDevice {
      public:
        using ForwardingDevice::ForwardingDevice;
        void set_mode(const ModeFacts&) override { throw UnsupportedError("one mode only"); }
    };
    Workload workload = testing::workload_of({testing::chain("two", 2)}, plenty());
    workload.mode_changes = {{at_ns(15), "SLOW"}};
    const Platform platform = board();
    RunRequest request{platform, workload, plenty().budget};
    request.device = [](const DeviceSetup& setup) {
        return std::make_unique<Fixed>(make_sim_device(setup));
    };
    EXPECT_THROW(run(request, make_policy("on-demand")), UnsupportedError);
}

// Idling until 73 ns at 4 W in both modes. Executing: 3 ns at full power (12 to 15), then 4 of
// block 0 and 19 of block 1 at half of it.
TEST(Modes, EnergyIsSplitAtTheChange) {
    const RunResult result =
        run_with(board(), testing::chain("two", 2), {{at_ns(15), "SLOW"}}).result;
    EXPECT_EQ(result.makespan, nanoseconds(73));
    const double expected = 4 * 73 + 16 * (3 + 0.5 * (4 + 19));
    EXPECT_NEAR(*result.energy_j, 1e-9 * expected, 1e-18);
}

Platform random_board(std::uint64_t seed) {
    testing::PlatformShape shape;
    shape.fractional = shape.concurrency = shape.contention = true;
    Platform platform = testing::random_platform(seed, shape);
    for (Node& node : platform.nodes) {
        node.power = kPower;
        node.modes = {{.name = "SLOW",
                       .execute_scale = 1.7,
                       .copy_scale = 1.3,
                       .read_scale = 2.1,
                       .power_scale = 0.5,
                       .switching = nanoseconds(500)},
                      {.name = "SAME"}};
    }
    return platform;
}

// Spans with their times, without the decisions, of which a change makes more.
std::string spans_of(const Simulation& simulation) {
    std::string lines;
    for (const Completion& span : simulation.record.by_ticket())
        lines += text("{} {} {}..{}\n", span.ticket.index, name_of(span.command.verb),
                      count_ns(span.start), count_ns(span.end));
    return lines;
}

// A change to a mode that is like the one in force, and takes no switching, changes nothing.
TEST(Modes, AChangeToTheSameModeChangesNothing) {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
        const Platform platform = random_board(seed);
        const ModelPtr model = testing::random_model(seed);
        Options options = plenty();
        options.requests = 2;
        options.mode = seed % 2 == 0 ? ArrivalMode::cold : ArrivalMode::stream;
        for (const std::string& spec : testing::every_policy()) {
            SCOPED_TRACE(text("seed {} {}", seed, spec));
            const Simulation plain = run_with(platform, model, {}, spec, options);
            const std::int64_t third = count_ns(plain.result.makespan) / 3;
            for (const char* same : {"", "SAME"}) {
                const Simulation changed =
                    run_with(platform, model, {{at_ns(third), same}, {at_ns(2 * third), same}},
                             spec, options);
                EXPECT_EQ(spans_of(changed), spans_of(plain));
                EXPECT_EQ(changed.result.makespan, plain.result.makespan);
                EXPECT_EQ(changed.result.latency.mean, plain.result.latency.mean);
                EXPECT_EQ(changed.result.memory.peak, plain.result.memory.peak);
                EXPECT_EQ(changed.result.events, plain.result.events);
                EXPECT_EQ(changed.result.lower_bound, plain.result.lower_bound);
                EXPECT_NEAR(*changed.result.energy_j, *plain.result.energy_j,
                            1e-9 * *plain.result.energy_j);
            }
        }
    }
}

// A change at time 0 is a run in that mode, but for the plan, which `load-all` has only one of, and
// for the switching.
TEST(Modes, AChangeAtTheStartIsARunInThatMode) {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
        Platform platform = random_board(seed);
        for (Node& node : platform.nodes) node.modes[0].switching = {};
        const ModelPtr model = testing::random_model(seed);
        for (const char* spec : {"load-all", "on-demand"}) {
            SCOPED_TRACE(text("seed {} {}", seed, spec));
            const Simulation changed = run_with(platform, model, {{kStart, "SLOW"}}, spec);
            platform.mode = "SLOW";
            const Simulation throughout = run_with(platform, model, {}, spec);
            platform.mode.clear();
            EXPECT_EQ(spans_of(changed), spans_of(throughout));
            EXPECT_NEAR(*changed.result.energy_j, *throughout.result.energy_j,
                        1e-9 * *throughout.result.energy_j);
        }
    }
}

// The bound holds whichever mode is in force when, faster ones than that of the start included.
TEST(Modes, TheLowerBoundHolds) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Platform platform = random_board(seed);
        const ModelPtr model = testing::random_model(seed);
        platform.mode = "SLOW";
        for (const std::string& spec : testing::every_policy()) {
            SCOPED_TRACE(text("seed {} {}", seed, spec));
            const RunResult slow = run_with(platform, model, {}, spec).result;
            const Time half = kStart + slow.makespan / 2;
            for (const Time at : {kStart, half}) {
                const RunResult result = run_with(platform, model, {{at, ""}}, spec).result;
                EXPECT_LE(result.lower_bound, result.latency.mean);
                EXPECT_LE(result.lower_bound, slow.lower_bound);
            }
        }
    }
}

}  // namespace
}  // namespace swaplab
