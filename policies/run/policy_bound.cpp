// The bound of a policy's own means (SEMANTICS: Bounds): each lane of its path has to do its part
// for all blocks up to one, which then executes with all behind it.
#include <algorithm>
#include <cmath>

#include "policies/lanes/lane_widths.h"
#include "policies/run/bounds.h"
#include "policies/run/planning.h"

namespace swaplab {

namespace {

// What does not change from lane to lane: the blocks in the order of a request, pass after pass.
class Walks {
  public:
    Walks(const CostModel& cost, const JobPlan& plan)
        : node_(cost.node()),
          plan_(plan),
          facts_(facts_of(cost, plan)),
          passes_(passes_of(facts_)),
          execute_factor_(least_factor(node_, Activity::execute)) {
        for (std::uint32_t pass = 0; pass < passes_; ++pass)
            for (const BlockFacts& block : facts_) executing_ += execute_ns(block, pass);
    }

    std::size_t executions() const { return facts_.size() * passes_; }

    // max_i (sum_{j<=i} D_j / speed + sum_{j>=i} K_j) of what the lane does before an execution.
    double bound(Lane lane, double speed, bool with_first_bytes) const {
        double done = 0;
        double left = executing_;
        double longest = 0;
        for (std::uint32_t pass = 0; pass < passes_; ++pass)
            for (std::size_t b = 0; b < facts_.size(); ++b) {
                if (pass == 0 || !stays(b))
                    done += lane_ns(facts_[b], pass, lane, with_first_bytes);
                longest = std::max(longest, done / speed + left);
                left -= execute_ns(facts_[b], pass);
            }
        return longest;
    }

  private:
    bool stays(std::size_t block) const {
        return plan_.keeps_all ||
               (!plan_.kept.empty() && plan_.kept[BlockId{static_cast<std::uint32_t>(block)}]);
    }
    double execute_ns(const BlockFacts& block, std::uint32_t pass) const {
        return static_cast<double>(count_ns(block.use_of(pass))) * execute_factor_;
    }
    double lane_ns(const BlockFacts& block, std::uint32_t pass, Lane lane,
                   bool with_first_bytes) const {
        double ns = 0;
        for (const SwapStep step : block.steps) {
            if (lane_of(step.verb) != lane) continue;
            double takes = static_cast<double>(count_ns(block.of(step.verb, pass)));
            if (step == block.steps.front() && !with_first_bytes)
                takes = std::max(0.0, takes - static_cast<double>(count_ns(block.first_byte)));
            ns += takes * least_factor(node_, *row_of(step.verb).activity);
        }
        return ns;
    }

    const Node& node_;
    const JobPlan& plan_;
    std::vector<BlockFacts> facts_;
    std::uint32_t passes_;
    double execute_factor_;
    double executing_ = 0;  // in all passes
};

// How much faster than one command alone a lane is with all that it runs at once.
double speed_of(const Node& node, Lane lane, std::uint32_t width) {
    if (kLaneTable[index_of(lane)].width != LaneWidth::parallel_reads) return width;
    const std::vector<double>& gains = node.read.concurrency;
    const auto known = std::min<std::size_t>(width, gains.size());
    return *std::max_element(gains.begin(), gains.begin() + static_cast<std::ptrdiff_t>(known));
}

}  // namespace

double least_factor(const Node& node, Activity activity) {
    double product = 1;
    for (const double factor : node.contention[static_cast<std::size_t>(activity)])
        product *= std::min(1.0, factor);
    return product;
}

Duration lanes_bound(const RunRequest& request, IdSpan<JobId, const CostModel> costs,
                     const Deployment& deployment) {
    const Workload& workload = request.workload;
    const JobPlan& plan = deployment.jobs.front();
    const bool one_cold = deployment.jobs.size() == 1 &&
                          workload.jobs.front().mode == ArrivalMode::cold &&
                          plan.variants.size() == 1 && workload.mode_changes.empty() &&
                          workload.jobs.front().tokens.empty();
    if (!one_cold) return {};
    const Walks walks(costs.front(), plan);
    const Node& node = costs.front().node();
    const LaneWidths widths = lane_widths(deployment, node);
    double longest = 0;
    for (const LaneRow& row : kLaneTable) {
        if (row.lane == Lane::none) continue;
        const std::uint32_t width = widths[index_of(row.lane)];
        longest =
            std::max(longest, walks.bound(row.lane, speed_of(node, row.lane, width), width == 1));
    }
    const auto allowance = 2 * static_cast<std::int64_t>(walks.executions());
    return std::max(Duration{},
                    Duration{static_cast<std::int64_t>(std::floor(longest)) - allowance});
}

namespace {

// Where requests may be dropped, the first of each job is not; where they are given up, none need
// end.
Bounds bounds_of_overruns(const RunRequest& request, IdSpan<JobId, const CostModel> costs,
                          const Deployment* deployment) {
    Workload workload = request.workload;
    for (Job& job : workload.jobs) {
        job.requests = 1;
        if (!job.arrivals.empty()) job.arrivals = {job.arrivals.front()};
        if (!job.tokens.empty()) job.tokens = {job.tokens.front()};
    }
    const RunRequest firsts{.platform = request.platform,
                            .workload = workload,
                            .budget = request.budget,
                            .account = request.account};
    Bounds bounds = lower_bound(firsts, costs, deployment);
    if (request.workload.overrun.aborts) bounds.lower = {};
    bounds.policy = bounds.lower;
    return bounds;
}

}  // namespace

Bounds bounds(const RunRequest& request, IdSpan<JobId, const CostModel> costs,
              const Deployment* deployment) {
    if (request.workload.overrun.any()) return bounds_of_overruns(request, costs, deployment);
    Bounds bounds = lower_bound(request, costs, deployment);
    bounds.policy = bounds.lower;
    if (deployment != nullptr)
        bounds.policy = std::max(bounds.policy, lanes_bound(request, costs, *deployment));
    return bounds;
}

}  // namespace swaplab
