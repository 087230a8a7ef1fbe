// A small model and platform, and schedulers written as a function: for policies that misbehave.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "tests/support/simulate.h"

namespace swaplab::testing {

// Three layers of 10 bytes, the last one followed by one without parameters. Reading takes 10 ns,
// copying 10, assembling 1, executing 20, releasing 2.
inline ModelPtr small_model() {
    ModelSpec spec;
    spec.name = "small";
    for (const std::int64_t bytes : {10, 10, 10, 0}) {
        Layer layer;
        layer.name = text("layer{}", spec.layers.size());
        if (!spec.layers.empty())
            layer.inputs = {LayerId{static_cast<std::uint32_t>(spec.layers.size() - 1)}};
        layer.parameter_bytes = {bytes};
        layer.parameter_tensors = bytes > 0 ? 1 : 0;
        layer.macs = 10;
        spec.layers.push_back(layer);
    }
    return std::make_shared<const Model>(spec);
}

inline Platform small_platform() {
    Platform platform;
    platform.name = "plain";
    platform.nodes.resize(1);
    Node& node = platform.nodes[0];
    node.memory.capacity = {1 << 20};
    node.read.cost.per_byte = 1;
    node.cost(Activity::copy).per_byte = 1;
    node.cost(Activity::assemble).per_tensor = 1;
    node.execute.other.per_flop = 1;
    node.cost(Activity::release).per_tensor = 2;
    return platform;
}

inline Deployment small_deployment(const Model& model, Bytes arena = {100},
                                   SwapPath path = SwapPath::zero_copy) {
    Deployment deployment;
    JobPlan plan({}, path, finest_blocks(model));
    plan.at_start().arena = {ArenaKind::counter, arena, 0};
    if (path == SwapPath::staged) plan.at_start().staging = plan.at_start().arena;
    deployment.jobs.push_back(plan);
    return deployment;
}

inline Command command(Verb verb, std::uint32_t block, After after = {},
                       std::uint32_t request = 0) {
    Command c;
    c.verb = verb;
    c.lane = lane_of(verb);
    c.block = {block};
    c.request = {request};
    c.after = after;
    return c;
}

// Calls `decide` of the test; counts the calls.
class Scripted : public Scheduler {
  public:
    using Script = std::function<void(const View&, Moves&, int call)>;
    explicit Scripted(Script script) : script_(std::move(script)) {}
    void decide(const View& view, Moves& moves) override { script_(view, moves, calls_++); }

  private:
    Script script_;
    int calls_ = 0;
};

// Swap in, execute and release one block; returns the ticket of the execution.
inline Ticket run_block(Moves& moves, std::uint32_t block, After before = {},
                        std::uint32_t request = 0) {
    const Ticket read = moves.submit(command(Verb::read, block, before, request));
    const Ticket ready = moves.submit(command(Verb::assemble, block, {read}, request));
    const Ticket executed = moves.submit(command(Verb::execute, block, {ready}, request));
    moves.submit(command(Verb::release, block, {executed}, request));
    return executed;
}

inline Simulation run_script(Scripted::Script script, const std::string& name, Bytes arena = {100},
                             std::int64_t budget = 100, std::int64_t requests = 1,
                             ArrivalMode mode = ArrivalMode::cold,
                             SwapPath path = SwapPath::zero_copy) {
    const ModelPtr model = small_model();
    Options options;
    options.budget = Bytes{budget};
    options.account = Account::parameters;
    options.requests = requests;
    options.mode = mode;
    Scripted scheduler(std::move(script));
    return simulate(small_platform(), workload_of({model}, options),
                    small_deployment(*model, arena, path), scheduler, options, name);
}

// The first call submits; later calls do nothing.
inline Scripted::Script once(std::function<void(Moves&)> body) {
    return [body = std::move(body)](const View&, Moves& moves, int call) {
        if (call == 0) body(moves);
    };
}

}  // namespace swaplab::testing
