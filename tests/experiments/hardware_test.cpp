// From a TorchScript file to a measured run, a replayed log and a validation, on this machine.
#include "tests/experiments/hardware.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>
#include <sstream>

namespace swaplab::testing {
namespace {

using Arguments = std::vector<std::string>;

// Through the executable, where each command loads LibTorch anew.
CliResult execute(const std::string& folder, const std::string& command) {
    const std::string line =
        "cd '" + folder + "' && '" SWAPLAB_EXECUTABLE "' " + command + " >out.txt 2>err.txt";
    int code = WEXITSTATUS(std::system(line.c_str()));
    if (leak_check_failed(read_file(folder + "/err.txt")))
        code = WEXITSTATUS(std::system(line.c_str()));
    return {code, read_file(folder + "/out.txt"), read_file(folder + "/err.txt")};
}

bool two_different(const std::vector<std::string>& outputs) {
    return outputs.size() == 2 && outputs[0] != outputs[1];
}

// Storage served what the policy asked for, and no page cache did.
void expect_reads(const Json& result) {
    const std::string storage = result.string("certificate.conditions.storage");
    if (storage.find(", direct,") == std::string::npos) {
        std::cout << "bytes read are not checked without direct I/O: " << storage << '\n';
        return;
    }
    const auto swapped = static_cast<double>(result.count("swapped_in_bytes"));
    const auto read = static_cast<double>(result.count("evidence.read_from_storage_bytes"));
    EXPECT_NEAR(read, swapped, 0.01 * swapped);
}

void expect_measured(const Json& result) {
    EXPECT_EQ(result.string("kind"), "measured");
    EXPECT_EQ(result.string("verdict"), "ok");
    EXPECT_TRUE(result.at("evidence.outputs_equal").as_bool());
    for (const std::vector<std::string>& job : result.outputs()) EXPECT_TRUE(two_different(job));
    if (!result.is_null("budget_bytes")) {
        EXPECT_LE(result.count("evidence.committed_peak_bytes"), result.count("budget_bytes"));
    }
    expect_reads(result);
}

TEST_F(Hardware, FromATorchScriptFileToAMeasuredRun) {
    const TemporaryFolder folder{std::filesystem::path(SWAPLAB_EXECUTABLE).parent_path()};
    std::filesystem::copy(file("cnn.pt"), folder.file("cnn.pt"));
    const auto step = [&](const std::string& command) {
        const CliResult result = execute(folder.path().string(), command);
        EXPECT_EQ(result.code, 0) << command << '\n' << result.err;
        return result.out;
    };
    step("pack cnn.pt -o net --verify");
    EXPECT_EQ(read_file(folder.file("net/index.json")), read_file(file("cnn/index.json")));
    step("profile -m net --time-limit 500ms -o net.csv");
    EXPECT_NE(read_file(folder.file("net.csv")).find(",fresh,"), std::string::npos);
    step("fit net.csv -o here.json --layers net");
    const std::string plan = step("plan -m net -d here.json -p swapnet -b min");
    EXPECT_NE(plan.find("conv2d"), std::string::npos) << plan;
    const Json result(
        step("run -m net -d here.json --backend cpu -p swapnet -b min --requests 2 "
             "--decisions log.jsonl --json"));
    expect_measured(result);
    EXPECT_TRUE(result.at("validated").as_bool());
    EXPECT_NE(step("replay log.jsonl").find("no divergence"), std::string::npos);
    EXPECT_EQ(folder.names(), (Arguments{"cnn.pt", "err.txt", "here.json", "log.jsonl", "net",
                                         "net.csv", "out.txt"}));
}

struct Study {
    const char* model;
    Arguments budgets;  // the last two are enough for every policy
};

const Arguments& policies() {
    static const Arguments all{"direct",    "load-all",   "standard-swap",
                               "on-demand", "swapnet",    "demand-layering",
                               "pipeload",  "pipeswitch", "demand-layering:pipeline=sequential"};
    return all;
}

// Either the outputs of `direct` within the budget, or the budget that would do.
void expect_outcome(const CliResult& result, bool may_be_infeasible) {
    const Json json(result.out);
    if (result.code == 3 && may_be_infeasible) {
        EXPECT_GT(json.count("minimum_budget_bytes"), json.count("budget_bytes"));
        return;
    }
    ASSERT_EQ(result.code, 0) << result.err << result.out;
    expect_measured(json);
}

TEST_F(Hardware, EveryPolicyAtEveryBudget) {
    const Study studies[]{{"wide", {"0.5x", "1.1x", "min"}},
                          {"transformer", {"80KiB", "1MiB", "min"}},
                          {"gpt", {"0.3x", "2x", "min"}},
                          {"tied", {"70KiB", "1MiB", "min"}},
                          {"cnn", {"1MiB", "min"}}};
    for (const Study& study : studies) {
        for (const std::string& policy : policies()) {
            for (std::size_t b = 0; b < study.budgets.size(); ++b) {
                const std::string& budget = study.budgets[b];
                SCOPED_TRACE(std::string(study.model) + ' ' + policy + ' ' + budget);
                std::filesystem::remove(file("log.jsonl"));
                const CliResult result =
                    run(study.model, {"--backend", "cpu", "-p", policy, "-b", budget, "--requests",
                                      "2", "--decisions", file("log.jsonl"), "--json"});
                expect_outcome(result, b + 2 < study.budgets.size());
                EXPECT_EQ(std::filesystem::exists(file("log.jsonl")), result.code == 0);
                if (result.code != 0) continue;
                const CliResult replayed = cli({"replay", file("log.jsonl")});
                EXPECT_EQ(replayed.code, 0) << replayed.out << replayed.err;
            }
        }
    }
}

TEST_F(Hardware, AnAlteredObservationIsReportedAtItsLine) {
    const CliResult result = run("wide", {"--backend", "cpu", "-p", "swapnet", "-b", "0.5x",
                                          "--decisions", file("log.jsonl"), "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    // The last line that tells of memory: on a quick machine everything may complete between two
    // looks of the runner, and the log is a few lines short.
    std::string log = read_file(file("log.jsonl"));
    constexpr std::string_view kMark = "\"memory_in_use_bytes\": ";
    const std::size_t at = log.rfind(kMark);
    ASSERT_NE(at, std::string::npos) << log;
    log.insert(at + kMark.size(), 1, '1');
    const auto before = log.begin() + static_cast<std::ptrdiff_t>(at);
    const auto changed = std::count(log.begin(), before, '\n') + 1;
    write_file(file("altered.jsonl"), log);
    const CliResult replayed = cli({"replay", file("altered.jsonl")});
    EXPECT_EQ(replayed.code, 1) << replayed.err;
    const std::string where = "altered.jsonl:" + std::to_string(changed) + ": ";
    EXPECT_NE(replayed.out.find(where), std::string::npos) << replayed.out;
}

TEST_F(Hardware, BelowTheMinimumNothingIsRunOrWritten) {
    const Arguments before = names();
    const auto with_budget = [](const std::string& budget) {
        return run("wide", {"--backend", "cpu", "-p", "swapnet", "-b", budget, "--decisions",
                            file("never.jsonl"), "--trace", file("never.svg"), "--json"});
    };
    const CliResult refused = with_budget("100KiB");  // two layers have 128 KiB
    EXPECT_EQ(refused.code, 3) << refused.err;
    const Json json(refused.out);
    EXPECT_EQ(json.string("verdict"), "infeasible");
    const std::int64_t minimum = json.count("minimum_budget_bytes");
    EXPECT_EQ(names(), before);
    // And that one is the smallest.
    EXPECT_EQ(with_budget(std::to_string(minimum - 1)).code, 3);
    EXPECT_EQ(names(), before);
    const CliResult least = run("wide", {"--backend", "cpu", "-p", "swapnet", "-b",
                                         std::to_string(minimum), "--requests", "2", "--json"});
    ASSERT_EQ(least.code, 0) << least.err;
    expect_measured(Json(least.out));
}

TEST_F(Hardware, TwoModelsAtOnceHaveTheOutputsOfEachAlone) {
    const auto outputs = [](const Arguments& more) {
        Arguments arguments{"--backend", "cpu", "-p", "swapnet", "--requests", "2", "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const CliResult result = run("cnn", arguments);
        EXPECT_EQ(result.code, 0) << result.err;
        const Json json(result.out);
        expect_measured(json);
        return json.outputs();
    };
    const auto both = outputs({"-m", file("transformer"), "-b", "1MiB"});
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0], outputs({"-b", "1MiB"}).at(0));
    const auto twice = outputs({"-m", file("cnn"), "-b", "min"});
    EXPECT_EQ(twice, (std::vector{both[0], both[0]}));
}

TEST_F(Hardware, ValidateComparesAndGates) {
    const auto validate = [](const Arguments& more) {
        Arguments arguments{"--against", "cpu",      "-p",        "swapnet", "-p",    "on-demand",
                            "-b",        "min,1MiB", "--repeats", "2",       "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return on_board("validate", "cnn", arguments);
    };
    const CliResult result = validate({"--csv", file("points.csv"), "--plot", file("points.svg")});
    ASSERT_EQ(result.code, 0) << result.err;
    const Json json(result.out);
    EXPECT_EQ(json.count("summary.configurations"), 4);
    EXPECT_TRUE(json.at("summary.inputs_differ").as_bool());
    const Field study = json.at("studies").item(0);
    Fields members(study);
    EXPECT_EQ(members.required("kind").as_string(), "measured");
    const auto configurations = members.required("configurations").as_array();
    ASSERT_EQ(configurations.size(), 4U);
    std::set<std::string> seen;
    for (const Field& item : configurations) {
        Fields one(item);
        seen.insert(one.required("policy").as_string() + ' ' + one.required("budget").as_string());
        EXPECT_EQ(one.required("measured_latency_ns").as_array().size(), 2U);
        EXPECT_GT(one.required("predicted_latency_ns").as_count(), 0);
        EXPECT_TRUE(one.required("outputs_equal").as_bool());
        EXPECT_TRUE(one.required("within_budget").as_bool());
    }
    EXPECT_EQ(seen, (std::set<std::string>{"swapnet min", "swapnet 1MiB", "on-demand min",
                                           "on-demand 1MiB"}));
    EXPECT_EQ(std::ranges::count(read_file(file("points.csv")), '\n'), 1 + 5 * 2);
    EXPECT_NE(read_file(file("points.svg")).find("<svg"), std::string::npos);

    EXPECT_EQ(validate({"--gate", "outputs=1,memory=1"}).code, 0);
    const CliResult missed = validate({"--gate", "median=0.0001%"});
    EXPECT_EQ(missed.code, 4) << missed.err;
    EXPECT_NE(missed.out.find("\"asked\": true"), std::string::npos);
}

}  // namespace
}  // namespace swaplab::testing
