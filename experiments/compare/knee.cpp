#include "experiments/compare/knee.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "policies/registry.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr double kJump = 0.05;
constexpr std::int64_t kMostRunsForAJump = 8;

// One policy's search. Runs are kept by budget: what one question needed, another may use.
class Search {
  public:
    Search(const KneeRequest& request, const PolicyChoice& choice)
        : request_(request), policy_(policy_for(choice, request.scenario)) {
        const double bytes = static_cast<double>(request.scenario.parameter_bytes().count);
        step_ = Bytes{std::max<std::int64_t>(1, std::llround(bytes * request.share))};
    }

    Knee go(Bytes plenty) {
        Knee knee;
        knee.policy = policy_.spec;
        find_minimum(knee);
        plenty = std::max(plenty, knee.minimum);
        knee.at_minimum = at(knee.minimum);
        knee.best = at(plenty);
        knee.enough = smallest_within(knee.minimum, plenty, knee.best * (1 + request_.share));
        knee.at_enough = at(knee.enough);
        knee.waits_for = waits_below(knee.enough);
        find_jump(knee);
        knee.runs = static_cast<std::int64_t>(results_.size());
        return knee;
    }

  private:
    void find_minimum(Knee& knee) const {
        const PlanOutcome refused = plan(planning_request_of(request_.scenario, Bytes{1}), policy_);
        if (const auto* why = std::get_if<Infeasible>(&refused)) {
            knee.minimum = why->minimum_budget;
            knee.layers = why->layers;
        } else {
            knee.minimum = Bytes{1};
        }
    }

    const RunResult& result_at(Bytes budget) {
        const auto known = results_.find(budget);
        if (known != results_.end()) return known->second;
        return results_
            .emplace(budget, run(request_of(request_.scenario, request_.testbed, budget), policy_))
            .first->second;
    }
    double at(Bytes budget) {
        const RunResult& result = result_at(budget);
        const auto value = result.ran() ? request_.metric->value(result) : std::nullopt;
        return value.value_or(INFINITY);
    }

    Bytes smallest_within(Bytes low, Bytes high, double bound) {
        if (at(low) <= bound) return low;
        while (high - low > step_) {
            const Bytes middle{low.count + (high.count - low.count) / 2};
            (at(middle) <= bound ? high : low) = middle;
        }
        return high;
    }

    std::string waits_below(Bytes enough) const {
        const auto there = results_.lower_bound(enough);
        if (there == results_.begin()) return {};
        const Stalls& stalls = std::prev(there)->second.stalls;
        const StallReason most = *std::ranges::max_element(
            kAllStallReasons, {}, [&](StallReason reason) { return stalls[reason]; });
        return stalls[most] > Duration{} ? std::string(name_of(most)) : std::string();
    }

    // Halves the gap in which the metric falls most until its budgets are next to each other.
    void find_jump(Knee& knee) {
        for (std::int64_t i = 0; i < kMostRunsForAJump; ++i) {
            const std::optional<Jump> steepest = steepest_gap();
            if (!steepest) return;
            knee.jump = steepest;
            if (steepest->high - steepest->low <= step_) return;
            at(Bytes{steepest->low.count + (steepest->high.count - steepest->low.count) / 2});
        }
        knee.jump = steepest_gap();
    }
    std::optional<Jump> steepest_gap() {
        std::optional<Jump> steepest;
        double most = kJump;
        for (auto low = results_.begin(); std::next(low) != results_.end(); ++low) {
            const auto high = std::next(low);
            const double before = at(low->first);
            const double after = at(high->first);
            const double fall = before > 0 ? 1 - after / before : 0;
            if (fall <= most) continue;
            most = fall;
            steepest = Jump{low->first, high->first, before, after};
        }
        return steepest;
    }

    const KneeRequest& request_;
    Policy policy_;
    Bytes step_;
    std::map<Bytes, RunResult> results_;
};

// With as much nobody lacks memory: both copies of everything and what executes beside them.
Bytes plenty_for(const KneeRequest& request) {
    const RunResult direct =
        run(request_of(without_budget_changes(request.scenario), request.testbed, {}),
            make_policy(direct_policy()));
    return std::max(direct.memory.peak, 2 * request.scenario.parameter_bytes());
}

}  // namespace

std::vector<Knee> knees_of(const KneeRequest& request) {
    const Bytes plenty = plenty_for(request);
    std::vector<Knee> knees;
    for (const PolicyChoice& choice : request.policies) {
        if (!choice.needs_budget) continue;
        try {
            knees.push_back(Search(request, choice).go(plenty));
        } catch (const RefusedByDevice& error) {
            Knee& refused = knees.emplace_back();
            refused.policy = choice.spec;
            refused.refusal = error.what();
        }
    }
    return knees;
}

}  // namespace swaplab
