// Emulation from the command line: packs made on demand, the pace, what is late, and Ctrl-C.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "experiments/cli/interrupt.h"
#include "experiments/cli/pack_cache.h"
#include "experiments/emulation.h"
#include "experiments/host_pace.h"
#include "experiments/pace_check.h"
#include "experiments/report/comparison_csv.h"
#include "experiments/report/comparison_table.h"
#include "experiments/report/result_json.h"
#include "experiments/report/run_report.h"
#include "experiments/report/validation_report.h"
#include "experiments/validation/run_order.h"
#include "hw/storage/storage_error.h"
#include "profiles/builtin.h"
#include "profiles/error.h"
#include "profiles/model_file.h"
#include "sim/sim_device.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;
using testing::cli;
using testing::CliResult;
using testing::made_up_result;
using testing::made_up_scenario;
using testing::read_file;
using testing::TemporaryFolder;
using testing::write_file;
using namespace swaplab::literals;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// Six layers of 1 MiB and some bytes, so that no block is a number of pages.
Model small_model() {
    ModelSpec spec;
    spec.name = "six/layers";
    for (int i = 0; i < 6; ++i) {
        Layer layer;
        layer.name = "layer" + std::to_string(i);
        if (i > 0) layer.inputs = {LayerId{static_cast<std::uint32_t>(i - 1)}};
        layer.parameter_bytes = Bytes{(1 << 20) + 100 * i};
        layer.parameter_tensors = 2;
        layer.macs = 1'000'000;
        spec.layers.push_back(layer);
    }
    return Model(std::move(spec));
}

// A device that was so late, at its own pace.
class LateDevice final : public Device {
  public:
    LateDevice(std::unique_ptr<Device> device, Duration late)
        : device_(std::move(device)), late_(late) {}
    Time now() const override { return device_->now(); }
    Ticket submit(const Command& command) override { return device_->submit(command); }
    std::optional<Action> cancel(Ticket ticket) override { return device_->cancel(ticket); }
    const Completion* wait(Time until) override { return device_->wait(until); }
    void set_budget(Bytes budget, Bytes most) override { device_->set_budget(budget, most); }
    const MemoryReport& memory() const override { return device_->memory(); }
    std::vector<Waiting> waiting() const override { return device_->waiting(); }
    std::optional<Evidence> evidence() const override {
        Evidence evidence;
        evidence.pace = Pace{1, {{"compute", 9, late_, late_, late_, late_}}};
        return evidence;
    }

  private:
    std::unique_ptr<Device> device_;
    Duration late_;
};

// Where notes go; nothing is a terminal.
struct Quiet {
    std::ostringstream out, err;
    Console console{out, err, {}, false, false, false};
};

// --- The pace -----------------------------------------------------------------------------------

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
    ReadSpec& read = scenario.platform.nodes.front().read;
    read.cost.per_byte = 0.5;
    EXPECT_NEAR(device_rates(scenario.platform, scenario.models).streaming, 2e9, 1);
    read.concurrency = {1, 1.5, 2, 1.8};
    EXPECT_NEAR(device_rates(scenario.platform, scenario.models).streaming, 4e9, 1);
    EXPECT_NEAR(device_rates(scenario.platform, scenario.models).by_unit, 2e9, 1);
    read.cost.per_block = 1e6;
    const double bytes = 8 << 20;
    const ReadRates rates = device_rates(scenario.platform, scenario.models);
    EXPECT_NEAR(rates.streaming, 2 * bytes / (bytes * 0.5e-9 + 1e-3), 1);
    EXPECT_NEAR(rates.by_unit, bytes / (bytes * 0.5e-9 + 3e-3), 1);
    read.cost = {};
    EXPECT_EQ(device_rates(scenario.platform, scenario.models).streaming, 0);
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
    EXPECT_EQ(parse_lateness("").of(milliseconds(200)), milliseconds(2));
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
    scenario.backend = "emu";
    const RunResult late = emulated(
        2, {{"storage", 40, microseconds(2), milliseconds(4), milliseconds(6), milliseconds(8)}});
    const std::string report = run_report(late, scenario, std::nullopt);
    EXPECT_NE(report.find("2.000x the device's time"), std::string::npos) << report;
    EXPECT_NE(report.find("INVALID: more than 1.00 ms, 95 % of: storage 2.00 ms (at most 4.00 ms)"),
              std::string::npos)
        << report;
    JsonWriter json;
    write_result(json, late, Certificate(scenario), std::nullopt);
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

