#include "experiments/measure/bench.h"

#include <stdexcept>

#include "experiments/measure/samples.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

class Spans final : public Observer {
  public:
    Interests interests() const override { return {true, false, false}; }
    void on_span(const Completion& span) override { spans_.push_back(span); }
    const std::vector<Completion>& all() const { return spans_; }

  private:
    std::vector<Completion> spans_;
};

Workload workload_of(const BenchRun& run, const ModelPtr& model) {
    Workload workload;
    for (const BenchJob& bench : run.jobs) {
        Job job;
        job.model = model;
        job.mode = ArrivalMode::stream;
        job.requests = bench.requests;
        workload.jobs.push_back(std::move(job));
    }
    return workload;
}

Deployment deployment_of(const BenchRun& run) {
    Deployment deployment;
    deployment.parallel_reads = run.parallel_reads;
    for (const BenchJob& bench : run.jobs) {
        JobPlan plan({}, bench.path, bench.blocks);
        plan.at_start().arena = {ArenaKind::counter, bench.arena, 0};
        plan.parallel_reads = run.parallel_reads;
        plan.budget = bench.arena;
        if (bench.path == SwapPath::resident) plan.resident_copies = 1;
        if (bench.path == SwapPath::staged) plan.at_start().staging = plan.at_start().arena;
        deployment.jobs.push_back(std::move(plan));
    }
    return deployment;
}

// The cuts are made by bytes, as of a device that nothing is known of. One that is simulated or
// emulated may take too long for a block of them.
void check_times(const Model& model, const Platform& platform, const JobPlan& plan) {
    for (const BlockFacts& block : facts_of(CostModel(model, platform), plan))
        if (block.held_bytes > Bytes{kMostInTotal})
            throw InputError(text("profile: {} of {} as one block takes 2^42 ns (73 minutes) or "
                                  "more for one activity, expected less: measure smaller blocks "
                                  "(-b), or check the costs of the device",
                                  model.name_of(block.units), model.name()));
}

// When each step was free to start: all it waits for had ended, and what ran before it on its lane.
std::vector<Played> played(const Script& script, const ScriptScheduler& scheduler,
                           const std::vector<Completion>& spans, std::uint32_t parallel_reads) {
    std::vector<Played> by_step(script.steps().size());
    std::map<std::uint32_t, std::size_t> step_of;
    for (std::size_t i = 0; i < scheduler.tickets().size(); ++i)
        step_of[scheduler.tickets()[i].index] = i;
    for (const Completion& span : spans) by_step[step_of.at(span.ticket.index)].span = span;
    std::array<std::optional<Time>, kLanes> lane_free{};
    for (std::size_t i = 0; i < by_step.size(); ++i) {
        Played& step = by_step[i];
        const Lane lane = step.span.command.lane;
        if (lane == Lane::none) continue;
        std::optional<Time>& before = lane_free[static_cast<std::size_t>(lane)];
        std::optional<Time> ready = before;
        for (const StepIndex a : script.steps()[i].after)
            ready = std::max(ready.value_or(kStart), by_step[a].span.end);
        const bool known =
            ready && scheduler.submitted()[i] <= *ready && !step.span.blocked_since &&
            step.span.start >= *ready &&
            !(kLaneTable[index_of(lane)].width == LaneWidth::parallel_reads && parallel_reads > 1);
        if (known) step.hand_off_ns = static_cast<double>(count_ns(step.span.start - *ready));
        before = step.span.end;
    }
    return by_step;
}

}  // namespace

Bench::Bench(ModelPtr model, const Platform& platform, DeviceFactory device,
             std::optional<Bytes> request_bytes, std::optional<NoiseKey> noise)
    : model_(std::move(model)),
      platform_(&platform),
      device_(std::move(device)),
      request_bytes_(request_bytes),
      noise_(noise) {}

std::vector<Measurement> Bench::play(const BenchRun& run, std::int64_t round) {
    const Workload workload = workload_of(run, model_);
    const Deployment deployment = deployment_of(run);
    for (const JobPlan& plan : deployment.jobs) check_times(*model_, *platform_, plan);
    Spans spans;
    RunRequest request{*platform_, workload, std::nullopt, Account::parameters, device_, &spans};
    request.with_reference = false;
    if (noise_) request.noise = NoiseKey{noise_->seed, noise_->replication + runs_};
    ++runs_;
    ScriptScheduler scheduler(run.script);
    const RunResult result = run_deployment(request, deployment, scheduler, "profile");
    // Jobs whose blocks are only read have no end; the script has one. What ends after the last
    // execution is not told to the scheduler.
    if (spans.all().size() < run.script.steps().size())
        throw std::runtime_error(text("profile: a schedule got stuck: {}", result.reason));
    if (result.evidence)
        for (const auto& [key, value] : result.evidence->conditions) conditions_[key] = value;
    const SampleMaker samples(*model_, *platform_, request_bytes_, run);
    return samples.rows(played(run.script, scheduler, spans.all(), run.parallel_reads), round,
                        mixed_);
}

}  // namespace swaplab
