// Questions that `compare` answers: knees, what-ifs, faster devices, advice.
#include <gtest/gtest.h>

#include <algorithm>

#include "experiments/compare/knee.h"
#include "experiments/compare/what_if.h"
#include "profiles/base/error.h"
#include "profiles/document/csv.h"
#include "profiles/document/document.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

using testing::cli;
using testing::CliResult;
using testing::TemporaryFolder;

// --- Faster devices -----------------------------------------------------------------------------

// A board whose reads and executions take `read` and `execute` times as long as they do.
std::string board(double read, double execute) {
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/device/1").member("name", "board");
    json.member("compute", "cpu").key("memory").begin_object();
    json.member("capacity_bytes", 4294967296).member("unified", true).end_object();
    json.key("read").begin_object().member("ns_per_byte", 0.5 * read);
    json.member("ns_per_request", 80000 * read).member("request_bytes", 1048576);
    json.key("after_idle").begin_object().member("gap_ns", 1000);
    json.member("ns", static_cast<std::int64_t>(40000 * read)).end_object().end_object();
    json.key("assemble").begin_object().member("ns_per_tensor", 20000).end_object();
    json.key("execute").begin_object();
    json.key("*").begin_object().member("ns_per_flop", 0.002 * execute);
    json.member("ns_per_layer", 30000 * execute).end_object();
    json.key("linear").begin_object().member("ns_per_byte", 0.5 * execute).end_object();
    json.end_object().key("modes").begin_array().begin_object().member("name", "slow");
    json.member("execute_scale", 2).member("read_scale", 3).end_object().end_array().end_object();
    return json.str();
}

// Latencies of two models under two policies.
std::vector<std::string> latencies_on(const TemporaryFolder& folder, const std::string& device) {
    const CliResult run = cli({"compare", "-m", "resnet101", "-d", device, "-p", "swapnet", "-p",
                               "pipeload", "-b", "0.4x,1.2x", "--csv", folder.file("out.csv")});
    EXPECT_EQ(run.code, 0) << run.err;
    const Csv csv = load_csv(folder.file("out.csv"));
    const std::size_t at = CsvColumns(csv).required("latency_mean_ns");
    std::vector<std::string> latencies;
    for (const CsvRow& row : csv.rows) latencies.push_back(row[at].text);
    return latencies;
}

TEST(FasterDevice, IsTheDeviceEditedByHand) {
    const TemporaryFolder folder;
    const std::string plain = folder.file("board.json");
    const std::string edited = folder.file("edited.json");
    testing::write_file(plain, board(1, 1));
    for (const auto& [read, execute, asked] : {std::tuple{0.5, 1.0, ":read=2x"},
                                               {1.0, 0.25, ":execute=4x"},
                                               {2.0, 0.5, ":read=0.5x,execute=2x"}}) {
        testing::write_file(edited, board(read, execute));
        const auto wanted = latencies_on(folder, edited);
        EXPECT_EQ(latencies_on(folder, plain + asked), wanted) << asked;
        EXPECT_NE(latencies_on(folder, plain), wanted) << asked;
        EXPECT_EQ(latencies_on(folder, plain + asked + ",mode=slow"),
                  latencies_on(folder, edited + ":mode=slow"))
            << asked;
    }
}

TEST(FasterDevice, IsStampedAndWrongFactorsAreRefused) {
    const CliResult run = cli({"run", "-m", "resnet101", "-d", "jetson-xavier-nx:read=2x", "-p",
                               "swapnet", "-b", "0.5x"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find("jetson-xavier-nx:read=2x"), std::string::npos) << run.out;
    for (const char* wrong : {"read=2", "read=0x", "read=-1x", "read=x", "write=2x"})
        EXPECT_EQ(cli({"run", "-m", "resnet101", "-d", std::string("jetson-xavier-nx:") + wrong,
                       "-p", "swapnet", "-b", "0.5x"})
                      .code,
                  2)
            << wrong;
}

// Times that a model has measured on the device are as much faster.
TEST(FasterDevice, MeasuredTimesFollow) {
    const TemporaryFolder folder;
    testing::write_file(folder.file("board.json"), board(1, 1));
    testing::write_file(folder.file("model.json"), R"({"schema": "swaplab/model/1", "name": "m",
        "measured_on": "board", "layers": [
        {"name": "a", "parameter_bytes": 1000000, "execute_ns": 8000000},
        {"name": "b", "parameter_bytes": 1000000, "execute_ns": 4000000}]})");
    testing::write_file(folder.file("anchored.json"), R"({"schema": "swaplab/model/1", "name": "m",
        "anchors": {"board": 12000000}, "layers": [
        {"name": "a", "parameter_bytes": 1000000, "macs": 8000},
        {"name": "b", "parameter_bytes": 1000000, "macs": 4000}]})");
    for (const char* model : {"model.json", "anchored.json"}) {
        const CliResult run =
            cli({"run", "-m", folder.file(model), "-d", folder.file("board.json") + ":execute=4x",
                 "-p", "direct", "--json"});
        ASSERT_EQ(run.code, 0) << run.err;
        const Document document = parse_json(run.out, "out");
        Fields latency(Fields(Field::root(document)).required("latency_ns"));
        EXPECT_EQ(latency.required("mean").as_integer(), 3000000) << model;
    }
}

