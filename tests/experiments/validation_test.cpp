// Validation, against worlds in which everything it says is known in closed form.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "experiments/request/experiment_file.h"
#include "experiments/validate/other_world.h"
#include "experiments/validate/sample.h"
#include "experiments/validate/validation_plot.h"
#include "experiments/validate/validation_report.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"
#include "sim/sim_device.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

using testing::budgets_named;
using testing::cli;
using testing::CliResult;
using testing::made_up_result;
using testing::made_up_scenario;
using testing::policies_named;
using testing::read_file;
using testing::TemporaryFolder;
using testing::write_file;
using namespace swaplab::literals;

// --- Statistics ---------------------------------------------------------------------------------

TEST(Sample, ByHand) {
    EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
    EXPECT_DOUBLE_EQ(median({4, 1, 3, 2}), 2.5);
    std::vector<double> twenty;
    for (int i = 20; i >= 1; --i) twenty.push_back(i);
    EXPECT_DOUBLE_EQ(percentile(twenty, 95), 19);  // 19 of 20 are at most 19
    EXPECT_DOUBLE_EQ(percentile(twenty, 100), 20);
    EXPECT_DOUBLE_EQ(percentile({7}, 0), 7);
    // Mean 10, squares 4 + 0 + 4, variance 8 / 2, deviation 2.
    EXPECT_DOUBLE_EQ(variation(std::vector<double>{8, 10, 12}), 0.2);
    EXPECT_DOUBLE_EQ(variation(std::vector<double>{8}), 0);
}

// t(0.975, 2 degrees) = 4.303; differences 1, 2, 3: mean 2, half width 4.303 · 1 / sqrt(3) = 2.48.
TEST(Sample, DifferencesBeyondNoise) {
    const std::vector<double> base{10, 20, 30};
    EXPECT_FALSE(differ(std::vector<double>{11, 22, 33}, base));
    EXPECT_TRUE(differ(std::vector<double>{12, 22.1, 31.9}, base));  // paired: drift cancels
    EXPECT_TRUE(differ(std::vector<double>{12, 22, 32}, base));
    EXPECT_FALSE(differ(base, base));
    EXPECT_TRUE(differ(std::vector<double>{1}, std::vector<double>{2}));
    EXPECT_FALSE(differ(std::vector<double>{1}, std::vector<double>{1}));
}

TEST(Sample, KendallsTau) {
    using Pairs = std::vector<RankedPair>;
    EXPECT_DOUBLE_EQ(kendall_tau(Pairs{{1, 2}, {-1, -3}}), 1);
    EXPECT_DOUBLE_EQ(kendall_tau(Pairs{{1, -2}}), -1);
    EXPECT_DOUBLE_EQ(kendall_tau(Pairs{{1, 2}, {1, 1}, {-1, 4}, {0, 1}}), 0.25);
}

TEST(Sample, Crossings) {
    using Indices = std::vector<std::size_t>;
    EXPECT_EQ(sign_changes(std::vector<double>{-1, -2, 3, 0, 4, -1}), (Indices{2, 5}));
    EXPECT_EQ(sign_changes(std::vector<double>{-1, 0, 0, 2}), (Indices{3}));
    EXPECT_EQ(sign_changes(std::vector<double>{0, 0}), Indices{});
    EXPECT_EQ(matched(Indices{2, 5}, Indices{3, 9}, 1), 1U);
    EXPECT_EQ(matched(Indices{2, 3}, Indices{2}, 1), 1U);  // one each
    EXPECT_EQ(matched(Indices{1, 4}, Indices{2, 3}, 1), 2U);
    EXPECT_EQ(matched(Indices{}, Indices{2}, 1), 0U);
}

// --- Made-up studies ----------------------------------------------------------------------------

Duration ms(double value) { return Duration{std::llround(value * 1e6)}; }

