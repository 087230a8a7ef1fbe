// What is asked for, typed: experiments, scenarios, cells; and that commands take alike what they
// take.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "experiments/request/cells.h"
#include "profiles/base/error.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

using namespace literals;
using testing::budgets_named;
using testing::cli;
using testing::CliResult;
using testing::policies_named;
using testing::TemporaryFolder;
using testing::write_file;

Experiment small_experiment() {
    Experiment asked;
    asked.models = {choose_model("resnet101")};
    asked.devices = {choose_device("jetson-xavier-nx")};
    return asked;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

TEST(Scenarios, DefaultsAreFilledIn) {
    const std::vector<Scenario> scenarios = scenarios_of(small_experiment());
    ASSERT_EQ(scenarios.size(), 1U);
    EXPECT_EQ(scenarios[0].requests, 1);
    EXPECT_EQ(scenarios[0].mode, ArrivalMode::cold);
    EXPECT_EQ(scenarios[0].dispatch.spec, "fcfs");
    EXPECT_FALSE(scenarios[0].noise);
    EXPECT_EQ(scenarios[0].backend, &simulation());
}

TEST(Scenarios, ReplicationsImplyNoise) {
    Experiment asked = small_experiment();
    asked.replications = 3;
    asked.seeds = {9};
    const Scenario scenario = scenarios_of(asked).front();
    ASSERT_TRUE(scenario.noise);
    EXPECT_EQ(scenario.noise->seed, 9U);
    EXPECT_EQ(scenario.replications, 3);
}

TEST(Scenarios, WithoutAModelOrADeviceThereIsNone) {
    Experiment asked = small_experiment();
    asked.models.clear();
    EXPECT_THROW(scenarios_of(asked), InputError);
    asked = small_experiment();
    asked.devices.clear();
    EXPECT_THROW(scenarios_of(asked), InputError);
    asked = small_experiment();
    asked.devices.push_back(asked.devices.front());
    EXPECT_EQ(scenarios_of(asked).size(), 2U);
    EXPECT_THROW(only_scenario_of(asked, "compare"), InputError);
}

// A scenario owns what it is made of.
TEST(Scenarios, OutliveTheExperiment) {
    Scenario scenario;
    {
        const Experiment asked = small_experiment();
        scenario = scenarios_of(asked).front();
    }
    EXPECT_EQ(scenario.models_text(), "resnet101");
    EXPECT_GT(scenario.parameter_bytes(), 100_MiB);
}

TEST(Cells, ArePoliciesTimesBudgets) {
    const Scenario scenario = scenarios_of(small_experiment()).front();
    const Cells cells(scenario, policies_named({"on-demand", "direct", "load-all"}),
                      budgets_named("min,0.5x,200MiB"));
    ASSERT_EQ(cells.all().size(), 3U + 1U + 3U);
    ASSERT_EQ(cells.systems().size(), 3U);
    EXPECT_EQ(cells.all()[0].bytes, cells.systems()[0].minimum);  // min is each policy's own
    EXPECT_EQ(cells.all()[4].bytes, cells.systems()[2].minimum);
    EXPECT_NE(cells.all()[0].bytes, cells.all()[4].bytes);
    EXPECT_EQ(cells.all()[1].bytes, resolve(parse_budget("0.5x"), scenario.parameter_bytes()));
    EXPECT_EQ(cells.all()[6].bytes, 200_MiB);
    EXPECT_EQ(cells.all()[3].budget, nullptr);  // `direct` takes none
    EXPECT_EQ(cells.all()[3].bytes, std::nullopt);
}

TEST(Policies, AreChosenOnceAndMadeOften) {
    const PolicyChoice choice = choose_policy("demand-layering:pipeline=async");
    EXPECT_TRUE(choice.needs_budget);
    EXPECT_FALSE(direct_policy().needs_budget);
    std::string pipeline;
    for (const auto& [name, value] : choice.all_parameters())
        if (name == "pipeline") pipeline = value;
    EXPECT_EQ(pipeline, "async");
    EXPECT_EQ(choice.all_parameters().size(), choice.info->parameters.size());
    EXPECT_EQ(make_policy(choice).spec, choice.spec);
    EXPECT_THROW(choose_policy("demand-layering:pipeline=asink"), InputError);
}

TEST(Compare, TakesSeveralDevices) {
    const TemporaryFolder folder;
    const std::vector<std::string> arguments{"compare",
                                             "-m",
                                             "resnet101",
                                             "-d",
                                             "jetson-xavier-nx",
                                             "-d",
                                             "jetson-nano",
                                             "-p",
                                             "swapnet",
                                             "-b",
                                             "1.0x",
                                             "--csv",
                                             folder.file("a.csv"),
                                             "--plot",
                                             folder.file("a.svg")};
    const CliResult result = cli(arguments);
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_NE(result.out.find("resnet101 on jetson-xavier-nx"), std::string::npos);
    EXPECT_NE(result.out.find("resnet101 on jetson-nano"), std::string::npos);
    const std::string csv = testing::read_file(folder.file("a.csv"));
    EXPECT_EQ(count(csv, "\n"), 3U) << csv;  // one header, a row of each
    EXPECT_EQ(count(csv, ",jetson-nano,"), 1U) << csv;
    const std::string svg = testing::read_file(folder.file("a.svg"));
    EXPECT_EQ(count(svg, "<svg "), 3U);
    EXPECT_EQ(count(svg, "</svg>"), 3U);
    std::vector<std::string> alone = arguments;
    alone.resize(5);
    alone.insert(alone.end(), {"-p", "swapnet", "-b", "1.0x"});
    EXPECT_TRUE(result.out.starts_with(cli(alone).out + '\n'));
    EXPECT_EQ(cli({"run", "-m", "resnet101", "-d", "jetson-nano", "-d", "jetson-nano", "-p",
                   "swapnet", "-b", "min"})
                  .code,
              2);
}

// `direct` beside it has no budget that could change.
TEST(Compare, TakesTracesAsRunDoes) {
    const TemporaryFolder folder;
    write_file(folder.file("b.csv"), "time_ns,budget_bytes\n0,150000000\n100000000,60000000\n");
    write_file(folder.file("m.csv"), "time_ns,mode\n0,10W\n");
    const std::vector<std::string> what{"-m",      "resnet101", "-d",    "jetson-xavier-nx", "-p",
                                        "swapnet", "-b",        "150MB", "--requests",       "4",
                                        "--mode",  "stream",    "--json"};
    for (const std::vector<std::string>& trace :
         {std::vector<std::string>{"--budget-trace", folder.file("b.csv")},
          {"--mode-trace", folder.file("m.csv")}}) {
        const auto latency_of = [&](const std::string& command) {
            std::vector<std::string> arguments{command};
            arguments.insert(arguments.end(), what.begin(), what.end());
            arguments.insert(arguments.end(), trace.begin(), trace.end());
            const CliResult result = cli(arguments);
            EXPECT_EQ(result.code, 0) << result.err;
            const std::size_t at = result.out.find("\"latency_ns\"");
            return result.out.substr(at, result.out.find('}', at) - at);
        };
        const auto squeezed = [](std::string text) {
            std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
            return text;
        };
        EXPECT_EQ(squeezed(latency_of("compare")), squeezed(latency_of("run")));
    }
    // All that are built in have lookup tables.
    const CliResult all = cli({"compare", "-m", "resnet101", "-d", "jetson-xavier-nx", "-b", "1.0x",
                               "--budget-trace", folder.file("b.csv")});
    EXPECT_EQ(all.code, 0) << all.err;
    EXPECT_EQ(all.err.find("left out: "), std::string::npos) << all.err;
    const CliResult same_file =
        cli({"compare", "-m", "resnet101", "-d", "jetson-xavier-nx", "--budget-trace",
             folder.file("b.csv"), "--csv", folder.file("b.csv")});
    EXPECT_EQ(same_file.code, 2);
    EXPECT_NE(same_file.err.find("name the same file"), std::string::npos) << same_file.err;
}

TEST(Validate, TakesWhatRunTakes) {
    const TemporaryFolder folder;
    write_file(folder.file("b.csv"), "time_ns,budget_bytes\n0,150000000\n");
    const CliResult result = cli({"validate",
                                  "-m",
                                  "resnet101",
                                  "-d",
                                  "jetson-xavier-nx",
                                  "-d",
                                  "jetson-nano",
                                  "-p",
                                  "swapnet",
                                  "-b",
                                  "150MB",
                                  "--against",
                                  "sim",
                                  "--repeats",
                                  "1",
                                  "--budget-trace",
                                  folder.file("b.csv"),
                                  "--dispatch",
                                  "edf",
                                  "--json"});
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(count(result.out, "\"against\": \"sim\""), 2U);
    EXPECT_EQ(count(result.out, "\"dispatch\": \"edf\""), 2U);
}

// What a file says may not be said by a flag, too: it would be ignored.
TEST(Validate, AnExperimentIsSaidOnce) {
    const TemporaryFolder folder;
    const std::string file = folder.file("e.yaml");
    write_file(file,
               "schema: swaplab/experiment/1\nmodels: [resnet101]\ndevices: [jetson-nano]\n"
               "policies: [swapnet]\nbudgets: [1.0x]\n");
    for (const std::vector<std::string>& flag :
         std::vector<std::vector<std::string>>{{"-m", "vgg19"},
                                               {"-d", "jetson-nano"},
                                               {"-p", "swapnet"},
                                               {"-b", "min"},
                                               {"--together"},
                                               {"--requests", "2"},
                                               {"--mode", "stream"},
                                               {"--dispatch", "edf"},
                                               {"--noise"},
                                               {"--seed", "3"}}) {
        std::vector<std::string> arguments{"validate", file, "--against", "sim"};
        arguments.insert(arguments.end(), flag.begin(), flag.end());
        const CliResult result = cli(arguments);
        EXPECT_EQ(result.code, 2) << flag.front();
        EXPECT_NE(result.err.find("leave out "), std::string::npos) << result.err;
    }
}

// Found out before anything is measured or overwritten.
TEST(Validate, WhatCannotBeIsRefusedFirst) {
    const TemporaryFolder folder;
    const std::string file = folder.file("e.yaml");
    const std::string content =
        "schema: swaplab/experiment/1\nmodels: [resnet101]\ndevices: [jetson-nano]\n"
        "policies: [swapnet]\nbudgets: [1.0x]\n";
    write_file(file, content);
    const CliResult over = cli({"validate", file, "--against", "sim", "--csv", file});
    EXPECT_EQ(over.code, 2) << over.out;
    EXPECT_EQ(testing::read_file(file), content);
    const CliResult trace =
        cli({"validate", file, "--against", "sim", "--trace", folder.file("none/x.svg")});
    EXPECT_EQ(trace.code, 2);
    EXPECT_EQ(folder.names(), std::vector<std::string>{"e.yaml"});
}

// The headings of an experiment's studies are all different.
TEST(Validate, StudiesAreToldApart) {
    const TemporaryFolder folder;
    const std::string file = folder.file("e.yaml");
    write_file(file,
               "schema: swaplab/experiment/1\nmodels: [resnet101]\ndevices: [jetson-nano]\n"
               "policies: [swapnet]\nbudgets: [1.0x]\nnoise: true\nseeds: [1, 2]\n"
               "workloads: [{requests: 2}, {mode: stream, requests: 2}, {}]\n"
               "dispatch: [fcfs, edf]\n");
    const CliResult result = cli({"validate", file, "--against", "sim", "--repeats", "1"});
    ASSERT_EQ(result.code, 0) << result.err;
    std::vector<std::string> headings;
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("resnet101 on ")) headings.push_back(line);
    EXPECT_EQ(headings.size(), 12U);
    std::ranges::sort(headings);
    EXPECT_EQ(std::ranges::adjacent_find(headings), headings.end()) << result.out;
}

