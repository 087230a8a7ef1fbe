#include "tests/bench/pipeline.h"

#include <memory>

#include "policies/registry.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"

namespace swaplab::bench {

namespace {

constexpr int kDnns = 10;
constexpr int kLayers = 64;
constexpr std::uint32_t kReads = 3;

Platform platform_of(const PipelineShape& shape) {
    Platform platform;
    platform.name = "bench";
    Node& node = platform.nodes.emplace_back();
    node.compute = ComputeKind::gpu;
    node.memory.capacity = {std::int64_t{1} << 36};
    node.read.cost.per_byte = shape.read_ns_per_byte;
    node.read.cost.per_request = 80000;
    node.read.concurrency = shape.concurrency;
    node.cost(Activity::assemble).per_tensor = 20000;
    node.cost(Activity::release).per_tensor = 5000;
    node.execute.other.per_flop = 0.0023;
    node.execute.other.per_layer = 20000;
    if (!shape.contended) return platform;
    const auto read = static_cast<std::size_t>(Activity::read);
    const auto execute = static_cast<std::size_t>(Activity::execute);
    node.contention[execute][read] = 1.05;
    node.contention[read][execute] = 1.02;
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
    // `swapped`: by job and block, whether it has parameters.
    TurnByTurn(const PipelineShape& shape, std::int64_t requests,
               std::vector<std::vector<bool>> swapped)
        : jobs_(static_cast<std::uint32_t>(swapped.size())),
          layers_(static_cast<std::uint32_t>(swapped.front().size())),
          fewest_ahead_(shape.fewest_ahead * static_cast<int>(jobs_)),
          most_ahead_(shape.most_ahead * static_cast<int>(jobs_)),
          requests_(requests),
          swapped_(std::move(swapped)),
          last_(jobs_) {
        for (auto& job : last_) job.released.resize(layers_);
    }

    void decide(const View& view, Moves& moves) override {
        for (const Completion& span : view.completions)
            if (span.command.verb == Verb::execute) --ahead_;
        if (ahead_ > fewest_ahead_) return;
        while (ahead_ < most_ahead_ && request_ < requests_) submit_layer(moves);
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

    Ticket submit_swap_in(Moves& moves, std::uint32_t job) {
        Last& last = last_[job];
        Command read = command(Verb::read, job);
        if (last.read) read.after.add(*last.read);
        if (last.released[layer_]) read.after.add(*last.released[layer_]);
        last.read = moves.submit(read);
        Command assemble = command(Verb::assemble, job);
        assemble.after = {*last.read};
        return moves.submit(assemble);
    }

    void submit_layer(Moves& moves) {
        for (std::uint32_t j = 0; j < jobs_; ++j) {
            Last& last = last_[j];
            Command execute = command(Verb::execute, j);
            if (last.executed) execute.after.add(*last.executed);
            if (swapped_[j][layer_]) execute.after.add(submit_swap_in(moves, j));
            last.executed = moves.submit(execute);
            if (!swapped_[j][layer_]) continue;
            Command release = command(Verb::release, j);
            release.after = {*last.executed};
            last.released[layer_] = moves.submit(release);
        }
        ahead_ += static_cast<int>(jobs_);
        if (++layer_ < layers_) return;
        layer_ = 0;
        ++request_;
    }

    std::uint32_t jobs_, layers_;
    int fewest_ahead_, most_ahead_;
    std::int64_t requests_;
    std::vector<std::vector<bool>> swapped_;
    std::vector<Last> last_;
    std::int64_t request_ = 0;
    std::uint32_t layer_ = 0;
    int ahead_ = 0;
};

}  // namespace

PipelineShape whole_model_shape() { return {}; }

PipelineShape plain_shape() {
    PipelineShape shape;
    shape.policy = "demand-layering:buffer=min";
    shape.read_ns_per_byte = 0.7;
    shape.concurrency = {1.0};
    shape.contended = false;
    shape.fewest_ahead = 6;
    shape.most_ahead = 12;
    return shape;
}

Pipeline::Pipeline(const PipelineShape& shape, std::int64_t requests)
    : shape_(shape), requests_(requests), platform_(platform_of(shape)) {
    for (int j = 0; j < kDnns; ++j) {
        workload_.jobs.push_back(
            {layered_model(j), ArrivalMode::stream, requests, {}, std::nullopt, 1});
        budget_ += workload_.jobs.back().model->parameter_bytes();
    }
    budget_.count /= 4;
    deployment_ = std::get<Deployment>(plan(request(), make_policy(shape.policy)));
    deployment_->parallel_reads = kReads;
}

Pipeline::Pipeline(Platform platform, Workload workload, Bytes budget, Account account,
                   Deployment deployment)
    : shape_(plain_shape()),
      requests_(workload.jobs.front().requests),
      platform_(std::move(platform)),
      workload_(std::move(workload)),
      budget_(budget),
      account_(account),
      deployment_(std::move(deployment)) {
    Node& node = platform_.nodes.front();
    node.contention = Node().contention;  // none
    node.read.after_idle = {};
    node.read.concurrency = {1.0};
    deployment_->parallel_reads = 1;
    // The ring may hold all of a request.
    shape_.fewest_ahead = static_cast<int>(deployment_->jobs.front().at_start().size());
    shape_.most_ahead = 2 * shape_.fewest_ahead;
}

RunRequest Pipeline::request() const {
    return {platform_, workload_, budget_, account_, make_sim_device, nullptr};
}

RunResult Pipeline::run(Observer* observer) const {
    RunRequest observed = request();
    observed.observer = observer;
    std::vector<std::vector<bool>> swapped;
    for (std::uint32_t j = 0; j < workload_.jobs.size(); ++j) {
        const CostModel cost(*workload_.jobs[{j}].model, platform_);
        std::vector<bool>& of_job = swapped.emplace_back();
        for (const Block block : deployment_->jobs[{j}].blocks)
            of_job.push_back(cost.parameter_bytes(block).count > 0);
    }
    TurnByTurn scheduler(shape_, requests_, std::move(swapped));
    return run_deployment(observed, *deployment_, scheduler, "turn-by-turn");
}

std::string Pipeline::description() const {
    std::string lines = text("reads {}\nrequests {}\n", deployment_->parallel_reads, requests_);
    for (std::uint32_t j = 0; j < workload_.jobs.size(); ++j) {
        const JobPlan& job = deployment_->jobs[{j}];
        lines += text("ring {} {}\n", j, job.at_start().arena.capacity.count);
        const CostModel cost(*workload_.jobs[{j}].model, platform_);
        for (const BlockId b : job.blocks.ids()) {
            const Block layer = job.blocks[b];
            lines +=
                text("layer {} {} {} {} {} {} {}\n", j, b.index, cost.parameter_bytes(layer).count,
                     count_ns(to_duration(cost.ns(Activity::read, layer))),
                     count_ns(to_duration(cost.ns(Activity::assemble, layer))),
                     count_ns(to_duration(cost.ns(Activity::execute, layer))),
                     count_ns(to_duration(cost.ns(Activity::release, layer))));
        }
    }
    return lines;
}

}  // namespace swaplab::bench
