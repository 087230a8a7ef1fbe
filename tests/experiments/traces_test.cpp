// Arrivals and budgets from files, dispatchers and lookup tables on the command line.
#include <gtest/gtest.h>

#include "experiments/request/traces.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "tests/experiments/fixtures.h"

namespace swaplab::testing {
namespace {

using Arguments = std::vector<std::string>;

Arguments two_dnns(Arguments more) {
    Arguments arguments{"run", "-m", "yolov3", "-m", "resnet101", "-d", "jetson-xavier-nx"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(Traces, ArrivalsAreReadPerModel) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.csv");
    write_file(path,
               "model,arrival_ns,deadline_ns\n"
               "yolov3#2,0,5\nresnet101,0,\nyolov3#1,7,\nyolov3#2,7,9\n");
    const std::vector<ModelChoice> models{choose_model("yolov3"), choose_model("resnet101"),
                                          choose_model("yolov3:weight=2")};
    const auto listed = load_arrivals(path, models);
    EXPECT_EQ(listed[0].arrivals, (std::vector<Time>{at_ns(7)}));
    EXPECT_EQ(listed[1].arrivals, (std::vector<Time>{at_ns(0)}));
    EXPECT_EQ(listed[2].arrivals, (std::vector<Time>{at_ns(0), at_ns(7)}));
    EXPECT_EQ(listed[2].deadlines,
              (std::vector<std::optional<Duration>>{nanoseconds(5), nanoseconds(9)}));
    EXPECT_EQ(listed[1].deadlines.front(), std::nullopt);
}

TEST(Traces, TokenCountsOfRequests) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.csv");
    const std::vector<ModelChoice> models{choose_model("gpt2-medium:prompt=32,tokens=4")};
    const auto tokens = [&](const std::string& content) {
        write_file(path, content);
        return load_arrivals(path, models).front().tokens;
    };
    using Tokens = std::vector<TokenCounts>;
    EXPECT_EQ(tokens("model,arrival_ns,prompt_tokens,output_tokens\n"
                     "gpt2-medium,0,5,2\ngpt2-medium,1,,\ngpt2-medium,2,32,1\n"),
              (Tokens{{5, 2}, {32, 4}, {32, 1}}));
    EXPECT_EQ(tokens("model,arrival_ns,output_tokens\ngpt2-medium,0,3\n"), (Tokens{{32, 3}}));
    // As the model has them: nothing differs.
    EXPECT_EQ(tokens("model,arrival_ns,output_tokens\ngpt2-medium,0,4\n"), Tokens{});

    const auto refusal = [&](const std::string& model, const std::string& row) {
        write_file(path, "model,arrival_ns,prompt_tokens,output_tokens\n" + row + "\n");
        const CliResult result = cli({"run", "-m", model, "-d", "jetson-xavier-nx", "-p",
                                      "on-demand", "-b", "min", "--arrivals", path});
        EXPECT_EQ(result.code, 2) << row;
        return result.err;
    };
    EXPECT_TRUE(has(refusal("gpt2-medium:prompt=32", "gpt2-medium,0,33,1"),
                    ":2:15: prompt_tokens: expected at most 32, which plans are made for (of "
                    "gpt2-medium, prompt=), found 33"));
    EXPECT_TRUE(has(refusal("gpt2-medium:tokens=4", "gpt2-medium,0,1,5"),
                    ":2:17: output_tokens: expected at most 4"));
    EXPECT_TRUE(has(refusal("gpt2-medium", "gpt2-medium,0,0,1"), "prompt_tokens"));
    EXPECT_TRUE(has(refusal("vgg19", "vgg19,0,1,1"), "vgg19 generates no tokens"));
    EXPECT_EQ(cli({"plan", "-m", "vgg19:prompt=3", "-d", "jetson-xavier-nx", "-p", "on-demand",
                   "-b", "min"})
                  .code,
              2);
}

// A run of requests that differ is told, recorded and replayed.
TEST(Traces, RequestsOfDifferentLengthsReplay) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.csv");
    const std::string log = folder.file("log.jsonl");
    write_file(path,
               "model,arrival_ns,prompt_tokens,output_tokens\n"
               "gpt2-medium,0,5,2\ngpt2-medium,1,,\ngpt2-medium,2,1,1\n");
    const CliResult run =
        cli({"run", "-m", "gpt2-medium:prompt=16,tokens=3", "-d", "jetson-xavier-nx", "-p",
             "pipeload", "-b", "0.5x", "--arrivals", path, "--decisions", log});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_TRUE(has(read_file(log), "\"prompt_tokens\": 5"));
    const CliResult replayed = cli({"replay", log});
    EXPECT_EQ(replayed.code, 0) << replayed.out << replayed.err;
}

TEST(Traces, BadFilesAreNamedWithTheirPosition) {
    const TemporaryFolder folder;
    const std::string path = folder.file("bad.csv");
    const auto refusal = [&](const std::string& content, bool arrivals) {
        write_file(path, content);
        const CliResult result =
            arrivals ? cli(two_dnns({"-p", "on-demand", "-b", "min", "--arrivals", path}))
                     : cli(two_dnns({"-p", "on-demand", "-b", "min", "--budget-trace", path}));
        EXPECT_EQ(result.code, 2) << content;
        return result.err;
    };
    const std::string head = "model,arrival_ns\n";
    EXPECT_TRUE(has(refusal(head + "yolov,0\n", true), ":2:1: model: expected one of the -m"));
    EXPECT_TRUE(has(refusal(head + "yolov3,5\nresnet101,4\n", true), ":3:11: arrival_ns:"));
    EXPECT_TRUE(has(refusal(head + "yolov3,-5\n", true), ":2:8: arrival_ns"));
    EXPECT_TRUE(has(refusal(head + "yolov3,5\n", true), "found none of resnet101"));
    EXPECT_TRUE(has(refusal("model,arrival\n", true), "arrival_ns"));
    EXPECT_TRUE(has(refusal("time_ns,budget_bytes\n5,1\n5,2\n", false), ":3:1: time_ns"));
    EXPECT_TRUE(has(refusal("time_ns,budget_bytes\n5,0\n", false), ":2:3: budget_bytes"));
    EXPECT_TRUE(has(refusal("time_ns,budget_bytes\n", false), "at least one change"));
}

TEST(Traces, ArrivalsStandInsteadOfOtherFlags) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.csv");
    write_file(path, "model,arrival_ns\nyolov3,0\nresnet101,0\n");
    const auto run = [&](Arguments more) {
        Arguments arguments{"-p", "on-demand", "-b", "min", "--arrivals", path};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return cli(two_dnns(arguments));
    };
    EXPECT_EQ(run({}).code, 0) << run({}).err;
    EXPECT_TRUE(has(run({}).out, "listed, 2 requests, dispatch fcfs"));
    EXPECT_EQ(run({"--requests", "3"}).code, 2);
    EXPECT_EQ(run({"--mode", "stream"}).code, 2);
    EXPECT_EQ(run({"-m", "vgg19:period=33ms"}).code, 2);
    EXPECT_TRUE(has(run({"--json"}).out, "\"arrivals\": {"));
}