Configuration made_up(const std::string& policy, int mib, double predicted,
                      const std::vector<double>& measured) {
    Configuration configuration;
    configuration.policy.spec = policy;
    configuration.budget = parse_budget(text("{}MiB", mib));
    configuration.bytes = mib * 1_MiB;
    configuration.predicted = made_up_result(policy, mib * 1_MiB, ms(predicted));
    for (const double value : measured)
        configuration.measured.push_back(made_up_result(policy, mib * 1_MiB, ms(value)));
    return configuration;
}

// `direct` takes 10 ms in both worlds.
Study made_up_study(const Scenario& scenario, std::size_t repeats) {
    Study study;
    study.scenario = &scenario;
    study.against = &backend_named("cpu");
    study.reference = made_up("direct", 16, 10, std::vector<double>(repeats, 10));
    return study;
}

TEST(Assessment, ErrorsOfLatencyAndOverhead) {
    const Scenario scenario = made_up_scenario();
    std::vector<Study> studies{made_up_study(scenario, 3)};
    studies[0].configurations = {
        made_up("a", 4, 15, {14, 20, 20}),   // error -25 %, O 0.5 against 1
        made_up("a", 6, 11, {10, 10, 10})};  // error +10 %, O 0.1 against 0
    const Assessment assessment = assess(studies);
    ASSERT_EQ(assessment.points.size(), 2U);
    EXPECT_DOUBLE_EQ(assessment.points[0].error, -0.25);
    EXPECT_NEAR(assessment.points[0].overhead_error(), -0.5, 1e-12);
    EXPECT_NEAR(assessment.points[1].overhead_error(), 0.1, 1e-12);
    EXPECT_NEAR(assessment.median_error, 0.175, 1e-12);
    EXPECT_NEAR(assessment.p95_error, 0.25, 1e-12);
    EXPECT_NEAR(assessment.median_overhead, 0.3, 1e-12);
    EXPECT_NEAR(assessment.points[0].slowdown_error(), 1.5 / 2 - 1, 1e-12);  // T / T_direct
    EXPECT_NEAR(assessment.median_slowdown, (0.25 + 0.1) / 2, 1e-12);
    ASSERT_EQ(assessment.noisy.size(), 1U);  // 14, 20, 20: mean 18, deviation sqrt(12)
    EXPECT_NEAR(assessment.noisy[0]->cv, std::sqrt(12.0) / 18, 1e-12);
    // Halves: {14, 20} and {20}: m_A 17, m_B 20; {10, 10} and {10}. Medians of two are means.
    EXPECT_NEAR(*assessment.noise_floor, ((2.0 / 17) + 0.1) / 2 / ((3.0 / 17) / 2), 1e-9);
}

// Simulated: a before b, a before b, b before a. Measured: a, b, b first.
TEST(Assessment, RankingRegretAndCrossovers) {
    const Scenario scenario = made_up_scenario();
    std::vector<Study> studies{made_up_study(scenario, 2)};
    studies[0].configurations = {made_up("a", 4, 10, {10, 10}),   made_up("a", 6, 10, {10, 10}),
                                 made_up("a", 8, 10, {10, 10}),   made_up("b", 4, 12, {12, 12}),
                                 made_up("b", 6, 11, {9.9, 9.9}), made_up("b", 8, 9, {9, 9})};
    const Assessment assessment = assess(studies);
    EXPECT_NEAR(*assessment.tau, 1.0 / 3, 1e-12);
    EXPECT_EQ(assessment.pairs_left_out, 0);
    ASSERT_EQ(assessment.choices.size(), 3U);
    EXPECT_EQ(assessment.choices[1].chosen, "a");
    EXPECT_EQ(assessment.choices[1].best, "b");
    EXPECT_NEAR(assessment.worst_regret(), 10 / 9.9 - 1, 1e-12);
    ASSERT_EQ(assessment.crossovers.size(), 2U);
    EXPECT_EQ(assessment.crossovers[0].after, "6MiB");
    EXPECT_TRUE(assessment.crossovers[0].measured);
    EXPECT_FALSE(assessment.crossovers[0].predicted);
    EXPECT_EQ(assessment.crossovers[1].after, "8MiB");
    EXPECT_TRUE(assessment.crossovers[1].predicted);
    EXPECT_NEAR(*assessment.crossovers_matched, 1, 1e-12);  // one step apart
}