// --- What if ------------------------------------------------------------------------------------

TEST(WhatIf, SaysWhatTheChangedDeviceSays) {
    const TemporaryFolder folder;
    const CliResult asked = cli({"compare", "-m", "resnet101", "-d", "jetson-xavier-nx", "-p",
                                 "swapnet", "-b", "0.5x", "--what-if", "read=2x,budget=+64MiB"});
    ASSERT_EQ(asked.code, 0) << asked.err;
    const auto latency = [&](const std::string& device, const std::string& budget) {
        const CliResult run =
            cli({"run", "-m", "resnet101", "-d", device, "-p", "swapnet", "-b", budget, "--json"});
        const Document document = parse_json(run.out, "out");
        Fields latency_ns(Fields(Field::root(document)).required("latency_ns"));
        return static_cast<double>(latency_ns.required("mean").as_integer());
    };
    const CliResult half = cli({"run", "-m", "resnet101", "-d", "jetson-xavier-nx", "-p", "swapnet",
                                "-b", "0.5x", "--json"});
    const Document document = parse_json(half.out, "out");
    const std::int64_t budget =
        Fields(Field::root(document)).required("budget_bytes").as_integer() + (64 << 20);
    const double before = latency("jetson-xavier-nx", "0.5x");
    const double read = latency("jetson-xavier-nx:read=2x", "0.5x");
    const double more = latency("jetson-xavier-nx", std::to_string(budget));
    const std::string wanted =
        text("0.5x, swapnet: storage 2x as fast {:+.1f} %, 64.00 MiB more {:+.1f} %",
             100 * (read / before - 1), 100 * (more / before - 1));
    EXPECT_NE(asked.out.find(wanted), std::string::npos) << wanted << '\n' << asked.out;
}

TEST(WhatIf, WishesAreRead) {
    EXPECT_EQ(parse_wishes("read=2x,budget=+64MiB").size(), 2U);
    for (const char* wrong : {"", "read", "read=2", "speed=2x", "budget=64MiB", "budget=+x"})
        EXPECT_THROW(parse_wishes(wrong), InputError) << wrong;
}

// --- Knees --------------------------------------------------------------------------------------

// Against every budget, a hundredth of the parameters apart.
TEST(Knee, IsThatOfAFullSweepWithATenthOfItsRuns) {
    Experiment asked;
    asked.models.push_back(choose_model("resnet101"));
    asked.devices.push_back(choose_device("jetson-xavier-nx"));
    const Scenario scenario = only_scenario_of(asked, "compare");
    const Testbed testbed = simulated_testbed();
    const std::vector<PolicyChoice> policies = testing::policies_named(
        {"swapnet", "pipeload", "on-demand", "demand-layering:pipeline=async"});
    const KneeRequest request{scenario, testbed, policies, latency_metric(), 0.01};
    const std::vector<Knee> knees = knees_of(request);
    ASSERT_EQ(knees.size(), policies.size());
    const std::int64_t step = scenario.parameter_bytes().count / 100;
    for (std::size_t i = 0; i < policies.size(); ++i) {
        const Knee& knee = knees[i];
        const Policy policy = policy_for(policies[i], scenario);
        const auto latency_at = [&](Bytes budget) {
            const RunResult result = run(request_of(scenario, testbed, budget), policy);
            return static_cast<double>(count_ns(result.latency.mean));
        };
        std::int64_t runs = 0;
        std::optional<Bytes> enough;
        for (Bytes budget = knee.minimum; budget.count <= 2 * scenario.parameter_bytes().count;
             budget += Bytes{step}) {
            ++runs;
            if (!enough && latency_at(budget) <= 1.01 * knee.best) enough = budget;
        }
        ASSERT_TRUE(enough.has_value()) << knee.policy;
        EXPECT_LE(std::abs(knee.enough.count - enough->count), step) << knee.policy;
        EXPECT_LE(knee.at_enough, 1.01 * knee.best) << knee.policy;
        EXPECT_LE(10 * knee.runs, runs) << knee.policy;
    }
}

