// The pace of an emulation: how it is chosen, how lateness is judged and told, what is done again.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "experiments/emulate/emulation.h"
#include "experiments/emulate/host_pace.h"
#include "experiments/emulate/pace_check.h"
#include "experiments/pack/pack_cache.h"
#include "experiments/run/result_json.h"
#include "experiments/run/run_report.h"
#include "experiments/shell/interrupt.h"
#include "experiments/validate/study.h"
#include "policies/port/forwarding_device.h"
#include "profiles/base/error.h"
#include "profiles/models/builtin_models.h"
#include "sim/sim_device.h"
#include "tests/experiments/emulation_fixtures.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;
using testing::budgets_named;
using testing::made_up_result;
using testing::made_up_scenario;
using testing::policies_named;
using testing::Quiet;
using testing::small_model;
using testing::TemporaryFolder;
using namespace swaplab::literals;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// A device that was so late, at its own pace.
class LateDevice final : public ForwardingDevice {
  public:
    LateDevice(std::unique_ptr<Device> device, Duration late)
        : ForwardingDevice(std::move(device)), late_(late) {}
    std::optional<Evidence> evidence() const override {
        Evidence evidence;
        evidence.pace = Pace{1, {{"compute", 9, late_, late_, late_, late_}}};
        return evidence;
    }

  private:
    Duration late_;
};

TEST(TimeScale, IsRoundedUpToTwoDigits) {
    EXPECT_EQ(rounded_up(1), 1);
    EXPECT_EQ(rounded_up(1.5), 1.5);
    EXPECT_EQ(rounded_up(1.51), 1.6);
    EXPECT_EQ(rounded_up(3.21), 3.3);
    EXPECT_EQ(rounded_up(9.91), 10);
    EXPECT_EQ(rounded_up(101), 110);
    EXPECT_EQ(rounded_up(0.0301), 0.031);
}

// A host that reads 3 GB/s has 1.5 times the 2 GB/s of the device; one of 1 GB/s needs 3 times as
// long. The way of reading in which it is worse decides; faster than real time is never asked for.
TEST(TimeScale, GivesStorageAMarginOfAHalf) {
    EXPECT_EQ(pace_for({2e9, 1e9}, {3e9, 3e9}), 1);
    EXPECT_EQ(pace_for({2e9, 1e9}, {100e9, 100e9}), 1);
    EXPECT_EQ(pace_for({2e9, 1e9}, {1e9, 1e9}), 3);
    EXPECT_EQ(pace_for({2e9, 1e9}, {1.1e9, 1.1e9}), 2.8);  // 2.727...
    EXPECT_EQ(pace_for({2e9, 1e9}, {3e9, 0.5e9}), 3);
    EXPECT_EQ(pace_for({0, 0}, {0, 0}), 1);
    // 1 % of 20 MB / 2 GB/s is 0.1 ms: three times as slow.
    EXPECT_EQ(pace_for_short_runs(Bytes{20'000'000}, 2e9), 3);
    EXPECT_EQ(pace_for_short_runs(Bytes{200'000'000}, 2e9), 0.3);
    EXPECT_EQ(pace_for_short_runs(Bytes{1000}, 2e9), 100);
    EXPECT_EQ(pace_for_short_runs(Bytes{}, 2e9), 100);
}

// 0.5 ns a byte alone; three at once are twice as fast: 4 GB/s. With 1 ms for each read besides,
// 8 MiB in one take 5.19 ms, in three (4 + 2 + 2 MiB) 7.19 ms.
TEST(TimeScale, CountsParallelReadsAndSmallOnes) {
    Scenario scenario = made_up_scenario();
    ReadSpec& read = scenario.device.platform.nodes.front().read;
    read.cost.per_byte = 0.5;
    EXPECT_NEAR(device_rates(scenario.device.platform, scenario.models).streaming, 2e9, 1);
    read.concurrency = {1, 1.5, 2, 1.8};
    EXPECT_NEAR(device_rates(scenario.device.platform, scenario.models).streaming, 4e9, 1);
    EXPECT_NEAR(device_rates(scenario.device.platform, scenario.models).by_unit, 2e9, 1);
    read.cost.per_block = 1e6;
    const double bytes = 8 << 20;
    const ReadRates rates = device_rates(scenario.device.platform, scenario.models);
    EXPECT_NEAR(rates.streaming, 2 * bytes / (bytes * 0.5e-9 + 1e-3), 1);
    EXPECT_NEAR(rates.by_unit, bytes / (bytes * 0.5e-9 + 3e-3), 1);
    read.cost = {};
    EXPECT_EQ(device_rates(scenario.device.platform, scenario.models).streaming, 0);
}