TEST(Assessment, PairsWithinNoiseAreLeftOut) {
    const Scenario scenario = made_up_scenario();
    std::vector<Study> studies{made_up_study(scenario, 3)};
    studies[0].configurations = {made_up("a", 4, 10, {10, 11, 12}),
                                 made_up("b", 4, 12, {11, 10, 12})};
    const Assessment assessment = assess(studies);
    EXPECT_FALSE(assessment.tau);
    EXPECT_EQ(assessment.pairs_left_out, 1);
}

// made_up_result stalls for all that exceeds 10 ms; its lower bound is 11 ms and direct takes 10.
TEST(Assessment, SkillIsOverTheBestSimplePredictor) {
    const Scenario scenario = made_up_scenario();
    std::vector<Study> studies{made_up_study(scenario, 1)};
    studies[0].configurations = {made_up("a", 4, 19, {20}), made_up("a", 6, 50, {10.1})};
    const Assessment assessment = assess(studies);
    // Only the first stalls: error 5 %, the lower bound is off by 45 %.
    EXPECT_EQ(assessment.skill_against, "the lower bound");
    EXPECT_NEAR(*assessment.skill, 1 - 0.05 / 0.45, 1e-12);
}

Evidence made_up_evidence(Bytes committed, Bytes growth, Bytes read,
                          std::vector<std::string> outputs) {
    Evidence evidence;
    evidence.committed_peak = committed;
    evidence.resident_growth = growth;
    evidence.read_from_storage = read;
    evidence.outputs = {std::move(outputs)};
    evidence.conditions = {{"storage", "io_uring, direct"}};
    return evidence;
}

TEST(Assessment, EvidenceIsHeldAgainstTheBudget) {
    const Scenario scenario = made_up_scenario();
    std::vector<Study> studies{made_up_study(scenario, 2)};
    Study& study = studies[0];
    study.configurations = {made_up("a", 4, 10, {10, 10}), made_up("b", 4, 10, {10, 10})};
    for (RunResult& run : study.reference.measured)
        run.evidence = made_up_evidence(16_MiB, 16_MiB, 0_B, {"x", "y"});
    const Bytes most = 4_MiB + Bytes{(4_MiB).count / 20} + 8_MiB;
    for (RunResult& run : study.configurations[0].measured)  // swaps 8 MiB in
        run.evidence = made_up_evidence(4_MiB, most, 8_MiB, {"x", "y"});
    for (RunResult& run : study.configurations[1].measured)
        run.evidence = made_up_evidence(4_MiB, most, 8_MiB, {"x", "y"});
    study.configurations[1].measured[1].evidence =
        made_up_evidence(4_MiB, most + 1_B, 10_MiB, {"x", "z"});
    const Assessment assessment = assess(studies);
    EXPECT_TRUE(*assessment.points[0].within_budget());
    EXPECT_TRUE(*assessment.points[0].outputs_equal);
    EXPECT_DOUBLE_EQ(*assessment.points[0].read_ratio, 1);
    EXPECT_FALSE(*assessment.points[1].within_budget());
    EXPECT_FALSE(*assessment.points[1].outputs_equal);
    EXPECT_DOUBLE_EQ(*assessment.points[1].read_ratio, 1.25);
    std::vector<Gate> gates = parse_gates("outputs=1,memory=1,reads=1%,peak=1%");
    judge(gates, assessment);
    EXPECT_DOUBLE_EQ(*gates[0].value, 0.5);
    EXPECT_FALSE(gates[0].met() || gates[1].met() || gates[2].met());
    EXPECT_TRUE(gates[3].met());
    // Outputs that do not tell inputs apart prove nothing.
    for (RunResult& run : study.reference.measured) run.evidence->outputs = {{"x", "x"}};
    const Assessment blind = assess(studies);
    EXPECT_FALSE(blind.inputs_differ);
    judge(gates, blind);
    EXPECT_DOUBLE_EQ(*gates[0].value, 0);
}

