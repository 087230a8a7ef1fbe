#include "experiments/validate/ablation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "experiments/validate/other_world.h"
#include "experiments/validate/sample.h"
#include "policies/registry.h"

namespace swaplab {

namespace {

// A world without one effect; either function may be null.
struct Effect {
    const char* name;
    void (*without)(Node&);
    void (*without_in_model)(ModelSpec&);
};

void drop_per_block(Node& node) {
    for (const ActivityRow& row : kActivityTable) node.cost(row.activity).per_block = 0;
    for (auto& [dtype, table] : node.execute_by_dtype) table.other.per_block = 0;
    for (Mode& mode : node.modes) {
        if (mode.execute) mode.execute->other.per_block = 0;
        for (auto& [dtype, table] : mode.execute_by_dtype) table.other.per_block = 0;
    }
}

void drop_measured_times(ModelSpec& model) {
    for (Layer& layer : model.layers) layer.execute.reset();
}

constexpr std::array kEffects{
    Effect{"contention", [](Node& n) { n.contention = Node::no_contention(); }, nullptr},
    Effect{"storage after idling", [](Node& n) { n.read.after_idle.reset(); }, nullptr},
    Effect{"parallel reads", [](Node& n) { n.read.concurrency = {1.0}; }, nullptr},
    Effect{"cost per request", [](Node& n) { n.read.cost.per_request = 0; }, nullptr},
    Effect{"fresh memory", [](Node& n) { n.memory.fresh_ns_per_byte = 0; }, nullptr},
    Effect{"copies", [](Node& n) { n.cost(Activity::copy) = {}; }, nullptr},
    Effect{"assembly",
           [](Node& n) {
               n.cost(Activity::assemble) = {};
               n.cost(Activity::instantiate) = {};
               n.cost(Activity::attach) = {};  // what a kind of memory adds
               n.cost(Activity::prefetch) = {};
           },
           nullptr},
    Effect{"release", [](Node& n) { n.cost(Activity::release) = {}; }, nullptr},
    Effect{"cost per command", [](Node& n) { n.host_per_command = {}; }, nullptr},
    Effect{"cost per block", drop_per_block, nullptr},
    Effect{"measured layer times (fitted lines instead)", nullptr, drop_measured_times},
    Effect{"whole-model anchors", nullptr, [](ModelSpec& m) { m.anchors.clear(); }},
};

// What a scenario's world is without the effect; nothing where that changes nothing.
struct Without {
    Platform platform;
    std::vector<ModelPtr> models;
};

std::optional<Without> world_without(const Scenario& scenario, const Effect& effect) {
    Without world{scenario.device.platform, {}};
    if (effect.without != nullptr)
        for (Node& node : world.platform.nodes) effect.without(node);
    bool differs = !(world.platform == scenario.device.platform);
    for (const Job& job : scenario.workload.jobs) {
        if (effect.without_in_model == nullptr) break;
        ModelSpec spec = job.model->spec();
        effect.without_in_model(spec);
        differs = differs || !(spec == job.model->spec());
        world.models.push_back(std::make_shared<const Model>(std::move(spec)));
    }
    if (!differs) return std::nullopt;
    return world;
}

double error_in(const Without& world, const Point& point) {
    const Configuration& configuration = *point.configuration;
    const Scenario& scenario = *point.study->scenario;
    const Testbed other{simulated_on(world.platform, world.models)};
    RunRequest asked = request_of(scenario, other, configuration.bytes);
    asked.noise.reset();
    asked.replications = 1;
    asked.with_reference = false;
    const RunResult result = run(asked, policy_for(configuration.policy, scenario));
    return std::abs(static_cast<double>(count_ns(result.latency.mean)) / point.measured_ns - 1);
}

Ablation without(const Effect& effect, const Assessment& assessment) {
    Ablation ablation{effect.name, false, 0, 0};
    std::map<const Scenario*, std::optional<Without>> worlds;
    std::vector<double> errors;
    for (const Point& point : assessment.points) {
        const Scenario* scenario = point.study->scenario;
        if (!worlds.contains(scenario)) worlds.emplace(scenario, world_without(*scenario, effect));
        const std::optional<Without>& world = worlds.at(scenario);
        ablation.modelled = ablation.modelled || world.has_value();
        errors.push_back(world ? error_in(*world, point) : std::abs(point.error));
    }
    ablation.median_error = median(errors);
    ablation.p95_error = percentile(errors, 95);
    return ablation;
}

}  // namespace

std::vector<Ablation> ablate(const Assessment& assessment) {
    std::vector<Ablation> all;
    for (const Effect& effect : kEffects) all.push_back(without(effect, assessment));
    return all;
}

}  // namespace swaplab
