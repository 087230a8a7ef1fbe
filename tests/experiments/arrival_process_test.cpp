// When requests arrive: lists with their closed forms, and the files and flags that say so.
#include <gtest/gtest.h>

#include <cmath>

#include "experiments/request/arrivals/arrival_process.h"
#include "experiments/request/experiment_file.h"
#include "experiments/request/traces.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "tests/experiments/fixtures.h"

namespace swaplab::testing {
namespace {

constexpr double kSecond = 1e9;

std::vector<Time> listed(const std::string& spec, std::int64_t most,
                         std::optional<Duration> until = {}, ArrivalStream stream = {}) {
    std::optional<Time> end;
    if (until) end = kStart + *until;
    return list_arrivals(parse_arrivals(spec), stream, most, end);
}

// How many arrive in each window of that length.
std::vector<double> counts(const std::vector<Time>& arrivals, Duration window, std::size_t windows) {
    std::vector<double> counted(windows, 0);
    for (const Time at : arrivals) {
        const auto number = static_cast<std::size_t>((at - kStart) / window);
        if (number < windows) ++counted[number];
    }
    return counted;
}

struct Moments {
    double mean = 0, variance = 0;
};
Moments moments(const std::vector<double>& all) {
    Moments m;
    for (const double x : all) m.mean += x / static_cast<double>(all.size());
    for (const double x : all)
        m.variance += (x - m.mean) * (x - m.mean) / static_cast<double>(all.size() - 1);
    return m;
}

TEST(ArrivalProcesses, PeriodAndOffsetAreExact) {
    const auto arrivals = listed("periodic:period=33ms,offset=5ms", 100);
    ASSERT_EQ(arrivals.size(), 100U);
    for (std::int64_t r = 0; r < 100; ++r)
        EXPECT_EQ(count_ns(arrivals[static_cast<std::size_t>(r)]), 5'000'000 + r * 33'000'000);
    // As many as come before the end: at 5, 38, 71 ms.
    EXPECT_EQ(listed("periodic:period=33ms,offset=5ms", Job::kAnyNumber, Duration{104'000'000})
                  .size(),
              3U);
}

// A whole number from 0 to the jitter, all alike: its mean is half of it, its variance a twelfth of
// its square.
TEST(ArrivalProcesses, JitterIsUniform) {
    constexpr std::int64_t n = 20000;
    const auto arrivals = listed("periodic:period=10ms,jitter=10ms,seed=3", n);
    EXPECT_TRUE(std::ranges::is_sorted(arrivals));
    std::vector<double> late;
    for (std::int64_t r = 0; r < n; ++r) {
        late.push_back(static_cast<double>(count_ns(arrivals[static_cast<std::size_t>(r)]) -
                                           r * 10'000'000));
        ASSERT_GE(late.back(), 0);
        ASSERT_LE(late.back(), 1e7);
    }
    const Moments m = moments(late);
    const double sigma = 1e7 / std::sqrt(12.0);
    EXPECT_NEAR(m.mean, 5e6, 4 * sigma / std::sqrt(n));
    EXPECT_NEAR(m.variance / (sigma * sigma), 1, 0.04);
}

// Counts in windows of T are Poisson: mean and variance are both rate · T; of n windows the mean is
// within 4 sqrt(rate T / n), the ratio of variance to mean within 4 sqrt(2 / n) of 1.
TEST(ArrivalProcesses, PoissonCounts) {
    for (const int seed : {0, 1, 2, 7}) {
        SCOPED_TRACE(text("seed {}", seed));
        constexpr std::size_t windows = 4000;
        const auto arrivals = listed(text("poisson:rate=30/s,seed={}", seed), Job::kAnyNumber,
                                     Duration{static_cast<std::int64_t>(windows * kSecond)});
        const Moments m = moments(counts(arrivals, Duration{1'000'000'000}, windows));
        EXPECT_NEAR(m.mean, 30, 4 * std::sqrt(30.0 / windows));
        EXPECT_NEAR(m.variance / m.mean, 1, 4 * std::sqrt(2.0 / windows));
    }
}

// An interrupted Poisson process: the mean is rate · on / (on + off); for long windows the variance
// is 1 + 2 rate · a / (a + b)² times the mean, with a = 1 / on, b = 1 / off (Fischer and
// Meier-Hellstern 1993, of their IPP).
TEST(ArrivalProcesses, BurstsAreAnInterruptedPoissonProcess) {
    constexpr double rate = 100, on = 0.2, off = 0.3;
    constexpr std::size_t windows = 2000;
    constexpr std::int64_t length = 20;  // s
    const auto arrivals =
        listed("bursts:rate=100/s,on=200ms,off=300ms,seed=5", Job::kAnyNumber,
               Duration{static_cast<std::int64_t>(windows * length * kSecond)});
    const Moments m = moments(
        counts(arrivals, Duration{static_cast<std::int64_t>(length * kSecond)}, windows));
    const double a = 1 / on, b = 1 / off;
    const double dispersion = 1 + 2 * rate * a / ((a + b) * (a + b));
    const double mean = rate * length * on / (on + off);
    EXPECT_NEAR(m.mean, mean, 4 * std::sqrt(dispersion * mean / windows));
    EXPECT_NEAR(m.variance / m.mean / dispersion, 1, 0.15);  // 4 sqrt(2 / n), and long windows
}

// Draws are keyed: a longer list begins as a shorter one does; other seeds, jobs and sources give
// others.
TEST(ArrivalProcesses, DrawsAreKeyed) {
    const auto shorter = listed("poisson:rate=30/s,seed=4", 100);
    auto longer = listed("poisson:rate=30/s,seed=4", 200);
    longer.resize(100);
    EXPECT_EQ(shorter, longer);
    EXPECT_NE(shorter, listed("poisson:rate=30/s,seed=5", 100));
    EXPECT_NE(shorter, listed("poisson:rate=30/s,seed=4", 100, {}, {1, 0}));
    EXPECT_NE(shorter, listed("poisson:rate=30/s,seed=4", 100, {}, {0, 1}));
}

TEST(ArrivalProcesses, WhatCannotBeIsRefused) {
    for (const auto& [spec, says] : std::vector<std::pair<std::string, std::string>>{
             {"poisson", "poisson arrivals need rate="},
             {"poisson:rate=30", "rate: expected a rate such as 30/s"},
             {"poisson:rate=-1/s", "rate: expected a rate"},
             {"poisson:rate=30/s,on=1s", "poisson arrivals have no on= (they have rate, offset"},
             {"poison:rate=30/s", "did you mean 'poisson'"},
             {"periodic:period=0ms", "period must be positive"},
             {"periodic:period=5ms,jitter=6ms", "jitter: expected at most the period"},
             {"bursts:rate=1/s,on=1s", "bursts arrivals need off="},
             {"closed:clients=0", "clients: expected a whole number from 1"},
             {"closed:think=5min", "think: expected a duration"}}) {
        try {
            parse_arrivals(spec);
            ADD_FAILURE() << spec;
        } catch (const InputError& error) {
            EXPECT_NE(std::string(error.what()).find(says), std::string::npos)
                << spec << ": " << error.what();
        }
    }
    EXPECT_THROW(choose_model("vgg19:offset=5ms"), InputError);
    EXPECT_THROW(choose_model("vgg19:arrivals=stream"), InputError);
    EXPECT_THROW(choose_source("vgg19:deadline=5ms"), InputError);
    EXPECT_THROW(choose_source("vgg19:arrivals=closed"), InputError);
    EXPECT_THROW(listed("periodic:period=1000s", std::int64_t{1} << 32), InputError);
}

// --- Files --------------------------------------------------------------------------------------

class Files : public ::testing::Test {
  protected:
    std::vector<ListedRequests> load(const std::string& name, const std::string& content,
                                     std::optional<Duration> until = {}) {
        write_file(folder_.file(name), content);
        return load_arrivals(folder_.file(name), models_, until);
    }
    std::string refusal(const std::string& name, const std::string& content) {
        try {
            load(name, content);
        } catch (const InputError& error) {
            return error.what();
        }
        return "taken";
    }

    TemporaryFolder folder_;
    std::vector<ModelChoice> models_{choose_model("gpt2-medium:prompt=512,tokens=128")};
};

TEST_F(Files, AzureCountsFromItsFirstRequest) {
    const auto requests = load("a.csv",
                               "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                               "2023-12-31 23:59:59.6805900,374,44\n"
                               "2024-01-01T00:00:00.1805901+00:00,396,109\n"
                               "2024-01-01 00:00:01,512,128\n")
                              .front();
    EXPECT_EQ(requests.arrivals,
              (std::vector<Time>{kStart, at_ns(500'000'100), at_ns(1'319'410'000)}));
    EXPECT_EQ(requests.tokens, (std::vector<TokenCounts>{{374, 44}, {396, 109}, {512, 128}}));
}

TEST_F(Files, MooncakeIsInMilliseconds) {
    const std::string content =
        "{\"timestamp\": 27482, \"input_length\": 69, \"output_length\": 52, \"hash_ids\": [46]}\n"
        "\n"
        "{\"timestamp\": 30535, \"input_length\": 347, \"output_length\": 26}\n";
    const auto requests = load("m.jsonl", content).front();
    EXPECT_EQ(requests.arrivals, (std::vector<Time>{kStart, at_ns(3'053'000'000)}));
    EXPECT_EQ(requests.tokens, (std::vector<TokenCounts>{{69, 52}, {347, 26}}));
    EXPECT_EQ(load("m.jsonl", content, Duration{3'053'000'000}).front().arrivals.size(), 1U);
}

TEST_F(Files, OneModelNeedsNoColumn) {
    EXPECT_EQ(load("o.csv", "arrival_ns\n5\n9\n").front().arrivals,
              (std::vector<Time>{at_ns(5), at_ns(9)}));
}

TEST_F(Files, ErrorsNameTheirPlace) {
    const std::string azure = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
    for (const auto& [name, content, says] :
         std::vector<std::tuple<std::string, std::string, std::string>>{
             {"a.csv", azure + "2023-11-16 18:15:46,1,1\n2023-11-16 18:15:61,1,1\n",
              "a.csv:3:1: TIMESTAMP: expected a time such as 2023-11-16 18:15:46.6805900"},
             {"a.csv", azure + "2023-11-16 18:15:46,600,1\n",
              "a.csv:2:21: ContextTokens: expected at most 512, which plans are made for"},
             {"a.csv", azure + "2023-11-16 18:15:46,1,1\n2023-11-16 18:15:45,1,1\n",
              "a.csv:3:1: TIMESTAMP: expected 0 or later"},
             {"a.csv", "TIMESTAMP,ContextTokens\n2023-11-16 18:15:46,1\n", "GeneratedTokens"},
             {"m.jsonl", "{\"timestamp\": 1, \"input_length\": 3, \"output_length\": 5}\n"
                         "{\"timestamp\": 1, \"input_length\": 3, \"output_length\": 500}\n",
              "m.jsonl:2:54: output_length: expected at most 128"},
             {"m.jsonl", "{\"timestamp\": 1.5, \"input_length\": 3, \"output_length\": 5}\n",
              "m.jsonl:1:15: timestamp: expected"},
             {"m.jsonl", "{\"timestamp\": 1, \"input_length\": 3, \"outputlength\": 5}\n",
              "output_length"}}) {
        const std::string found = refusal(name, content);
        EXPECT_NE(found.find(says), std::string::npos) << content << found;
    }
    models_.push_back(choose_model("vgg19"));
    EXPECT_NE(refusal("a.csv", azure + "2023-11-16 18:15:46,1,1\n").find("a single -m, found 2"),
              std::string::npos);
    models_ = {choose_model("vgg19")};
    EXPECT_NE(refusal("a.csv", azure + "2023-11-16 18:15:46,1,1\n").find("found vgg19"),
              std::string::npos);
}

// --- Scenarios ----------------------------------------------------------------------------------

Experiment asked_for(const std::vector<std::string>& models, const WorkloadChoice& workload) {
    Experiment asked;
    for (const std::string& model : models) asked.models.push_back(choose_model(model));
    asked.devices.push_back(choose_device("jetson-xavier-nx"));
    asked.workloads.push_back(workload);
    return asked;
}

TEST(Workloads, SourcesShareOneModel) {
    WorkloadChoice workload;
    workload.duration = Duration{100'000'000};
    workload.sources = {choose_source("vgg19:period=40ms,offset=1ms,deadline=9ms"),
                        choose_source("vgg19:period=33ms,requests=2")};
    const Experiment asked = asked_for({"vgg19:period=33ms,deadline=50ms"}, workload);
    const Scenario scenario = scenarios_of(asked).front();
    const Job& job = scenario.workload.jobs.front();
    std::string all;
    for (const RequestId r : job.arrivals.ids())
        all += text("{}@{}<{} ", job.sources[r], count_ns(job.arrivals[r]) / 1'000'000,
                    count_ns(*job.deadline_of(r)) / 1'000'000);
    EXPECT_EQ(all, "0@0<50 2@0<50 1@1<9 0@33<50 2@33<50 1@41<9 0@66<50 1@81<9 0@99<50 ");
    EXPECT_EQ(scenario.requests_asked(), 9);
    EXPECT_THROW(scenarios_of(asked_for({"vgg19"}, workload)), InputError);            // is cold
    EXPECT_THROW(scenarios_of(asked_for({"resnet101:period=9ms"}, workload)), InputError);
}

TEST(Workloads, AModelsOwnArrivalsStandAboveThoseOfAll) {
    WorkloadChoice workload;
    workload.requests = 5;
    choose_arrivals(workload, "poisson:rate=30/s,seed=2");
    const Scenario scenario =
        scenarios_of(asked_for({"vgg19", "resnet101:period=7ms"}, workload)).front();
    EXPECT_EQ(scenario.workload.jobs[{0}].arrivals.size(), 5U);
    EXPECT_EQ(scenario.workload.jobs[{1}].arrivals[{4}], at_ns(28'000'000));
    EXPECT_EQ(scenario.arrival_text(), "poisson and periodic");
}

// A file and the command line say the same.
TEST(Workloads, OfAnExperimentFile) {
    const TemporaryFolder folder;
    write_file(folder.file("e.yaml"),
               "schema: swaplab/experiment/1\n"
               "models: [{name: vgg19, arrivals: bursts, rate: 30/s, on: 1s, off: 4s}, resnet101]\n"
               "devices: [jetson-xavier-nx]\npolicies: [direct]\nbudgets: [1x]\n"
               "workloads:\n"
               "  - {arrivals: {name: poisson, rate: 30/s, seed: 2}, requests: 5}\n"
               "  - {arrivals: 'closed:clients=2,think=9ms', duration: 2s}\n"
               "  - {arrivals: 'periodic:period=9ms', duration: 90ms, "
               "sources: [{name: resnet101, period: 30ms}]}\n");
    const std::vector<Scenario> all = scenarios_of(load_experiment(folder.file("e.yaml")));
    ASSERT_EQ(all.size(), 6U);  // models are studies of their own
    EXPECT_EQ(all[0].arrival_text(), "bursts");
    EXPECT_EQ(all[3].arrival_text(), "poisson");
    const auto same = listed("poisson:rate=30/s,seed=2", 5);
    EXPECT_TRUE(std::ranges::equal(all[3].workload.jobs.front().arrivals, same));
    EXPECT_EQ(all[4].workload.jobs.front().mode, ArrivalMode::closed);
    EXPECT_EQ(all[4].requests_asked(), std::nullopt);
    EXPECT_EQ(all[4].requests_text(), "requests for 2.00 s");
    EXPECT_EQ(all[5].requests_asked(), 13);
    EXPECT_TRUE(all[2].workload.jobs.front().sources.empty());

    write_file(folder.file("bad.yaml"),
               "schema: swaplab/experiment/1\nmodels: [vgg19]\ndevices: [jetson-xavier-nx]\n"
               "policies: [direct]\nbudgets: [1x]\nworkload: {arrivals: 'poisson:rate=3'}\n");
    try {
        load_experiment(folder.file("bad.yaml"));
        ADD_FAILURE();
    } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find("bad.yaml:6:22: workload.arrivals: "),
                  std::string::npos)
            << error.what();
    }
}

// vgg19 takes longer than 10 ms: the share of compute is its execution over the period.
TEST(Workloads, DemandAboveCapacityIsSaid) {
    const std::vector<std::string> base{"run", "-m", "vgg19:period=1ms", "-d", "jetson-xavier-nx",
                                        "-p",  "direct", "--requests", "3"};
    const CliResult run = cli(base);
    EXPECT_EQ(run.code, 0);
    EXPECT_NE(run.err.find("% of the compute of jetson-xavier-nx"), std::string::npos) << run.err;
    std::vector<std::string> rarely = base;
    rarely[2] = "vgg19:period=10s";
    EXPECT_EQ(cli(rarely).err.find("of the compute"), std::string::npos);
}

}  // namespace
}  // namespace swaplab::testing
