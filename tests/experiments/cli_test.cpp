#include "experiments/cli.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "experiments/commands.h"
#include "experiments/text/layout.h"
#include "profiles/base/error.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/device/device_file.h"
#include "profiles/document/document.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

using testing::cli;
using testing::CliResult;
using testing::TemporaryFolder;
using Arguments = std::vector<std::string>;

// A run that takes a millisecond, and more arguments behind it.
Arguments run_with(const Arguments& more, const std::string& command = "run") {
    Arguments all{command, "-m", "resnet101", "-d", "jetson-xavier-nx"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

TEST(Cli, VersionAndHelp) {
    EXPECT_EQ(cli({"--version"}).out.substr(0, 8), "swaplab ");
    EXPECT_EQ(cli({"--help"}).code, 0);
    for (const CliCommand& each : commands()) {
        const CommandText& command = each.text();
        const CliResult help = cli({std::string(command.name), "--help"});
        EXPECT_EQ(help.code, 0);
        EXPECT_NE(help.out.find("Examples"), std::string::npos) << command.name;
        std::istringstream lines(help.out);
        for (std::string line; std::getline(lines, line);)
            EXPECT_LE(display_width(line), 80U) << line;
    }
}

TEST(Cli, EveryExampleOfTheHelpParses) {
    for (const CliCommand& command : commands()) {
        const CommandText& text = command.text();
        EXPECT_TRUE(std::string(text.examples).starts_with("swaplab " + std::string(text.name)));
    }
}

TEST(Cli, WrongUsageIsCode2AndSuggests) {
    const std::vector<std::pair<Arguments, std::string>> cases{
        {{}, "a command is needed"},
        {{"rnu"}, "did you mean 'run'"},
        {{"run", "--budgt", "5"}, "did you mean '--budget'"},
        {{"run"}, "a model is needed"},
        {{"run", "-m"}, "--model needs a value"},
        {{"run", "-m", "vgg19"}, "a device is needed"},
        {run_with({}), "a policy is needed"},
        {run_with({"-p", "swapnet"}), "needs a budget"},
        {run_with({"-p", "swapnt", "-b", "1x"}), "did you mean 'swapnet'"},
        {run_with({"-p", "swapnet", "-b", "-5"}), "must be positive"},
        {run_with({"-p", "swapnet", "-b", "0"}), "must be positive"},
        {run_with({"-p", "swapnet", "-b", "1x", "extra"}), "unexpected argument 'extra'"},
        {run_with({"-p", "swapnet", "-b", "1x", "-b", "2x"}), "one budget only"},
        {run_with({"-p", "swapnet", "-b", "1x", "--requests", "0"}), "--requests"},
        {run_with({"-p", "swapnet", "-b", "1x", "--mode", "warm"}), "unknown mode"},
        {run_with({"-p", "swapnet", "-b", "1x", "--account", "none"}), "unknown account"},
        {run_with({"-p", "swapnet", "-b", "1x", "--swap-path", "x"}), "unknown swap path"},
        {run_with({"-p", "swapnet", "-b", "1x", "--backend", "cuda"}), "swaplab pack"},
        {run_with({"-p", "direct", "--swap-path", "staged"}), "direct"},
        {run_with({"-p", "direct", "--frozen"}), "--frozen: expected backend cpu"},
        {run_with({"--metric", "speed"}, "compare"), "unknown metric"},
        {{"show", "model"}, "which model"},
        {{"show", "policy", "swapnt"}, "did you mean 'swapnet'"},
        {{"list", "modls"}, "did you mean 'models'"},
    };
    for (const auto& [arguments, expected] : cases) {
        const CliResult result = cli(arguments);
        EXPECT_EQ(result.code, 2) << expected;
        EXPECT_EQ(result.out, "") << expected;
        EXPECT_NE(result.err.find(expected), std::string::npos) << result.err;
    }
}

TEST(Cli, InfeasibleIsCode3AndMinIsEnough) {
    const Arguments tight = run_with({"-p", "swapnet", "-b", "1MiB", "--json"});
    const CliResult refused = cli(tight);
    EXPECT_EQ(refused.code, 3);
    const Document document = parse_json(refused.out, "out");
    Fields result(Field::root(document));
    EXPECT_EQ(result.required("verdict").as_string(), "infeasible");
    const std::int64_t minimum = result.required("minimum_budget_bytes").as_integer();
    const auto with = [](std::int64_t bytes) {
        return cli(run_with({"-p", "swapnet", "-b", std::to_string(bytes)})).code;
    };
    EXPECT_EQ(with(minimum), 0);
    EXPECT_EQ(with(minimum - 1), 3);
    EXPECT_EQ(cli(run_with({"-p", "swapnet", "-b", "min"})).code, 0);
    EXPECT_EQ(cli(run_with({"-p", "swapnet", "-b", "1MiB"}, "plan")).code, 3);
    EXPECT_EQ(cli(run_with({"-p", "swapnet", "-b", "1MiB"}, "compare")).code, 3);
    EXPECT_EQ(cli(run_with({"-p", "swapnet", "-b", "1MiB,min"}, "compare")).code, 0);
    EXPECT_EQ(cli(run_with({"-p", "direct", "-p", "swapnet", "-b", "1MiB"}, "compare")).code, 3);
}

// The figure in joules is that of the JSON, in every output; without power figures it is null.
TEST(Cli, EnergyIsReported) {
    const CliResult run = cli(run_with({"-p", "swapnet", "-b", "1x", "--json"}));
    const Document document = parse_json(run.out, "out");
    Fields result(Field::root(document));
    EXPECT_GT(result.required("energy_j").as_number(), 0);
    const CliResult table =
        cli(run_with({"-p", "swapnet", "-b", "1x", "--metric", "energy"}, "compare"));
    EXPECT_EQ(table.code, 0);
    EXPECT_NE(table.out.find("Energy in J"), std::string::npos) << table.out;

    testing::TemporaryFolder folder;
    Platform platform = *builtin_device("jetson-xavier-nx");
    platform.nodes[0].power.reset();
    const std::string file = folder.file("board.json");
    testing::write_file(file, write_device(platform));
    const CliResult refused =
        cli({"compare", "-m", "vgg19", "-d", file, "--metric", "energy", "-b", "1x"});
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.err.find("'power'"), std::string::npos) << refused.err;
    const CliResult unknown =
        cli({"run", "-m", "vgg19", "-d", file, "-p", "swapnet", "-b", "1x", "--json"});
    EXPECT_NE(unknown.out.find("\"energy_j\": null"), std::string::npos) << unknown.out;
}

TEST(Cli, ALargeBudgetIsNotedOnStderrOnly) {
    const CliResult noted = cli(run_with({"-p", "swapnet", "-b", "1TiB"}));
    EXPECT_EQ(noted.code, 0);
    EXPECT_NE(noted.err.find("more than"), std::string::npos) << noted.err;
    EXPECT_EQ(cli(run_with({"-p", "swapnet", "-b", "1TiB", "-q"})).err, "");
}

TEST(Cli, FlagsStandAboveTheEnvironment) {
    setenv("SWAPLAB_BUDGET", "1MiB", 1);
    setenv("SWAPLAB_SWAP_PATH", "staged", 1);
    EXPECT_EQ(cli(run_with({"-p", "swapnet"})).code, 3);
    const CliResult staged = cli(run_with({"-p", "swapnet", "-b", "1x", "--json"}));
    EXPECT_NE(staged.out.find("\"swap_path\": \"staged\""), std::string::npos);
    const CliResult flag = cli(run_with({"-p", "swapnet", "-b", "0.9x", "--json"}));
    EXPECT_EQ(flag.code, 0);  // not 1 MiB
    EXPECT_EQ(flag.out.find("\"budget_bytes\": 1048576,"), std::string::npos);
    unsetenv("SWAPLAB_BUDGET");
    unsetenv("SWAPLAB_SWAP_PATH");
}

TEST(Cli, WhatShowWritesCanBePassedBack) {
    const TemporaryFolder folder;
    const std::string model = folder.file("model.json");
    const std::string device = folder.file("device.json");
    testing::write_file(model, cli({"show", "model", "resnet101", "--json"}).out);
    testing::write_file(device, cli({"show", "device", "jetson-xavier-nx", "--json"}).out);
    const Arguments rest{"-p", "swapnet", "-b", "0.5x"};
    const CliResult built_in = cli(run_with(rest));
    const CliResult from_files =
        cli({"run", "-m", model, "-d", device, "-p", "swapnet", "-b", "0.5x"});
    EXPECT_EQ(built_in.code, 0);
    const auto body = [](const CliResult& r) {
        return r.out.substr(0, r.out.find("unvalidated"));  // this note names the path
    };
    EXPECT_EQ(body(built_in), body(from_files));
}

TEST(Cli, SameCommandSameBytes) {
    const TemporaryFolder folder;
    const auto once = [&](const std::string& name) {
        const CliResult result = cli(run_with(
            {"-b", "min,0.3x,1x", "--csv", folder.file("a.csv"), "--plot", folder.file("a.svg")},
            "compare"));
        EXPECT_EQ(result.code, 0) << result.err;
        const std::string all = result.out + testing::read_file(folder.file("a.csv")) +
                                testing::read_file(folder.file("a.svg"));
        EXPECT_GT(all.size(), 10'000U) << name;
        return all;
    };
    EXPECT_EQ(once("first"), once("second"));
    EXPECT_EQ(folder.names(), (std::vector<std::string>{"a.csv", "a.svg"}));  // no temporaries left
}

TEST(Cli, UnwritableOutputFailsBeforeTheWork) {
    for (const char* flag : {"--csv", "--plot"}) {
        const CliResult result = cli(run_with({flag, "/nonexistent/file"}, "compare"));
        EXPECT_EQ(result.code, 2);
        EXPECT_EQ(result.out, "");
        EXPECT_NE(result.err.find("/nonexistent/file"), std::string::npos);
    }
    EXPECT_EQ(cli(run_with({"-p", "swapnet", "-b", "1x", "--decisions", "/tmp"})).code, 2);
}

TEST(Cli, ABadModelFileIsNamedWithItsPosition) {
    const TemporaryFolder folder;
    const std::string model = folder.file("bad.json");
    testing::write_file(model, "{\"schema\": \"swaplab/model/1\",\n \"name\": 5}");
    const CliResult result = cli({"show", "model", model});
    EXPECT_EQ(result.code, 2);
    EXPECT_NE(result.err.find("bad.json:2:"), std::string::npos) << result.err;
}

// A disk that fills is a failure of the machine, not of the program.
TEST(Cli, AFullDiskIsSaidInWords) {
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
    const CliResult result =
        cli(run_with({"-p", "on-demand", "-b", "0.5x", "--decisions", "/dev/full"}));
    EXPECT_EQ(result.code, 1);
    EXPECT_NE(result.err.find("cannot write '/dev/full'"), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("internal error"), std::string::npos) << result.err;
}

TEST(Cli, DecisionsAreJsonLines) {
    const TemporaryFolder folder;
    const std::string path = folder.file("log.jsonl");
    ASSERT_EQ(cli(run_with({"-p", "swapnet", "-b", "0.5x", "--decisions", path})).code, 0);
    std::istringstream lines(testing::read_file(path));
    std::int64_t count = 0;
    std::int64_t next_ticket = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        const Document document = parse_json(line, path);
        Fields decision(Field::root(document));
        const std::string event = decision.required("event").as_string();
        if (count < 2) {
            EXPECT_EQ(decision.required("t_ns").as_integer(), 0);
            EXPECT_EQ(event, count == 0 ? "start" : "arrival");
        }
        EXPECT_EQ(decision.required("digest").as_string().size(), 32U);
        if (count == 0 || event == "end") continue;
        Fields observation(decision.required("observation"));
        EXPECT_GE(observation.required("memory_in_use_bytes").as_integer(), 0);
        for (const Field& command : decision.required("commands").as_array())
            EXPECT_EQ(Fields(command).required("ticket").as_integer(), next_ticket++);
    }
    EXPECT_GT(count, 3);
    EXPECT_GT(next_ticket, 3);
}

TEST(Cli, EveryListedThingCanBeShown) {
    for (const std::string kind : {"model", "device", "policy"}) {
        const CliResult list = cli({"list", kind == "policy" ? "policies" : kind + "s", "--json"});
        const Document document = parse_json(list.out, "list");
        const auto& members = document.root.members;
        ASSERT_EQ(members.size(), 1U);
        EXPECT_FALSE(members[0].second.items.empty());
        for (const Value& item : members[0].second.items) {
            const std::string name = item.members.front().second.scalar;
            const CliResult shown = cli({"show", kind, name});
            EXPECT_EQ(shown.code, 0) << name;
            EXPECT_EQ(shown.out.substr(0, name.size()), name);
            EXPECT_EQ(cli({"show", kind, name, "--json"}).code, 0) << name;
        }
    }
}

TEST(Cli, PlanAgreesWithAColdRun) {
    const Document plan =
        parse_json(cli(run_with({"-p", "swapnet", "-b", "0.5x", "--json"}, "plan")).out, "plan");
    const Document run =
        parse_json(cli(run_with({"-p", "swapnet", "-b", "0.5x", "--json"})).out, "run");
    Fields planned(Field::root(plan));
    Fields ran(Field::root(run));
    EXPECT_EQ(planned.required("schema").as_string(), "swaplab/plan/1");
    Fields latency(ran.required("latency_ns"));
    EXPECT_EQ(planned.required("latency_ns").as_integer(), latency.required("mean").as_integer());
    EXPECT_EQ(planned.required("peak_bytes").as_integer(), ran.required("peak_bytes").as_integer());
    std::int64_t bytes = 0;
    Fields job(planned.required("jobs").as_array().front());
    for (const Field& block : job.required("blocks").as_array())
        bytes += Fields(block).required("bytes").as_integer();
    EXPECT_EQ(bytes, ran.required("swapped_in_bytes").as_integer());
}

// Names come from anybody: what a terminal would obey is shown instead.
TEST(Cli, ControlCharactersReachNoTerminal) {
    const TemporaryFolder folder;
    const std::string model = folder.file("m\x1b]0;owned\x07\n.json");
    testing::write_file(model, cli({"show", "model", "resnet101", "--json"}).out);
    const std::vector<Arguments> cases{
        {"run", "-m", "\x1b[2Jvgg19", "-d", "jetson-xavier-nx"},
        {"run", "-m", model, "-d", "jetson-xavier-nx", "-p", "on-demand", "-b", "0.5x"},
        {"run", "-m", model, "-d", "jetson-xavier-nx", "-p", "on-demand", "-b", "0.5x", "--json"},
        {"compare", "-m", model, "-d", "jetson-xavier-nx", "-p", "on-demand", "-b", "0.5x",
         "--plot", folder.file("plot.svg")},
        {"show", "model", model},
        {"replay", model},
    };
    for (const Arguments& arguments : cases) {
        const CliResult result = cli(arguments);
        for (const std::string& text : {result.out, result.err}) {
            EXPECT_EQ(text.find('\x1b'), std::string::npos) << arguments[0];
            EXPECT_EQ(text.find('\x07'), std::string::npos) << arguments[0];
        }
    }
    EXPECT_EQ(testing::read_file(folder.file("plot.svg")).find('\x1b'), std::string::npos);
    const CliResult refused = cli(cases[0]);
    EXPECT_NE(refused.err.find("'\\x1b[2Jvgg19'"), std::string::npos) << refused.err;
}

TEST(Cli, NumbersWithACommaAreNotLists) {
    for (const char* budget : {"0,9x", "1,5GiB", "0.2x,0,5x"}) {
        const CliResult result = cli(run_with({"-p", "swapnet", "-b", budget}, "compare"));
        EXPECT_EQ(result.code, 2) << budget;
        EXPECT_NE(result.err.find("a comma separates budgets; did you mean"), std::string::npos)
            << result.err;
    }
    EXPECT_EQ(cli(run_with({"-p", "on-demand", "-b", "0.9x,100,200MB"}, "compare")).code, 0);
}

TEST(Cli, SizesAreRefusedByTheirFlag) {
    const CliResult result = cli(run_with({"-p", "swapnet", "-b", "1x", "--request-bytes", "4Kb"}));
    EXPECT_EQ(result.code, 2);
    EXPECT_NE(result.err.find("--request-bytes: expected"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace swaplab