TEST(Gates, AreParsed) {
    EXPECT_EQ(parse_gates("tau=0.95").size(), 1U);
    EXPECT_DOUBLE_EQ(parse_gates("median=3%")[0].limit, 0.03);
    EXPECT_FALSE(parse_gates("")[0].asked);
    for (const char* wrong : {"median", "median=3", "tau=3%", "median=x%", "medan=3%",
                              "median=3%,median=4%", "tau=-1", "tau=nan", ","})
        EXPECT_THROW(parse_gates(wrong), InputError) << wrong;
}

// --- Studies of two worlds ----------------------------------------------------------------------

// What everything takes in ns: blocks of 4, 2 and 2 MiB read at 1 ns a KiB, and so on, such that
// all durations are whole even numbers.
Scenario small_world() {
    Scenario scenario = made_up_scenario();
    Node& node = scenario.device.platform.nodes.front();
    node.read.cost.per_byte = 1.0 / 8;
    node.read.after_idle = AfterIdle{Duration{1}, Duration{40'000}};
    node.cost(Activity::assemble).per_tensor = 2000;
    node.execute.other.per_layer = 100'000;
    node.cost(Activity::release).per_tensor = 600;
    return scenario;
}

constexpr double kRead = 8 * 1048576.0 / 8;  // all three layers
constexpr double kIdle = 40'000;
constexpr double kAssemble = 3 * 2000;
constexpr double kExecute = 3 * 100'000;

StudyRequest asked(const Scenario& scenario, DeviceFactory measured,
                   const std::vector<std::string>& policies = {"load-all"},
                   const std::string& budgets = "16MiB") {
    return {.scenario = scenario,
            .policies = policies_named(policies),
            .budgets = budgets_named(budgets),
            .against = backend_named("cpu"),
            .measured = {std::move(measured)},
            .repeats = 3};
}

Study studied(const StudyRequest& request) {
    return conduct(request, [](std::int64_t, std::int64_t) {});
}

Platform scaled(Platform platform, double by) {
    Node& node = platform.nodes.front();
    node.read.cost.per_byte *= by;
    node.read.after_idle->extra *= static_cast<int>(by);
    node.cost(Activity::assemble).per_tensor *= by;
    node.execute.other.per_layer *= by;
    node.cost(Activity::release).per_tensor *= by;
    return platform;
}

// Everything takes twice as long: latency is off by half, overheads and rankings are not.
TEST(Study, TwiceTheTime) {
    const Scenario scenario = small_world();
    const std::vector<Study> studies{
        studied(asked(scenario, simulated_on(scaled(scenario.device.platform, 2)),
                      {"load-all", "on-demand", "demand-layering", "pipeload"}, "min,6MiB,16MiB"))};
    const Assessment assessment = assess(studies);
    ASSERT_GE(assessment.points.size(), 8U);
    for (const Point& point : assessment.points) {
        EXPECT_NEAR(point.error, -0.5, 1e-9) << point.configuration->policy.spec;
        EXPECT_NEAR(point.overhead_error(), 0, 1e-9);
        EXPECT_EQ(point.cv, 0);
        EXPECT_EQ(point.peak_error(), 0);
    }
    EXPECT_EQ(*assessment.tau, 1);
    EXPECT_EQ(assessment.worst_regret(), 0);
    EXPECT_FALSE(assessment.noise_floor);
}

// One read, one block: T = idle + read + assemble + execute. Without an effect its part is missing.
TEST(Study, WhatEachEffectContributes) {
    const Scenario scenario = small_world();
    const std::vector<Study> studies{
        studied(asked(scenario, simulated_on(scenario.device.platform)))};
    const Assessment assessment = assess(studies);
    ASSERT_EQ(assessment.points.size(), 1U);
    const double total = kIdle + kRead + kAssemble + kExecute;
    EXPECT_DOUBLE_EQ(assessment.points[0].measured_ns, total);
    EXPECT_EQ(assessment.median_error, 0);
    std::map<std::string, Ablation> by_name;
    for (const Ablation& ablation : ablate(assessment)) by_name[ablation.effect] = ablation;
    EXPECT_NEAR(by_name.at("storage after idling").median_error, kIdle / total, 1e-9);
    EXPECT_NEAR(by_name.at("assembly").p95_error, kAssemble / total, 1e-9);
    EXPECT_EQ(by_name.at("release").median_error, 0);  // comes after the end
    EXPECT_TRUE(by_name.at("release").modelled);
    EXPECT_FALSE(by_name.at("contention").modelled);
    EXPECT_FALSE(by_name.at("measured layer times (fitted lines instead)").modelled);
}

TEST(Study, LayerTimesAgainstLines) {
    Scenario scenario = small_world();
    ModelSpec spec = scenario.models[0].model->spec();
    spec.measured_on = "board";
    for (Layer& layer : spec.layers) layer.execute = Duration{150'000};
    scenario.models[0].model = std::make_shared<const Model>(spec);
    scenario.workload.jobs[{0}].model = scenario.models[0].model;
    const std::vector<Study> studies{
        studied(asked(scenario, simulated_on(scenario.device.platform)))};
    const double total = kIdle + kRead + kAssemble + 3 * 150'000;
    for (const Ablation& ablation : ablate(assess(studies)))
        if (ablation.effect.starts_with("measured layer times")) {
            EXPECT_TRUE(ablation.modelled);
            EXPECT_NEAR(ablation.median_error, 3 * 50'000 / total, 1e-9);
        }
}

// Where execution beside reads is ten times slower, overlapping loses, which a simulation without
// contention does not foresee.
TEST(Study, ARankingTurnsOver) {
    const Scenario scenario = small_world();
    Platform contended = scenario.device.platform;
    contended.nodes[0].contention[static_cast<std::size_t>(Activity::read)]
                                 [static_cast<std::size_t>(Activity::execute)] = 10;
    const std::vector<Study> studies{
        studied(asked(scenario, simulated_on(contended), {"load-all", "demand-layering"}))};
    const Assessment assessment = assess(studies);
    ASSERT_EQ(assessment.points.size(), 2U);
    EXPECT_EQ(*assessment.tau, -1);
    EXPECT_EQ(assessment.choices[0].chosen, assessment.points[1].configuration->policy.spec);
    EXPECT_NEAR(assessment.worst_regret(),
                assessment.points[1].measured_ns / assessment.points[0].measured_ns - 1, 1e-12);
    EXPECT_GT(assessment.worst_regret(), 0.01);
}

// direct, a, b, direct, a, b, ...; the first round is not recorded.
TEST(Study, RunsAreInterleaved) {
    const Scenario scenario = small_world();
    std::vector<std::int64_t> budgets;
    const DeviceFactory counting = [&](const DeviceSetup& setup) {
        budgets.push_back(setup.budget ? setup.budget->count >> 20 : 0);
        return make_sim_device(setup);
    };
    std::int64_t last = 0;
    const Study study = conduct(asked(scenario, counting, {"on-demand"}, "16MiB,6MiB"),
                                [&](std::int64_t done, std::int64_t total) {
                                    EXPECT_EQ(done, ++last);
                                    EXPECT_EQ(total, 12);
                                });
    EXPECT_EQ(budgets, (std::vector<std::int64_t>{0, 6, 16, 0, 6, 16, 0, 6, 16, 0, 6, 16}));
    EXPECT_EQ(study.reference.measured.size(), 3U);
    for (const Configuration& configuration : study.configurations)
        EXPECT_EQ(configuration.measured.size(), 3U);
}

TEST(Study, AFailedRunIsReportedAndTheOthersGoOn) {
    const Scenario scenario = small_world();
    const DeviceFactory failing = [](const DeviceSetup& setup) {
        if (setup.budget == 6_MiB) throw std::runtime_error("the disk is on fire");
        return make_sim_device(setup);
    };
    Validation validation;
    validation.studies.push_back(studied(asked(scenario, failing, {"on-demand"}, "6MiB,16MiB")));
    validation.assessment = assess(validation.studies);
    validation.gates = parse_gates("");
    judge(validation.gates, validation.assessment);
    EXPECT_EQ(validation.assessment.points.size(), 1U);
    ASSERT_EQ(validation.assessment.failures.size(), 1U);
    const std::string report = validation_report(validation);
    EXPECT_NE(report.find("on-demand at 6MiB: the disk is on fire"), std::string::npos) << report;
}

// --- Outputs and the command line ---------------------------------------------------------------

TEST(Validation, OutputsOfEveryKind) {
    const Scenario scenario = small_world();
    Validation validation;
    validation.studies.push_back(
        studied(asked(scenario, simulated_on(scaled(scenario.device.platform, 2)),
                      {"load-all", "on-demand"}, "1MiB,6MiB,16MiB")));
    validation.assessment = assess(validation.studies);
    validation.ablations = ablate(validation.assessment);
    validation.gates = parse_gates("median=3%");
    judge(validation.gates, validation.assessment);
    const std::string report = validation_report(validation);
    for (const char* part : {"infeasible", "-50.00", "Kendall's tau", "Where the error comes from",
                             "MISSED", "not in the profile: contention"})
        EXPECT_NE(report.find(part), std::string::npos) << part << '\n' << report;
    const Document document = parse_json(validation_json(validation), "out");
    Fields fields(Field::root(document));
    EXPECT_EQ(fields.required("schema").as_string(), "swaplab/validation/1");
    EXPECT_NEAR(Fields(fields.required("summary")).required("median_error").as_number(), 0.5, 1e-9);
    const std::string csv = validation_csv(validation);
    // A header, three repeats of direct and of each feasible configuration.
    EXPECT_EQ(std::ranges::count(csv, '\n'),
              1 + 3 * (1 + std::ssize(validation.assessment.points)));
    const std::string svg = draw_validation(validation.assessment);
    EXPECT_NE(svg.find("error -50.00 %"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
}

constexpr const char* kExperiment = R"(schema: swaplab/experiment/1
models: [resnet101, {name: vgg19, weight: 2}]
devices: [jetson-xavier-nx]
policies: [on-demand, {name: demand-layering, pipeline: [two-stage, async]}]
budgets: {from: 0.5x, to: 1.5x, steps: 3}
workload: {mode: stream, requests: 2}
seed: 7
)";

std::vector<std::string> specs_of(const std::vector<PolicyChoice>& choices) {
    std::vector<std::string> specs;
    for (const PolicyChoice& choice : choices) specs.push_back(choice.spec);
    return specs;
}

Experiment experiment_in(const std::string& content) {
    const TemporaryFolder folder;
    write_file(folder.file("e.yaml"), content);
    return load_experiment(folder.file("e.yaml"));
}

TEST(ExperimentFile, IsMultipliedOut) {
    const Experiment experiment = experiment_in(kExperiment);
    EXPECT_EQ(specs_of(experiment.policies),
              (std::vector<std::string>{"on-demand", "demand-layering:pipeline=two-stage",
                                        "demand-layering:pipeline=async"}));
    std::vector<std::string> budgets;
    for (const BudgetChoice& budget : experiment.budgets) budgets.push_back(budget.text);
    EXPECT_EQ(budgets, (std::vector<std::string>{"0.5x", "1x", "1.5x"}));
    const Experiment same = experiment_in("$schema: e.schema.json\n" + std::string(kExperiment));
    EXPECT_EQ(specs_of(same.policies), specs_of(experiment.policies));
    const std::vector<Scenario> scenarios = scenarios_of(experiment);
    ASSERT_EQ(scenarios.size(), 2U);
    ASSERT_EQ(scenarios[1].models.size(), 1U);
    EXPECT_EQ(scenarios[0].models[0].spec, "resnet101");
    EXPECT_EQ(scenarios[1].models[0].spec, "vgg19:weight=2");
    EXPECT_EQ(scenarios[1].mode, ArrivalMode::stream);
    EXPECT_EQ(scenarios[1].requests, 2);
    EXPECT_FALSE(scenarios[1].noise);
}

// 2 models x 3 modes x 2 workloads x 2 dispatchers x 3 seeds, devices outermost, seeds innermost.
TEST(ExperimentFile, EveryAxisIsMultipliedOut) {
    const std::string content = R"(schema: swaplab/experiment/1
models: [resnet101, vgg19]
devices: [{name: jetson-xavier-nx, memory: staged}]
modes: ["", 15W, 10W]
policies: [on-demand]
budgets: [0.5x]
workloads: [{mode: stream, requests: 4}, {}]
dispatch: [fcfs, {name: round-robin, quantum: request}]
noise: true
seeds: [3, 1, 2]
)";
    const Experiment experiment = experiment_in(content);
    const std::vector<Scenario> scenarios = scenarios_of(experiment);
    ASSERT_EQ(scenarios.size(), 72U);
    EXPECT_EQ(scenarios[0].device.platform.mode, "");
    EXPECT_EQ(scenarios[24].device.platform.mode, "15W");
    EXPECT_EQ(scenarios[24].device_text(), "jetson-xavier-nx:mode=15W,memory=staged");
    EXPECT_EQ(scenarios[12].models[0].spec, "vgg19");
    EXPECT_EQ(scenarios[0].requests, 4);
    EXPECT_EQ(scenarios[6].requests, 1);
    EXPECT_EQ(scenarios[6].mode, ArrivalMode::cold);
    EXPECT_EQ(scenarios[3].dispatch.spec, "round-robin:quantum=request");
    EXPECT_EQ(scenarios[0].noise->seed, 3U);
    EXPECT_EQ(scenarios[2].noise->seed, 2U);
}

TEST(ExperimentFile, TogetherIsOneScenario) {
    std::string content = kExperiment;
    content += "together: true\n";
    const std::vector<Scenario> scenarios = scenarios_of(experiment_in(content));
    ASSERT_EQ(scenarios.size(), 1U);
    EXPECT_EQ(scenarios[0].models_text(), "resnet101 + vgg19");
    EXPECT_EQ(scenarios[0].workload.jobs[{1}].weight, 2);
}

TEST(ExperimentFile, SaysWhatIsWrongAndWhere) {
    const TemporaryFolder folder;
    const auto refusal = [&](const std::string& from, const std::string& to) {
        std::string content = kExperiment;
        content.replace(content.find(from), from.size(), to);
        write_file(folder.file("e.yaml"), content);
        try {
            static_cast<void>(load_experiment(folder.file("e.yaml")));
        } catch (const InputError& error) {
            return std::string(error.what());
        }
        return std::string("not refused");
    };
    const std::vector<std::array<std::string, 3>> cases{
        {"seed: 7", "sead: 7", "e.yaml:7:1"},
        {"steps: 3", "steps: 1", "e.yaml:5:"},
        {"from: 0.5x", "from: 0.5y", "e.yaml:5:"},
        {"to: 1.5x", "to: 0.5000001x", "1 steps at most"},
        {"to: 1.5x", "to: 2MiB", "a budget of the kind of 'from'"},
        {"on-demand", "on-demnd", "did you mean 'on-demand'"},
        {"mode: stream", "mode: strem", "e.yaml:6:"},
        {"requests: 2", "requests: many", "e.yaml:6:"},
        {"experiment/1", "experiment/9", "e.yaml:1:"},
        {"seed: 7", "$schema: 7", "e.yaml:7:10: $schema: expected a string, found 7"},
        {"devices: [jetson-xavier-nx]", "devices: []", "e.yaml:3:"},
        {"devices: [jetson-xavier-nx]", "devices: [jetson-xavier]", "e.yaml:3:11"},
        {"[resnet101, {name: vgg19", "[resnet102, {name: vgg19", "e.yaml:2:10"},
        {"seed: 7", "seeds: [7, 8]", "e.yaml:7:8: seeds: expected noise: true beside"},
        {"seed: 7", "seed: 7\nseeds: [7]", "found both"},
        {"seed: 7", "modes: [17W]", "has no mode '17W'"},
        {"seed: 7", "dispatch: fcf", "did you mean 'fcfs'"},
        {"seed: 7", "workloads: [{}]", "expected 'workload' or 'workloads', found both"},
        {"requests: 2", "arrivals: a.csv", "it lists all requests"}};
    for (const auto& [from, to, expected] : cases)
        EXPECT_NE(refusal(from, to).find(expected), std::string::npos) << refusal(from, to);
}

std::vector<std::string> validate(const std::vector<std::string>& more) {
    std::vector<std::string> arguments{
        "validate", "-m",   "resnet101", "-d", "jetson-xavier-nx", "-p", "on-demand",
        "-b",       "0.5x", "--repeats", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

TEST(ValidateCommand, GatesAndExitCodes) {
    const CliResult exact = cli(validate({"--against", "sim", "--gate", "median=0%,peak=0%"}));
    EXPECT_EQ(exact.code, 0) << exact.err << exact.out;
    const CliResult missed =
        cli(validate({"--against", "sim", "--noise", "--gate", "median=0%,outputs=1"}));
    EXPECT_EQ(missed.code, 4) << missed.out;
    EXPECT_NE(missed.out.find("MISSED: nothing to tell by"), std::string::npos);
    EXPECT_EQ(cli(validate({})).code, 2);
    EXPECT_EQ(cli(validate({"--against", "sim", "--replications", "2"})).code, 2);
    EXPECT_EQ(cli(validate({"--against", "moon"})).code, 2);
    EXPECT_EQ(cli(validate({"--against", "sim", "--time-scale", "2"})).code, 2);
    EXPECT_EQ(cli(validate({"--against", "sim", "--repeats", "0"})).code, 2);
    EXPECT_EQ(cli(validate({"--against", "sim", "--gate", "medan=1%"})).code, 2);
    EXPECT_EQ(cli({"validate", "-m", "resnet101", "-d", "jetson-xavier-nx", "-p", "on-demand", "-b",
                   "1KiB", "--against", "sim"})
                  .code,
              3);
}

TEST(ValidateCommand, WritesItsFiles) {
    const TemporaryFolder folder;
    const CliResult result =
        cli(validate({"--against", "sim", "--noise", "--csv", folder.file("a.csv"), "--plot",
                      folder.file("a.svg"), "--trace", folder.file("t.svg"), "--json"}));
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(folder.names(), (std::vector<std::string>{"a.csv", "a.svg", "t.svg"}));
    const std::string trace = read_file(folder.file("t.svg"));
    EXPECT_NE(trace.find("simulated: jetson-xavier-nx"), std::string::npos);
    EXPECT_NE(trace.find("simulated again: jetson-xavier-nx"), std::string::npos);
    EXPECT_EQ(
        cli(validate({"--against", "sim", "--csv", folder.file("x"), "--plot", folder.file("x")}))
            .code,
        2);
    write_file(folder.file("e.yaml"), kExperiment);
    const CliResult experiment =
        cli({"validate", folder.file("e.yaml"), "--against", "sim", "--repeats", "1"});
    EXPECT_EQ(experiment.code, 0) << experiment.err;
    EXPECT_NE(experiment.out.find("vgg19 on jetson-xavier-nx, stream"), std::string::npos);
    EXPECT_EQ(cli({"validate", folder.file("e.yaml"), "-p", "swapnet", "--against", "sim"}).code,
              2);
}

}  // namespace
}  // namespace swaplab
