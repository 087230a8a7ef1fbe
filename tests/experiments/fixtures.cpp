#include "tests/experiments/fixtures.h"

#include <sstream>

#include "experiments/cli.h"

namespace swaplab::testing {

using namespace swaplab::literals;

CliResult cli(const std::vector<std::string>& arguments) {
    std::vector<const char*> argv{"swaplab"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream out;
    std::ostringstream err;
    const int code = run_cli(static_cast<int>(argv.size()), argv.data(), out, err);
    return {code, out.str(), err.str()};
}

std::vector<PolicyChoice> policies_named(const std::vector<std::string>& specs) {
    std::vector<PolicyChoice> policies;
    for (const std::string& spec : specs) policies.push_back(choose_policy(spec));
    return policies;
}

std::vector<BudgetChoice> budgets_named(const std::string& list) {
    std::vector<BudgetChoice> budgets;
    add_budgets(budgets, list);
    return budgets;
}

Scenario made_up_scenario() {
    ModelSpec spec;
    spec.name = "tiny";
    spec.source = "made up";
    for (const char* name : {"a", "b", "c"}) {
        Layer layer;
        layer.name = name;
        layer.parameter_bytes = *name == 'a' ? 4_MiB : 2_MiB;
        layer.parameter_tensors = 1;
        if (!spec.layers.empty()) {
            const auto before = static_cast<std::uint32_t>(spec.layers.size() - 1);
            layer.inputs.push_back(LayerId{before});
        }
        spec.layers.push_back(std::move(layer));
    }
    Scenario scenario;
    ModelChoice& choice = scenario.models.emplace_back();
    choice.spec = "tiny";
    choice.model = std::make_shared<const Model>(std::move(spec));
    Job& job = scenario.workload.jobs.emplace_back();
    job.model = choice.model;
    scenario.device.spec = "board";
    Platform& platform = scenario.device.platform;
    platform.name = "board";
    platform.nodes.emplace_back().name = "board";
    platform.nodes.front().memory.capacity = 1_GiB;
    return scenario;
}

RunResult made_up_result(const std::string& policy, Bytes budget, Duration latency) {
    RunResult result;
    result.policy = policy;
    result.budget = budget;
    result.latency = {1, latency, latency, latency, latency, latency, latency};
    result.requests = 1;
    result.makespan = latency;
    result.full_memory_latency = std::chrono::milliseconds(10);
    result.lower_bound = std::chrono::milliseconds(11);
    result.compute_busy = std::chrono::milliseconds(10);
    result.stalls[StallReason::read] = latency - result.compute_busy;
    result.memory.peak = budget;
    result.memory.arena_bytes = budget;
    result.memory.peak_by_category[0] = budget;
    result.swapped_in = 8_MiB;
    result.events = 7;
    JobResult& job = result.jobs.emplace_back();
    job.model = "tiny";
    job.budget = budget;
    job.latency = result.latency;
    job.latencies = job.turns = {latency};
    job.full_memory_turns = result.full_memory_latency;
    for (const UnitRange units : {UnitRange{0, 2}, UnitRange{2, 3}}) {
        BlockFacts& block = job.blocks.emplace_back();
        block.units = units;
        block.parameter_bytes = units.first == 0 ? 6_MiB : 2_MiB;
    }
    return result;
}

RunResult made_up_refusal(const std::string& policy, Bytes budget, Bytes minimum) {
    RunResult result;
    result.verdict = Verdict::infeasible;
    result.policy = policy;
    result.budget = budget;
    result.minimum_budget = minimum;
    result.reason = "a (4 MiB) must be resident";
    result.layers = {"a"};
    return result;
}

Comparison made_up_comparison(const Scenario& scenario) {
    using std::chrono::microseconds;
    Comparison comparison;
    comparison.scenario = &scenario;
    comparison.policies.push_back({choose_policy("swapnet"), 4_MiB});
    comparison.policies.push_back({choose_policy("demand-layering:pipeline=async"), 6_MiB});
    for (const std::int64_t mib : {4, 6, 8}) {
        const Bytes budget = mib * 1_MiB;
        const auto slower = microseconds(13'000 + 500 * (8 - mib));
        comparison.budgets.push_back({parse_budget(std::to_string(mib) + "MiB"), budget});
        auto& row = comparison.cells.emplace_back();
        row.push_back(made_up_result("swapnet", budget, slower));
        const std::string other = "demand-layering:pipeline=async";
        row.push_back(mib == 4 ? made_up_refusal(other, budget, 6_MiB)
                               : made_up_result(other, budget, microseconds(12'345)));
    }
    comparison.full_memory = made_up_result("direct", 16_MiB, std::chrono::milliseconds(10));
    comparison.full_memory->budget.reset();
    comparison.full_memory_asked = true;
    return comparison;
}

}  // namespace swaplab::testing