// --- Packs made on demand -----------------------------------------------------------------------

TEST(PackCache, MakesAPackOnceAndSaysSo) {
    const TemporaryFolder folder;
    const std::string cache = folder.file("a/b");
    Quiet first;
    const auto pack = cached_pack(small_model(), cache, first.console, nullptr);
    ASSERT_EQ(pack->index().layers.size(), 6U);
    for (std::uint32_t i = 0; i < 6; ++i) {
        EXPECT_EQ(pack->index().layers[i].name, small_model().layer({i}).name);
        EXPECT_EQ(pack->index().layers[i].size, align_up(Bytes{(1 << 20) + 100 * i}, Bytes{4096}));
    }
    EXPECT_NE(first.err.str().find("made a pack of 6.02 MiB in " + cache + "/six_layers-"),
              std::string::npos)
        << first.err.str();
    const auto written = fs::last_write_time(pack->parameters_path());
    Quiet second;
    const auto again = cached_pack(small_model(), cache, second.console, nullptr);
    EXPECT_EQ(again->folder(), pack->folder());
    EXPECT_EQ(fs::last_write_time(again->parameters_path()), written);
    EXPECT_EQ(second.err.str(), "");
    // Nothing half-written lies about, and another model has another pack.
    EXPECT_EQ(std::distance(fs::directory_iterator(cache), {}), 1);
    ModelSpec other = small_model().spec();
    other.layers[0].macs += 1;
    EXPECT_NE(cached_pack(Model(other), cache, second.console, nullptr)->folder(), pack->folder());
}

TEST(PackCache, StoredBytesAreWhatIsPacked) {
    const TemporaryFolder folder;
    ModelSpec spec = small_model().spec();
    spec.layers[2].stored_bytes = Bytes{10'000};
    Quiet quiet;
    const auto pack = cached_pack(Model(spec), folder.file("cache"), quiet.console, nullptr);
    EXPECT_EQ(pack->index().layers[2].size, Bytes{12'288});
    verify(*pack);
}

TEST(PackCache, ADamagedPackIsNamed) {
    const TemporaryFolder folder;
    Quiet quiet;
    const auto pack = cached_pack(small_model(), folder.file("cache"), quiet.console, nullptr);
    fs::resize_file(pack->parameters_path(), 4096);
    try {
        cached_pack(small_model(), folder.file("cache"), quiet.console, nullptr);
        FAIL() << "no error";
    } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find("remove " + pack->folder()), std::string::npos)
            << error.what();
    }
}

TEST(PackCache, AnInterruptLeavesNothingBehind) {
    const TemporaryFolder folder;
    const std::atomic<bool> stop{true};
    Quiet quiet;
    EXPECT_THROW(cached_pack(small_model(), folder.file("cache"), quiet.console, &stop),
                 Interrupted);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.file("cache")), {}), 0);
}

// As much as 2^50 bytes no disk has: refused before anything is written.
TEST(PackCache, AFullDiskIsATypedError) {
    const TemporaryFolder folder;
    ModelSpec spec = small_model().spec();
    spec.layers[0].parameter_bytes = Bytes{std::int64_t{1} << 50};
    Quiet quiet;
    EXPECT_THROW(cached_pack(Model(spec), folder.file("cache"), quiet.console, nullptr),
                 StorageError);
}

TEST(PackCache, IsWhereTheEnvironmentSays) {
    EXPECT_EQ(pack_cache_folder("here"), "here");
    setenv("XDG_CACHE_HOME", "/somewhere", 1);
    EXPECT_EQ(pack_cache_folder(""), "/somewhere/swaplab/packs");
    unsetenv("XDG_CACHE_HOME");
    const std::string home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
    setenv("HOME", "/me", 1);
    EXPECT_EQ(pack_cache_folder(""), "/me/.cache/swaplab/packs");
    unsetenv("HOME");
    EXPECT_THROW(pack_cache_folder(""), InputError);
    if (!home.empty()) setenv("HOME", home.c_str(), 1);
}