TEST(TimeScale, AHostIsMeasuredByReading) {
    const TemporaryFolder folder{fs::path(SWAPLAB_EXECUTABLE).parent_path()};
    Quiet quiet;
    std::vector<ModelChoice> models(2);
    for (ModelChoice& choice : models) choice.model = std::make_shared<const Model>(small_model());
    const auto pack = cached_pack(*models[0].model, folder.file("cache"), quiet.console, nullptr);
    const HostRates host = host_rates({pack, pack}, models, {}, nullptr);
    EXPECT_GT(host.rates.streaming, 0);
    EXPECT_GT(host.rates.by_unit, 0);
    EXPECT_NE(host.how.find("in flight"), std::string::npos) << host.how;
    const std::atomic<bool> stop{true};
    EXPECT_THROW(host_rates({pack, pack}, models, {}, &stop), Interrupted);
}

TEST(Lateness, BoundsAreSharesOrTimes) {
    EXPECT_EQ(LatenessBound{}.of(milliseconds(200)), milliseconds(2));
    EXPECT_EQ(parse_lateness("0.5%").of(milliseconds(200)), milliseconds(1));
    EXPECT_EQ(parse_lateness("500us").of(milliseconds(200)), microseconds(500));
    for (const char* wrong : {"5", "0%", "-1%", "%", "x%", "0", "fast"})
        EXPECT_THROW(parse_lateness(wrong), InputError) << wrong;
}

RunResult emulated(double time_scale, std::vector<LaneLateness> lanes) {
    RunResult result = made_up_result("swapnet", 4_MiB, milliseconds(100));
    result.evidence.emplace();
    result.evidence->pace = Pace{time_scale, std::move(lanes)};
    return result;
}

// Lateness is measured on the wall clock, bounds are in the device's time: at twice the device's
// time, 2 ms are 1 ms, which is 1 % of 100 ms.
TEST(Lateness, IsJudgedInTheDevicesTime) {
    const auto lane = [](const char* name, Duration p95) {
        return LaneLateness{name, 40, {}, p95, p95, p95};
    };
    EXPECT_FALSE(judge_pace(made_up_result("swapnet", 4_MiB, milliseconds(100)), {}));
    const RunResult on_time =
        emulated(2, {lane("storage", milliseconds(2)), lane("compute", microseconds(30))});
    const auto fine = judge_pace(on_time, {});
    ASSERT_TRUE(fine);
    EXPECT_TRUE(fine->valid());
    EXPECT_EQ(fine->bound, milliseconds(1));
    EXPECT_EQ(fine->lanes[0].p95, milliseconds(1));
    EXPECT_EQ(fine->advice(), "");
    EXPECT_FALSE(late_lanes(on_time, {}));

    const RunResult late =
        emulated(2, {lane("storage", microseconds(2500)), lane("compute", milliseconds(6)),
                     lane("release", microseconds(1))});
    const auto judged = judge_pace(late, {});
    ASSERT_TRUE(judged);
    EXPECT_EQ(judged->problem,
              "compute ended 3.00 ms late (95th percentile of 40), 1 other lane too, 1.00 ms is "
              "the bound");
    // The same 6 ms at three times as slow are 1 ms.
    EXPECT_EQ(judged->advised_scale, 6);
    EXPECT_NE(judged->advice().find("--time-scale 6 or more"), std::string::npos);
    EXPECT_FALSE(late_lanes(late, {0.03, std::nullopt}));
    EXPECT_TRUE(late_lanes(late, {0, microseconds(2999)}));
    EXPECT_FALSE(late_lanes(late, {0, microseconds(3000)}));
}

// Half a request behind: the host is slower in proportion, not by a constant.
TEST(Lateness, AHostThatFallsBehindIsSlowerInProportion) {
    const auto judged =
        judge_pace(emulated(2, {{"storage", 10, {}, milliseconds(100), {}, {}}}), {});
    ASSERT_TRUE(judged);
    EXPECT_EQ(judged->advised_scale, 3.8);  // 2 · (1 + 50 ms / 100 ms) · 1.25 = 3.75
}

TEST(Lateness, WithoutARequestThereIsNoShareOfItsLatency) {
    RunResult nothing = emulated(1, {{"storage", 1, {}, milliseconds(5), {}, {}}});
    nothing.latency = {};
    nothing.verdict = Verdict::interrupted;
    const auto judged = judge_pace(nothing, {});
    ASSERT_TRUE(judged);
    EXPECT_TRUE(judged->valid());
    EXPECT_FALSE(judged->bound);
    EXPECT_TRUE(late_lanes(nothing, {0, milliseconds(1)}));
}