TEST(Knee, LooksForBudgetsItself) {
    const std::vector<std::string> plain{
        "compare", "-m", "resnet101", "-d", "jetson-xavier-nx", "-p", "swapnet", "--knee", "5%"};
    const CliResult found = cli(plain);
    EXPECT_EQ(found.code, 0) << found.err;
    EXPECT_NE(found.out.find("swapnet needs "), std::string::npos) << found.out;
    std::vector<std::string> with_budget = plain;
    with_budget.insert(with_budget.end(), {"-b", "0.5x"});
    EXPECT_EQ(cli(with_budget).code, 2);
}

// --- Tables -------------------------------------------------------------------------------------

std::vector<std::string> compare_with(const std::vector<std::string>& more) {
    std::vector<std::string> all{"compare", "-m", "resnet101", "-d", "jetson-xavier-nx", "-p",
                                 "swapnet", "-p", "pipeload",  "-b", "0.5x,0.9x"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

TEST(Replications, AreSaidInTableAndLeads) {
    const CliResult table = cli(compare_with({"--replications", "8"}));
    EXPECT_NE(table.out.find("over 8 replications of noise (seed 0)"), std::string::npos);
    EXPECT_NE(table.out.find(" ±"), std::string::npos) << table.out;
    EXPECT_NE(table.out.find("The best against the next"), std::string::npos) << table.out;
    const CliResult one = cli(compare_with({"--noise"}));
    EXPECT_EQ(one.out.find('*'), one.out.find("* best")) << one.out;
    EXPECT_NE(one.out.find("of one draw of noise nobody is known to be best"), std::string::npos)
        << one.out;
}

TEST(Replications, PrecisionChoosesThem) {
    const CliResult chosen = cli(compare_with({"--precision", "0.5%", "--json"}));
    ASSERT_EQ(chosen.code, 0) << chosen.err;
    EXPECT_NE(chosen.err.find("replications bring every mean to within 0.5 %"), std::string::npos)
        << chosen.err;
    const Document document = parse_json(chosen.out, "out");
    for (const Field& result : Fields(Field::root(document)).required("results").as_array()) {
        Fields fields(result);
        const double mean = static_cast<double>(
            Fields(fields.required("latency_ns")).required("mean").as_integer());
        const double half = static_cast<double>(Fields(fields.required("replications"))
                                                    .required("latency_half_width_95_ns")
                                                    .as_integer());
        EXPECT_LE(half / mean, 0.005 + 1e-6);
    }
    EXPECT_EQ(cli(compare_with({"--precision", "1%", "--replications", "3"})).code, 2);
}

TEST(Replications, ADeviceWithoutNoiseRunsOnce) {
    const TemporaryFolder folder;
    testing::write_file(folder.file("board.json"), board(1, 1));
    const CliResult table =
        cli({"compare", "-m", "resnet101", "-d", folder.file("board.json"), "-p", "swapnet", "-p",
             "pipeload", "-b", "0.9x", "--replications", "8"});
    EXPECT_NE(table.err.find("has no noise: every draw is the mean, one run is all"),
              std::string::npos)
        << table.err;
    EXPECT_EQ(table.out.find("±"), std::string::npos) << table.out;
}

TEST(Metrics, OnesThatAScenarioLacksAreRefused) {
    EXPECT_EQ(cli(compare_with({"--metric", "ttft"})).code, 2);
    EXPECT_EQ(cli(compare_with({"--metric", "deadline-miss"})).code, 2);
    for (const char* metric : {"latency", "slowdown", "turn", "gap", "energy", "peak"})
        EXPECT_EQ(cli(compare_with({"--metric", metric})).code, 0) << metric;
    EXPECT_EQ(cli({"compare", "-m", "gpt2-medium:tokens=3", "-d", "jetson-orin-nano", "-p",
                   "pipeload", "-b", "1.2x", "--metric", "tpot"})
                  .code,
              0);
}

}  // namespace
}  // namespace swaplab