// What a plan predicts is simulated, and says so.
TEST(Plan, IsASimulationWhateverItsBackend) {
    for (const char* backend : {"sim", "emu"}) {
        const CliResult result = cli({"plan", "-m", "resnet101", "-d", "jetson-nano", "-p",
                                      "swapnet", "-b", "1.0x", "--backend", backend, "--json"});
        EXPECT_EQ(result.code, 0) << result.err;
        EXPECT_EQ(count(result.out, "\"kind\": \"simulated\""), 2U) << result.out;
    }
}

// A file or folder of a built-in's name is found as a path, and whoever names the built-in is told.
TEST(Catalog, ABuiltInNameStandsAboveAPath) {
    const TemporaryFolder folder;
    const std::string name = folder.file("vgg19");
    write_file(name, R"({"schema": "swaplab/model/1", "name": "mine",
                         "layers": [{"name": "a", "parameter_bytes": 8}]})");
    EXPECT_EQ(choose_model(name).model->name(), "mine");
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    const ModelChoice builtin = choose_model("vgg19:weight=2");
    const ModelChoice path = choose_model("./vgg19:weight=2");
    const CliResult shown = cli({"show", "model", "vgg19"});
    std::filesystem::current_path(before);
    EXPECT_TRUE(builtin.builtin);
    EXPECT_TRUE(builtin.shadows);
    EXPECT_FALSE(path.builtin);
    EXPECT_FALSE(path.shadows);
    EXPECT_EQ(path.model->name(), "mine");
    EXPECT_NE(shown.err.find("the file of this name here is ./vgg19"), std::string::npos)
        << shown.err;
    EXPECT_FALSE(choose_model("vgg19").shadows);
}

}  // namespace
}  // namespace swaplab