// --- The command line ---------------------------------------------------------------------------

// A model file and a cache, and emulation on them; times do not matter, so that a busy machine
// does not either.
class EmulatedCli : public ::testing::Test {
  protected:
    EmulatedCli() { write_file(model_, write_model(small_model())); }

    std::vector<std::string> arguments(const std::string& command,
                                       const std::vector<std::string>& more) const {
        std::vector<std::string> all{command, "-m", model_, "-d", "jetson-xavier-nx"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    std::vector<std::string> emulated(const std::string& command,
                                      const std::vector<std::string>& more) const {
        std::vector<std::string> all = arguments(command, {"--pack-cache", folder_.file("cache")});
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    TemporaryFolder folder_{fs::path(SWAPLAB_EXECUTABLE).parent_path()};
    std::string model_ = folder_.file("model.json");
};

TEST_F(EmulatedCli, ItsFlagsAreForItOnly) {
    const std::vector<std::vector<std::string>> flags{
        {"--time-scale", "2"},  {"--lateness", "2%"},     {"--page-cache"},
        {"--execute", "torch"}, {"--memory-hog", "1MiB"}, {"--memory-fence", "1GiB"}};
    for (std::vector<std::string> flag : flags) {
        std::vector<std::string> more{"-p", "swapnet", "-b", "0.8x"};
        more.insert(more.end(), flag.begin(), flag.end());
        for (const char* command : {"run", "compare"}) {
            const CliResult refused = cli(arguments(command, more));
            EXPECT_EQ(refused.code, 2) << flag[0];
            EXPECT_NE(refused.err.find(flag[0] + ": expected backend emu"), std::string::npos)
                << refused.err;
        }
    }
    const std::vector<std::vector<std::string>> wrong{
        {"--time-scale", "0"},   {"--time-scale", "slow"}, {"--lateness", "0"},
        {"--execute", "really"}, {"--memory-hog", "0"},    {"--execute", "torch"}};
    for (std::vector<std::string> more : wrong) {
        more.insert(more.end(), {"-p", "swapnet", "-b", "0.8x", "--backend", "emu"});
        EXPECT_EQ(cli(emulated("run", more)).code, 2) << more[0] << ' ' << more[1];
    }
}

// Bytes are those of the simulation, exactly, although the pack has whole pages.
TEST_F(EmulatedCli, RunsWhatWasAskedFor) {
    const std::vector<std::string> run{"-p", "swapnet", "-b", "0.8x", "--requests", "2", "--json"};
    const CliResult simulated = cli(arguments("run", run));
    std::vector<std::string> more = run;
    more.insert(more.end(), {"--backend", "emu", "--time-scale", "4", "--lateness", "100s"});
    const CliResult result = cli(emulated("run", more));
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_NE(result.err.find("made a pack of"), std::string::npos);
    const Document document = parse_json(result.out, "out");
    const Document expected = parse_json(simulated.out, "out");
    Fields fields(Field::root(document));
    Fields simulation(Field::root(expected));
    EXPECT_EQ(fields.required("kind").as_string(), "emulated");
    for (const char* same : {"swapped_in_bytes", "peak_bytes", "requests", "events"})
        EXPECT_EQ(fields.required(same).as_number(), simulation.required(same).as_number()) << same;
    Fields emulation(fields.required("emulation"));
    EXPECT_EQ(emulation.required("time_scale").as_number(), 4);
    EXPECT_TRUE(emulation.required("valid").as_bool());
    Fields certificate(fields.required("certificate"));
    Fields conditions(certificate.required("conditions"));
    EXPECT_EQ(conditions.required("time scale").as_string(), "4 (asked for)");
}

TEST_F(EmulatedCli, ALateRunIsInvalid) {
    const CliResult late = cli(emulated("run", {"-p", "swapnet", "-b", "0.8x", "--backend", "emu",
                                                "--time-scale", "2", "--lateness", "1ns"}));
    EXPECT_EQ(late.code, 1);
    EXPECT_NE(late.err.find("the run is invalid"), std::string::npos) << late.err;
    EXPECT_NE(late.out.find("INVALID"), std::string::npos) << late.out;
    const CliResult cells =
        cli(emulated("compare", {"-p", "swapnet", "-p", "on-demand", "-b", "0.8x", "--backend",
                                 "emu", "--time-scale", "2", "--lateness", "1ns"}));
    EXPECT_EQ(cells.code, 1);
    EXPECT_NE(cells.err.find("2 of 2 runs are invalid"), std::string::npos) << cells.err;
    EXPECT_NE(cells.out.find("~ invalid"), std::string::npos) << cells.out;
    const CliResult study =
        cli(emulated("validate", {"-p", "swapnet", "-b", "0.8x", "--against", "emu", "--repeats",
                                  "1", "--time-scale", "2", "--lateness", "1ns"}));
    EXPECT_EQ(study.code, 1);
    EXPECT_NE(study.out.find("too late at 2x the device's time"), std::string::npos) << study.out;
}

// The pace is chosen by measuring, and said.
TEST_F(EmulatedCli, ChoosesItsPace) {
    const CliResult result =
        cli(emulated("run", {"-p", "direct", "--backend", "emu", "--lateness", "100s", "--noise"}));
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_NE(result.err.find("(auto: the device reads 2."), std::string::npos) << result.err;
}

TEST_F(EmulatedCli, ValidatesBytesAndOrder) {
    const CliResult result =
        cli(emulated("validate", {"-p",           "swapnet",
                                  "-p",           "demand-layering:pipeline=async",
                                  "-p",           "pipeload",
                                  "-b",           "min",
                                  "--against",    "emu",
                                  "--repeats",    "2",
                                  "--time-scale", "2",
                                  "--lateness",   "100s",
                                  "--gate",       "bytes=1,order=1",
                                  "--trace",      folder_.file("both.svg")}));
    EXPECT_EQ(result.code, 0) << result.err << result.out;
    EXPECT_NE(result.out.find("simulated  emulated"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("at 2.000x the device's time, 2 runs of each"), std::string::npos)
        << result.out;
    const std::string trace = read_file(folder_.file("both.svg"));
    EXPECT_NE(trace.find("emulated: jetson-xavier-nx"), std::string::npos);
}

TEST_F(EmulatedCli, PacksSizesWithoutWeights) {
    const CliResult made =
        cli({"pack", model_, "--synthetic", "--seed", "3", "-o", folder_.file("pack"), "--verify"});
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_NE(made.err.find("pseudo-random"), std::string::npos);
    EXPECT_EQ(Pack(folder_.file("pack")).index().layers.size(), 6U);
    EXPECT_EQ(cli({"pack", model_, "--synthetic", "-o", folder_.file("pack")}).code, 2);
    EXPECT_EQ(cli({"pack", "--synthetic", "-o", folder_.file("other")}).code, 2);
    EXPECT_EQ(
        cli({"pack", model_, "--synthetic", "--input", "1x3", "-o", folder_.file("other")}).code,
        2);
    // It is used as it is; nothing is made.
    const CliResult run = cli({"run", "-m", folder_.file("pack"), "-d", "jetson-xavier-nx", "-p",
                               "on-demand", "-b", "min", "--backend", "emu", "--time-scale", "2",
                               "--lateness", "100s", "--pack-cache", folder_.file("unused")});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_FALSE(fs::exists(folder_.file("unused")));
}

// --- Ctrl-C -------------------------------------------------------------------------------------

// `swaplab ARGUMENTS...` in a process of its own, with its output in files.
pid_t start(const std::vector<std::string>& arguments, const std::string& out,
            const std::string& err) {
    std::vector<char*> argv{const_cast<char*>(SWAPLAB_EXECUTABLE)};
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    if (std::freopen(out.c_str(), "w", stdout) == nullptr ||
        std::freopen(err.c_str(), "w", stderr) == nullptr)
        _exit(99);
    execv(SWAPLAB_EXECUTABLE, argv.data());
    _exit(99);
}

// The decision log is being written, under its temporary name: more than a request is in it.
bool is_being_written(const TemporaryFolder& folder, const std::string& name) {
    std::error_code ignored;
    for (const std::string& file : folder.names())
        if (file.starts_with(name + '.') && fs::file_size(folder.file(file), ignored) > (1 << 18))
            return true;
    return false;
}

TEST_F(EmulatedCli, AnInterruptedRunHasWhatWasMeasured) {
    const pid_t child = start(
        emulated("run", {"-p", "swapnet", "-b", "0.8x", "--backend", "emu", "--time-scale", "1",
                         "--requests", "1000000", "--decisions", folder_.file("log.jsonl"),
                         "--trace", folder_.file("trace.json"), "--json"}),
        folder_.file("out"), folder_.file("err"));
    ASSERT_GT(child, 0);
    int status = 0;
    while (!is_being_written(folder_, "log.jsonl")) {
        ASSERT_EQ(waitpid(child, &status, WNOHANG), 0) << read_file(folder_.file("err"));
        std::this_thread::sleep_for(milliseconds(5));  // between two looks
    }
    kill(child, SIGINT);
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 130) << read_file(folder_.file("err"));
    EXPECT_NE(read_file(folder_.file("err")).find("interrupted, ending the run"),
              std::string::npos);
    const Document document = parse_json(read_file(folder_.file("out")), "out");
    Fields fields(Field::root(document));
    EXPECT_EQ(fields.required("verdict").as_string(), "interrupted");
    EXPECT_GE(fields.required("requests").as_number(), 1);
    EXPECT_EQ(fields.required("requests_asked").as_number(), 1e6);
    const CliResult replayed = cli({"replay", folder_.file("log.jsonl")});
    EXPECT_EQ(replayed.code, 0) << replayed.out << replayed.err;
    parse_json(read_file(folder_.file("trace.json")), "trace");
}

// The flag is set when two of four cells have run: those stay, the others say why they are missing.
TEST(InterruptedComparison, KeepsTheCellsThatRan) {
    std::atomic<bool> stop{false};
    Scenario scenario = made_up_scenario();
    scenario.factory = make_sim_device;
    scenario.stop = &stop;
    const ComparisonRequest request{
        scenario, {"load-all", "on-demand"}, parse_budgets({"9MiB,12MiB"})};
    const Comparison comparison = compare(request, [&](std::int64_t done, std::int64_t) {
        if (done == 2) stop.store(true);
    });
    EXPECT_TRUE(comparison.interrupted);
    ASSERT_EQ(comparison.cells.size(), 2U);
    for (const RunResult& cell : comparison.cells[0]) EXPECT_EQ(cell.verdict, Verdict::ok);
    for (const RunResult& cell : comparison.cells[1]) {
        EXPECT_EQ(cell.verdict, Verdict::interrupted);
        EXPECT_EQ(cell.budget, 12_MiB);
    }
    Quiet quiet;
    const std::string table =
        comparison_table(comparison, scenario, Metric::latency, quiet.console);
    EXPECT_NE(table.find("? interrupted"), std::string::npos) << table;
    const Certificate certificate(scenario);
    const Document document = parse_json(comparison_json(comparison, certificate), "out");
    const std::vector<Field> results = Fields(Field::root(document)).required("results").as_array();
    ASSERT_EQ(results.size(), 4U);
    EXPECT_EQ(Fields(results[3]).required("verdict").as_string(), "interrupted");
}

// Rounds are compared as wholes: one that was interrupted counts for nobody. Round 0 warms up; the
// flag is set in round 3.
TEST(InterruptedStudy, KeepsTheRoundsThatAreComplete) {
    std::atomic<bool> stop{false};
    Scenario scenario = made_up_scenario();
    scenario.factory = make_sim_device;
    StudyRequest request{scenario, {"load-all", "on-demand"}, parse_budgets({"12MiB"}),
                         "emu",    make_sim_device,           5};
    request.stop = &stop;
    const Study study = conduct(request, [&](std::int64_t done, std::int64_t) {
        if (done == 3 * 3 + 2) stop.store(true);
    });
    EXPECT_TRUE(study.interrupted);
    EXPECT_EQ(study.reference.measured.size(), 2U);
    for (const Configuration& configuration : study.configurations) {
        EXPECT_EQ(configuration.measured.size(), 2U);
        EXPECT_EQ(configuration.measured_orders.size(), 2U);
    }
    Validation validation;
    validation.studies.push_back(study);
    validation.assessment = assess(validation.studies);
    validation.gates = parse_gates("worst=0%,bytes=1,order=1");
    judge(validation.gates, validation.assessment);
    for (const Gate& gate : validation.gates) EXPECT_TRUE(gate.met()) << gate.name;
    EXPECT_NE(validation_report(validation).find("interrupted: 2 rounds complete"),
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
    Scenario scenario = made_up_scenario();
    scenario.factory = make_sim_device;
    int runs = 0;
    // Sim with a pace: late in its first `late` runs.
    const auto device = [&runs](int late) {
        return [&runs, late](const DeviceSetup& setup) -> std::unique_ptr<Device> {
            const Duration by = runs++ < late ? milliseconds(1000) : Duration{};
            return std::make_unique<LateDevice>(make_sim_device(setup), by);
        };
    };
    StudyRequest request{scenario, {"on-demand"}, parse_budgets({"12MiB"}), "emu", device(4), 1};
    const auto ignore = [](std::int64_t, std::int64_t) {};
    // Two runs warm up; then `direct` is late twice.
    const Study study = conduct(request, ignore);
    EXPECT_EQ(study.reference.late, 2);
    EXPECT_TRUE(study.reference.compared());
    EXPECT_EQ(study.configurations[0].late, 0);
    runs = 0;
    request.measured = device(8);
    const Study failed = conduct(request, ignore);
    EXPECT_EQ(failed.reference.late, 6);
    EXPECT_NE(failed.reference.failure.find("too late at 1x"), std::string::npos)
        << failed.reference.failure;
    EXPECT_TRUE(failed.configurations[0].compared());
}

// Where nobody asked for a pace, every second late run slows it down, for this configuration only.
TEST(LateRuns, AreSlowedDownWhereThePaceIsFree) {
    Scenario scenario = made_up_scenario();
    scenario.factory = make_sim_device;
    const auto late_by = [](Duration by) {
        return [by](const DeviceSetup& setup) -> std::unique_ptr<Device> {
            return std::make_unique<LateDevice>(make_sim_device(setup), by);
        };
    };
    std::vector<double> asked;
    StudyRequest request{
        scenario, {"on-demand"}, parse_budgets({"12MiB"}), "emu", late_by(milliseconds(1000)), 1};
    request.slower = [&](double times) {
        asked.push_back(times);
        return late_by(times > 2 ? Duration{} : milliseconds(1000));
    };
    const Study study = conduct(request, [](std::int64_t, std::int64_t) {});
    EXPECT_EQ(asked, (std::vector<double>{1.5, 1.5, 2.25, 1.5, 1.5, 2.25}));
    EXPECT_EQ(study.reference.late, 4);
    EXPECT_EQ(study.configurations[0].late, 4);
    EXPECT_TRUE(study.configurations[0].compared());
}

// --- Orders -------------------------------------------------------------------------------------

RunOrder order_of(const Platform& platform, const std::string& spec, bool noise) {
    const auto model = std::make_shared<const Model>(small_model());
    Workload workload;
    workload.jobs.emplace_back().model = model;
    const Policy policy = make_policy(spec);
    OrderRecorder recorder;
    RunRequest request{platform, workload, Bytes{6 << 20}};
    request.device = make_sim_device;
    request.observer = &recorder;
    if (noise) request.noise = NoiseKey{1, 0};
    run(request, policy);
    return recorder.order();
}

// Other durations are another run, but not another order; another policy is.
TEST(RunOrder, IsOfDecisionsNotOfTimes) {
    Platform platform = builtin_device("jetson-xavier-nx").value();
    platform.nodes[0].noise.cv[static_cast<std::size_t>(Activity::execute)] = 1e-6;
    const RunOrder order = order_of(platform, "on-demand", false);
    EXPECT_EQ(order_of(platform, "on-demand", false), order);
    EXPECT_EQ(order_of(platform, "on-demand", true), order);
    EXPECT_NE(order_of(platform, "demand-layering", false), order);
    EXPECT_NE(order.commands, 0U);
    EXPECT_NE(order.completions, 0U);
}

}  // namespace
}  // namespace swaplab