TEST(Traces, ABudgetThatFallsIsTakenUp) {
    const TemporaryFolder folder;
    const std::string path = folder.file("b.csv");
    write_file(path, "time_ns,budget_bytes\n100000000,157286400\n");
    const CliResult run = cli(two_dnns({"-p", "swapnet", "-b", "400MiB", "--mode", "stream",
                                        "--requests", "4", "--budget-trace", path, "--json"}));
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_TRUE(has(run.out, "\"over_budget_ns\": "));
    EXPECT_TRUE(has(run.out, "\"adopted\": ["));
    EXPECT_EQ(cli(two_dnns({"-p", "direct", "--budget-trace", path})).code, 77);
    write_file(path, "time_ns,budget_bytes\n100000000,1000\n");
    const CliResult stuck =
        cli(two_dnns({"-p", "swapnet", "-b", "400MiB", "--requests", "4", "--budget-trace", path}));
    EXPECT_EQ(stuck.code, 1);
    EXPECT_TRUE(has(stuck.out, "infeasible-from")) << stuck.out;
    EXPECT_TRUE(has(stuck.out, "from 100000000 ns on the budget is 1000 bytes")) << stuck.out;
}

TEST(Traces, ModesAreReadAndTakenUp) {
    const TemporaryFolder folder;
    const std::string path = folder.file("m.csv");
    const auto refusal = [&](const std::string& content) {
        write_file(path, content);
        const CliResult result =
            cli(two_dnns({"-p", "on-demand", "-b", "min", "--mode-trace", path}));
        EXPECT_EQ(result.code, 2) << content;
        return result.err;
    };
    EXPECT_TRUE(has(refusal("time_ns,mode\n5,10X\n"), ":2:3: mode: device 'jetson-xavier-nx' has"));
    EXPECT_TRUE(has(refusal("time_ns,mode\n5,10WW\n"), "did you mean '10W'"));
    EXPECT_TRUE(has(refusal("time_ns,mode\n5,10W\n5,15W\n"), ":3:1: time_ns"));
    EXPECT_TRUE(has(refusal("time_ns,mode\n"), "at least one change"));
    write_file(path, "time_ns,mode\n0,10W\n300000000,\n");
    const auto changes = load_mode_trace(path, choose_device("jetson-xavier-nx").platform);
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[0].mode, "10W");
    EXPECT_EQ(changes[1].at, at_ns(300'000'000));
    EXPECT_EQ(changes[1].mode, "");
    const CliResult run = cli(two_dnns({"-p", "swapnet", "-b", "400MiB", "--mode-trace", path}));
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_TRUE(has(run.out, "to 10W at 0 ns; to its own at 300.00 ms; planned for its own"))
        << run.out;
    const CliResult json =
        cli(two_dnns({"-p", "swapnet", "-b", "400MiB", "--mode-trace", path, "--json"}));
    EXPECT_TRUE(has(json.out, "\"mode_trace\": {"));
    const CliResult real =
        cli(two_dnns({"-p", "direct", "--mode-trace", path, "--backend", "cpu"}));
    EXPECT_EQ(real.code, 77) << real.err;
}