TEST(Lateness, IsInEveryReport) {
    Scenario scenario = made_up_scenario();
    scenario.backend = &backend_named("emu");
    const RunResult late = emulated(
        2, {{"storage", 40, microseconds(2), milliseconds(4), milliseconds(6), milliseconds(8)}});
    const std::string report = run_report(late, scenario, std::nullopt);
    EXPECT_NE(report.find("2.000x the device's time"), std::string::npos) << report;
    EXPECT_NE(report.find("INVALID: more than 1.00 ms, 95 % of: storage 2.00 ms (at most 4.00 ms)"),
              std::string::npos)
        << report;
    JsonWriter json;
    write_result(json, late, choose_policy("swapnet"), Certificate(scenario, "swaplab"),
                 std::nullopt, ResultSchema::second);
    const Document document = parse_json(json.str(), "out");
    Fields fields(Field::root(document));
    Fields emulation(fields.required("emulation"));
    EXPECT_EQ(emulation.required("time_scale").as_number(), 2);
    EXPECT_EQ(emulation.required("bound_ns").as_number(), 1e6);
    Fields lateness(emulation.required("lateness_ns"));
    Fields storage(lateness.required("storage"));
    EXPECT_EQ(storage.required("count").as_number(), 40);
    EXPECT_EQ(storage.required("p95").as_number(), 2e6);
    EXPECT_EQ(storage.required("max").as_number(), 4e6);
    EXPECT_NE(emulation.required("advice").as_string().find("--time-scale 4 or more"),
              std::string::npos);
}

// `direct` has a bound of its own: 1 % of its own latency.
TEST(Pace, OfTheReferenceIsJudgedToo) {
    RunResult result = emulated(1, {{"compute", 5, {}, microseconds(500), {}, {}}});
    EXPECT_FALSE(late_reference(result, {}));  // none was run
    result.full_memory_latency = milliseconds(20);
    result.full_memory_pace = Pace{1, {{"compute", 1, {}, microseconds(150), {}, {}}}};
    EXPECT_FALSE(late_reference(result, {}));
    result.full_memory_pace = Pace{1, {{"compute", 1, {}, microseconds(250), {}, {}}}};
    EXPECT_TRUE(late_reference(result, {}));
    const Scenario scenario = made_up_scenario();
    EXPECT_NE(run_report(result, scenario, std::nullopt).find("which is INVALID"),
              std::string::npos);
    EXPECT_FALSE(late_lanes(result, {}));  // the run itself is right
}

// An emulated run that is late is done again, and the study says how many were.
TEST(LateRuns, AreDoneAgainAndThenAFailure) {
    const Scenario scenario = made_up_scenario();
    int runs = 0;
    // Sim with a pace: late in its first `late` runs.
    const auto device = [&runs](int late) {
        return [&runs, late](const DeviceSetup& setup) -> std::unique_ptr<Device> {
            const Duration by = runs++ < late ? milliseconds(1000) : Duration{};
            return std::make_unique<LateDevice>(make_sim_device(setup), by);
        };
    };
    StudyRequest request{.scenario = scenario,
                         .policies = policies_named({"on-demand"}),
                         .budgets = budgets_named("12MiB"),
                         .against = backend_named("emu"),
                         .measured = {device(4)},
                         .repeats = 1};
    const auto ignore = [](std::int64_t, std::int64_t) {};
    // Two runs warm up; then `direct` is late twice.
    const Study study = conduct(request, ignore);
    EXPECT_EQ(study.reference.late, 2);
    EXPECT_TRUE(study.reference.compared());
    EXPECT_EQ(study.configurations[0].late, 0);
    runs = 0;
    request.measured.device = device(8);
    const Study failed = conduct(request, ignore);
    EXPECT_EQ(failed.reference.late, 6);
    EXPECT_NE(failed.reference.failure.find("too late at 1x"), std::string::npos)
        << failed.reference.failure;
    EXPECT_TRUE(failed.configurations[0].compared());
}

// Where nobody asked for a pace, every second late run slows it down, for this configuration only.
TEST(LateRuns, AreSlowedDownWhereThePaceIsFree) {
    const Scenario scenario = made_up_scenario();
    const auto late_by = [](Duration by) {
        return [by](const DeviceSetup& setup) -> std::unique_ptr<Device> {
            return std::make_unique<LateDevice>(make_sim_device(setup), by);
        };
    };
    std::vector<double> asked;
    StudyRequest request{.scenario = scenario,
                         .policies = policies_named({"on-demand"}),
                         .budgets = budgets_named("12MiB"),
                         .against = backend_named("emu"),
                         .measured = {late_by(milliseconds(1000))},
                         .repeats = 1};
    request.measured.slower = [&](double times) {
        asked.push_back(times);
        return late_by(times > 2 ? Duration{} : milliseconds(1000));
    };
    const Study study = conduct(request, [](std::int64_t, std::int64_t) {});
    EXPECT_EQ(asked, (std::vector<double>{1.5, 1.5, 2.25, 1.5, 1.5, 2.25}));
    EXPECT_EQ(study.reference.late, 4);
    EXPECT_EQ(study.configurations[0].late, 4);
    EXPECT_TRUE(study.configurations[0].compared());
}

}  // namespace
}  // namespace swaplab
