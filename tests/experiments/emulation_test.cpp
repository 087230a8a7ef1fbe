// Emulation from the command line, Ctrl-C, and the order of what was done.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "experiments/compare/comparison_csv.h"
#include "experiments/compare/comparison_table.h"
#include "experiments/validate/run_order.h"
#include "experiments/validate/validation_report.h"
#include "profiles/base/error.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/model/model_file.h"
#include "sim/sim_device.h"
#include "tests/experiments/emulation_fixtures.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;
using testing::budgets_named;
using testing::cli;
using testing::CliResult;
using testing::made_up_scenario;
using testing::policies_named;
using testing::Quiet;
using testing::read_file;
using testing::small_model;
using testing::TemporaryFolder;
using testing::write_file;
using namespace swaplab::literals;
using std::chrono::milliseconds;

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
        {"--time-scale", "0"},    {"--time-scale", "slow"}, {"--lateness", "0"},
        {"--execute", "really"},  {"--memory-hog", "0"},    {"--execute", "torch"},
        {"--execute", "checksum"}};
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
    EXPECT_NE(result.err.find("(auto: the device reads 1.86 GiB/s at most"), std::string::npos)
        << result.err;
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

// More activations than any machine holds: the same as simulated where the budget is too small, and
// a refusal where none bounds them.
TEST_F(EmulatedCli, WhatNoMachineHoldsIsRefused) {
    write_file(model_, R"({"schema": "swaplab/model/1", "name": "m", "layers":
        [{"name": "a", "parameter_bytes": 4096, "output_bytes": 9007199254740992}]})");
    const std::string device = folder_.file("board.json");
    write_file(device, R"({"schema": "swaplab/device/1", "name": "board",
        "compute": "cpu", "memory": {"capacity_bytes": 1073741824, "unified": true},
        "read": {"ns_per_byte": 1.0}})");
    const auto run = [&](const std::string& policy, std::vector<std::string> more) {
        more.insert(more.begin(), {"run", "-m", model_, "-d", device, "-p", policy, "-b", "1GiB",
                                   "--pack-cache", folder_.file("packs")});
        return cli(more);
    };
    const std::vector<std::string> emulation{"--backend", "emu", "--time-scale", "1"};
    EXPECT_EQ(run("on-demand", {}).code, 3);
    EXPECT_EQ(run("on-demand", emulation).code, 3);
    const CliResult direct = run("direct", emulation);
    EXPECT_EQ(direct.code, 77);
    EXPECT_NE(direct.err.find("emulated memory is real memory"), std::string::npos) << direct.err;
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
    const Scenario scenario = made_up_scenario();
    Testbed testbed = simulated_testbed();
    testbed.stop = &stop;
    const ComparisonRequest request{.scenario = scenario,
                                    .testbed = testbed,
                                    .policies = policies_named({"load-all", "on-demand"}),
                                    .budgets = budgets_named("9MiB,12MiB")};
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
    const std::string table = comparison_table(comparison, latency_metric(), quiet.console);
    EXPECT_NE(table.find("? interrupted"), std::string::npos) << table;
    const Document document = parse_json(
        comparison_json({&comparison, 1}, "swaplab", ResultSchema::second, latency_metric()),
        "out");
    const std::vector<Field> results = Fields(Field::root(document)).required("results").as_array();
    ASSERT_EQ(results.size(), 4U);
    EXPECT_EQ(Fields(results[3]).required("verdict").as_string(), "interrupted");
}

// Rounds are compared as wholes: one that was interrupted counts for nobody. Round 0 warms up; the
// flag is set in round 3.
TEST(InterruptedStudy, KeepsTheRoundsThatAreComplete) {
    std::atomic<bool> stop{false};
    const Scenario scenario = made_up_scenario();
    Testbed testbed = simulated_testbed();
    testbed.stop = &stop;
    const StudyRequest request{.scenario = scenario,
                               .policies = policies_named({"load-all", "on-demand"}),
                               .budgets = budgets_named("12MiB"),
                               .against = backend_named("emu"),
                               .measured = testbed,
                               .repeats = 5};
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