TEST(MemoryKinds, OnTheCommandLine) {
    const auto run = [](const std::string& kind, Arguments more = {}) {
        Arguments arguments{"run", "-m", "resnet101", "-d", "jetson-orin-nano:memory=" + kind,
                            "-b",  "min"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return cli(arguments);
    };
    const CliResult attached = run("managed-attach", {"-p", "on-demand", "--json"});
    EXPECT_EQ(attached.code, 0) << attached.err;
    EXPECT_TRUE(has(attached.out, "\"memory_kind\": \"managed-attach\""));
    EXPECT_TRUE(has(attached.out, "\"swap_path\": \"zero-copy\""));
    EXPECT_TRUE(has(run("staged", {"-p", "on-demand", "--json"}).out, "\"swap_path\": \"staged\""));
    EXPECT_TRUE(has(run("staged", {"-p", "on-demand"}).out, "jetson-orin-nano:memory=staged"));
    EXPECT_EQ(run("staged", {"-p", "pipeload"}).code, 2);
    EXPECT_EQ(run("staged", {"-p", "on-demand", "--swap-path", "zero-copy"}).code, 2);
    EXPECT_EQ(run("pinned", {"-p", "on-demand"}).code, 2);
    EXPECT_EQ(run("register", {"-p", "on-demand", "--backend", "cpu"}).code, 77);
    const CliResult shown = cli({"show", "device", "jetson-orin-nano"});
    EXPECT_TRUE(has(shown.out, "managed-attach"));
    EXPECT_TRUE(has(shown.out, "While any kernel runs"));
    EXPECT_FALSE(has(cli({"show", "device", "cpu-server"}).out, "managed-attach"));
}

TEST(Dispatch, OnTheCommandLine) {
    const CliResult run =
        cli(two_dnns({"-p", "on-demand", "-b", "min", "--dispatch", "round-robin", "--json"}));
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_TRUE(has(run.out, "\"dispatch\": \"round-robin\""));
    EXPECT_EQ(cli(two_dnns({"-p", "on-demand", "-b", "min", "--dispatch", "lifo"})).code, 2);
}

TEST(LookupTable, OnTheCommandLine) {
    const Arguments plan{"plan", "-m", "yolov3", "-d", "jetson-xavier-nx", "--table", "-p"};
    const auto with = [&](Arguments more) {
        Arguments arguments = plan;
        arguments.insert(arguments.end(), more.begin(), more.end());
        return cli(arguments);
    };
    EXPECT_EQ(with({"swapnet"}).code, 0);
    EXPECT_TRUE(has(with({"swapnet"}).out, "of direct"));
    EXPECT_TRUE(has(with({"swapnet", "--json"}).out, "\"schema\": \"swaplab/table/1\""));
    EXPECT_EQ(with({"direct"}).code, 77);
}

}  // namespace
}  // namespace swaplab::testing
