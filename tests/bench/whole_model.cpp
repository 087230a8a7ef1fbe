#include "tests/bench/whole_model.h"

#include <memory>

#include "sim/sim_device.h"

namespace swaplab {
namespace {

constexpr int kDnns = 10;
constexpr int kLayers = 64;

Platform contended_platform() {
    Platform platform;
    platform.name = "bench";
    Node& node = platform.nodes.emplace_back();
    node.compute = ComputeKind::gpu;
    node.memory.capacity = {std::int64_t{1} << 36};
    node.read.cost.per_byte = 0.5;
    node.read.cost.per_request = 80000;
    node.read.concurrency = {1.0, 1.6, 1.8};
    node.assemble.per_tensor = 20000;
    node.release.per_tensor = 5000;
    node.execute.other.per_flop = 0.0023;
    node.execute.other.per_layer = 20000;
    node.contention[static_cast<std::size_t>(Activity::execute)]
                   [static_cast<std::size_t>(Activity::read)] = 1.05;
    node.contention[static_cast<std::size_t>(Activity::read)]
                   [static_cast<std::size_t>(Activity::execute)] = 1.02;
    return platform;
}

ModelPtr layered_model(int seed) {
    ModelSpec spec;
    spec.name = "dnn";
    for (int l = 0; l < kLayers; ++l) {
        Layer layer;
        layer.name = "layer" + std::to_string(l);
        layer.op = OpClass::conv2d;
        layer.inputs = {l == 0 ? Source() : Source(LayerId{static_cast<std::uint32_t>(l - 1)})};
        layer.parameter_bytes = {500'000 + (seed * 7919 + l * 104'729) % 1'500'000};
        layer.parameter_tensors = 2;
        layer.macs = 100'000'000 + (seed * 31 + l * 1'299'709) % 200'000'000;
        layer.output_bytes = {400'000};
        spec.layers.push_back(std::move(layer));
    }
    return std::make_shared<const Model>(std::move(spec));
}

// All DNNs advance in turn, layer by layer: with one request at a time first come first served only
// one read would ever be in flight.
class TurnByTurn final : public Scheduler {
  public:
    explicit TurnByTurn(std::int64_t requests) : requests_(requests), last_(kDnns) {
        for (auto& job : last_) job.released.resize(kLayers);
    }

    void decide(const View& view, Moves& moves) override {
        for (const Completion& span : view.completions)
            if (span.command.verb == Verb::execute) --ahead_;
        if (ahead_ > kDnns) return;
        while (ahead_ < 3 * kDnns && request_ < requests_) submit_layer(moves);
    }

  private:
    struct Last {
        std::optional<Ticket> read, executed;
        std::vector<std::optional<Ticket>> released;
    };

    Command command(Verb verb, std::uint32_t job) const {
        Command c;
        c.verb = verb;
        c.lane = lane_of(verb);
        c.job = {job};
        c.request = {static_cast<std::uint32_t>(request_)};
        c.block = {layer_};
        return c;
    }

    void submit_layer(Moves& moves) {
        for (std::uint32_t j = 0; j < kDnns; ++j) {
            Last& last = last_[j];
            Command read = command(Verb::read, j);
            if (last.read) read.after.add(*last.read);
            if (last.released[layer_]) read.after.add(*last.released[layer_]);
            last.read = moves.submit(read);
            Command assemble = command(Verb::assemble, j);
            assemble.after = {*last.read};
            Command execute = command(Verb::execute, j);
            execute.after = {moves.submit(assemble)};
            if (last.executed) execute.after.add(*last.executed);
            last.executed = moves.submit(execute);
            Command release = command(Verb::release, j);
            release.after = {*last.executed};
            last.released[layer_] = moves.submit(release);
        }
        ahead_ += kDnns;
        if (++layer_ < kLayers) return;
        layer_ = 0;
        ++request_;
    }

    std::int64_t requests_;
    std::vector<Last> last_;
    std::int64_t request_ = 0;
    std::uint32_t layer_ = 0;
    int ahead_ = 0;
};

}  // namespace

WholeModel::WholeModel(std::int64_t requests)
    : platform_(contended_platform()), requests_(requests) {
    for (int j = 0; j < kDnns; ++j) {
        workload_.jobs.push_back(
            {layered_model(j), ArrivalMode::stream, requests, {}, std::nullopt, 1});
        budget_ += workload_.jobs.back().model->parameter_bytes();
    }
    budget_.count = budget_.count / 4;
    deployment_ = std::get<Deployment>(plan(request(nullptr), make_policy("demand-layering")));
    deployment_.parallel_reads = 3;
}

RunRequest WholeModel::request(Observer* observer) const {
    return {platform_, workload_, budget_, Account::all, make_sim_device, observer};
}

RunResult WholeModel::run(Observer* observer) const {
    TurnByTurn scheduler(requests_);
    return run_deployment(request(observer), deployment_, scheduler, "turn-by-turn");
}

}  // namespace swaplab
