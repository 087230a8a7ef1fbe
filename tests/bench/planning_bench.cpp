// Planning a 300-layer model (target: below 50 ms each): the exact SwapNet partition at 1.0, 0.5
// and 0.25 of its parameters, pipeload's number of agents and pipeswitch's groups, where reads and
// execution take about as long and where one dominates; the lookup table of whole models (target:
// below 1 s), and what a change of the budget takes during a run (target: below 1 ms).
#include <benchmark/benchmark.h>

#include <memory>

#include "policies/registry.h"
#include "policies/run/runner.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"
#include "sim/sim_device.h"

namespace swaplab {
namespace {

ModelPtr long_model(std::int64_t layers) {
    ModelSpec spec;
    spec.name = "long";
    for (std::int64_t l = 0; l < layers; ++l) {
        Layer layer;
        layer.name = "layer" + std::to_string(l);
        layer.inputs = {l == 0 ? Source() : Source(LayerId{static_cast<std::uint32_t>(l - 1)})};
        layer.parameter_bytes = {1'000'000 + l * 7919 % 13 * 300'000};
        layer.parameter_tensors = 2 + l % 3;
        layer.macs = 1'000'000 + l * 104'729 % 17 * 200'000;
        layer.output_bytes = {100'000 + l % 5 * 20'000};
        spec.layers.push_back(std::move(layer));
    }
    return std::make_shared<const Model>(std::move(spec));
}

Platform bench_platform(double execution) {
    Platform platform;
    platform.name = "bench";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = {std::int64_t{1} << 36};
    node.read.cost.per_byte = 0.5;
    node.read.cost.per_request = 80'000;
    node.cost(Activity::assemble).per_tensor = 20'000;
    node.cost(Activity::release).per_tensor = 5'000;
    node.execute.other.per_flop = 0.27 * execution;
    node.execute.other.per_layer = 20'000;
    return platform;
}

// Arguments: budget in hundredths of the parameters, execution in percent of reading.
void plan_300(benchmark::State& state, const char* spec) {
    const Platform platform = bench_platform(static_cast<double>(state.range(1)) / 100);
    Workload workload;
    workload.jobs.push_back({long_model(300), ArrivalMode::cold, 1, {}, std::nullopt, 1});
    const Bytes budget{workload.jobs[{0}].model->parameter_bytes().count * state.range(0) / 100};
    const RunRequest request{platform, workload, budget, Account::all, make_sim_device, nullptr};
    const Policy policy = make_policy(spec);
    std::size_t blocks = 0;
    for (auto _ : state) {
        const auto deployment = std::get<Deployment>(plan(request, policy));
        blocks = deployment.jobs[{0}].blocks.size();
    }
    state.counters["blocks"] = static_cast<double>(blocks);
}

Deployment deployed_tables(const std::vector<ModelPtr>& models, const Platform& platform) {
    CostModels costs;
    Bytes budget;
    for (const ModelPtr& model : models) {
        costs.emplace_back(*model, platform);
        budget += 2 * model->parameter_bytes();
    }
    const Policy policy = make_policy("swapnet");
    return std::get<Deployment>(
        policy.planner->plan({platform, costs, budget, Account::parameters, {}, true}));
}

void table(benchmark::State& state, const std::vector<ModelPtr>& models, const Platform& platform) {
    Deployment deployment;
    for (auto _ : state) deployment = deployed_tables(models, platform);
    state.counters["rows"] = static_cast<double>(deployment.jobs[{0}].rows().size());
}

void table_300(benchmark::State& state) {
    table(state, {long_model(300)}, bench_platform(static_cast<double>(state.range(0)) / 100));
}

void table_of(benchmark::State& state, const char* name) {
    table(state, {std::make_shared<const Model>(builtin_model(name).value())},
          builtin_device("jetson-xavier-nx").value());
}

// The whole decision on a new budget for five DNNs: shares by the allocator, on the tables.
void adaptation(benchmark::State& state) {
    std::vector<ModelPtr> models;
    for (const char* name : {"vgg19", "resnet101", "yolov3", "resnet101", "yolov3"})
        models.push_back(std::make_shared<const Model>(builtin_model(name).value()));
    const Deployment deployment =
        deployed_tables(models, builtin_device("jetson-xavier-nx").value());
    Bytes budget = deployment.adaptation->minimum();
    for (auto _ : state) {
        budget += Bytes{1 << 20};
        benchmark::DoNotOptimize(deployment.adaptation->shares(budget));
    }
}

BENCHMARK(table_300)->Arg(400)->Arg(100)->Arg(25)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(table_of, vgg19, "vgg19")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(table_of, resnet101, "resnet101")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(table_of, yolov3, "yolov3")->Unit(benchmark::kMillisecond);
BENCHMARK(adaptation)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(plan_300, swapnet, "swapnet")
    ->Name("partition_300")
    ->ArgsProduct({{100, 50, 25}, {400, 100, 25}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plan_300, pipeload, "pipeload")
    ->ArgsProduct({{110, 50, 25}, {400, 100, 25}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plan_300, pipeswitch, "pipeswitch")
    ->ArgsProduct({{110}, {400, 100, 25}})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace swaplab
