// The lower bound of every result (SEMANTICS: Lower bound).
//
// Ours: over a stream of N requests the rounding of activities may accumulate N times, more than
// 2·units ns, so the allowance grows with the number of units whose cost is not a whole number of
// ns. With whole costs, and for N <= 2, it is 2·units.
#include <algorithm>
#include <cmath>
#include <deque>

#include "policies/run/planning.h"
#include "policies/run/runner.h"

namespace swaplab {

namespace {

// What one job contributes: per unit R_j and K_j, scaled by the smallest factors that may apply.
struct UnitCosts {
    std::vector<double> read, execute;  // in the first pass
    double kappa = 1;
    double read_per_byte = 0;
    double total_read = 0;
    double total_execute = 0;  // in the first pass
    double of_request = 0;     // execution in all passes
    std::int64_t passes = 1;
    double fractions = 0;  // how many of all R_j and K_j are not whole numbers

    std::size_t units() const { return read.size(); }
};

double smallest_factor(const Node& node, Activity activity) {
    double product = 1;
    for (const double factor : node.contention[static_cast<std::size_t>(activity)])
        product *= std::min(1.0, factor);
    return product;
}

// Bytes read per byte of parameters, at the least, where layers are stored encoded.
double smallest_stored_share(const Model& model) {
    double share = 1;
    for (const Layer& layer : model.layers())
        if (layer.parameter_bytes.count > 0)
            share = std::min(share, static_cast<double>(layer.bytes_on_storage().count) /
                                        static_cast<double>(layer.parameter_bytes.count));
    return share;
}

// The cost models of one job in every mode that the run may be in; mostly one.
using InModes = std::span<const CostModel* const>;

template <class Cost>
double least(InModes modes, Cost cost) {
    double least = cost(*modes.front());
    for (const CostModel* mode : modes.subspan(1)) least = std::min(least, cost(*mode));
    return least;
}

// Execution of a unit in all passes of a request, times `factor`. Each pass may be in another mode:
// of several modes each part of a pass takes the least.
double request_ns(InModes modes, LayerRange unit, double factor) {
    const CostModel& first = *modes.front();
    const auto passes = static_cast<double>(first.model().passes());
    if (modes.size() == 1 || passes == 1)
        return least(modes, [&](auto& mode) { return mode.execute_bound_ns(unit); }) * factor *
               passes;
    const double context =
        static_cast<double>(first.model().spec().prompt_tokens) + passes / 2;  // on average
    double sum = least(modes, [&](auto& mode) { return mode.prompt_bound_ns(unit); });
    for (std::uint32_t l = unit.first; l < unit.last; ++l)
        sum +=
            (passes - 1) * (least(modes, [&](auto& mode) { return mode.decode_layer_cost(l).ns; }) +
                            context * least(modes, [&](auto& mode) {
                                return mode.decode_layer_cost(l).per_context_ns;
                            }));
    return sum * factor;
}

bool any_fraction(InModes modes, double factor, auto cost) {
    return std::ranges::any_of(modes, [&](const CostModel* mode) {
        const double ns = cost(*mode) * factor;
        return ns != std::floor(ns);
    });
}

UnitCosts unit_costs(InModes modes, bool resident) {
    const CostModel& cost = *modes.front();
    const Node& node = cost.node();
    const double read_factor = resident ? 0 : smallest_factor(node, Activity::read);
    const double execute_factor = smallest_factor(node, Activity::execute);
    UnitCosts units;
    for (const LayerRange& unit : cost.model().units()) {
        const auto read_ns = [&](const CostModel& mode) { return mode.read_bound_ns(unit); };
        const auto execute_ns = [&](const CostModel& mode) { return mode.prompt_bound_ns(unit); };
        const double read = least(modes, read_ns) * read_factor;
        const double execute = least(modes, execute_ns) * execute_factor;
        units.read.push_back(read);
        units.execute.push_back(execute);
        units.total_read += read;
        units.total_execute += execute;
        units.of_request += request_ns(modes, unit, execute_factor);
        units.fractions += any_fraction(modes, read_factor, read_ns) +
                           any_fraction(modes, execute_factor, execute_ns);
    }
    units.passes = cost.model().passes();
    units.kappa = *std::max_element(node.read.concurrency.begin(), node.read.concurrency.end());
    const double per_byte = least(modes, [](auto& mode) { return mode.read_per_byte_ns(); });
    units.read_per_byte = per_byte * read_factor * smallest_stored_share(cost.model());
    return units;
}

// max_i (sum_{j<=i} R_j / kappa + sum_{j>=i} K_j)
double pipeline_bound(const UnitCosts& units) {
    double read = 0;
    double execute = units.total_execute;
    double bound = 0;
    for (std::size_t i = 0; i < units.units(); ++i) {
        read += units.read[i];
        bound = std::max(bound, read / units.kappa + execute);
        execute -= units.execute[i];
    }
    return bound;
}

// N requests in a row; of a generative model each is several walks through the layers, and what
// does not fit beside the budget is read again in every walk (ours: the page's stream of N, by
// walks).
double stream_bound(const UnitCosts& units, Bytes parameters, Bytes budget, double requests) {
    const double missing = static_cast<double>(std::max(Bytes{}, parameters - budget).count);
    const double executing =
        pipeline_bound(units) + (requests * units.of_request - units.total_execute);
    const double walks = requests * static_cast<double>(units.passes);
    double reading = (units.total_read + (walks - 1) * missing * units.read_per_byte) / units.kappa;
    if (units.passes == 1) reading += units.execute.back();
    return std::max(executing, reading);
}

Duration floored(double bound, double allowance) {
    return Duration{std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(bound)) -
                                                  static_cast<std::int64_t>(std::ceil(allowance)))};
}

double allowance(const UnitCosts& units, double requests) {
    const double walks = requests * static_cast<double>(units.passes);
    const double fractions =
        units.passes > 1 ? static_cast<double>(2 * units.units()) : units.fractions;
    return std::max(2.0 * static_cast<double>(units.units()), 0.5 * walks * fractions);
}

// The bound of one job alone; of latency where it is cold, else of the makespan.
Duration bound_of(const UnitCosts& units, const Job& job, Bytes budget) {
    if (job.mode == ArrivalMode::cold)
        return floored(stream_bound(units, job.model->parameter_bytes(), budget, 1),
                       allowance(units, 1));
    const double requests =
        job.mode == ArrivalMode::stream ? static_cast<double>(job.requests) : 1.0;
    return floored(stream_bound(units, job.model->parameter_bytes(), budget, requests),
                   allowance(units, requests));
}

// The platform in the modes that a run changes to, with its jobs' cost models.
struct OtherMode {
    Platform platform;
    std::vector<CostModel> costs;  // borrow `platform`
};

// A deque, since cost models are not to outlive a move of what they borrow.
std::deque<OtherMode> other_modes(const RunRequest& request) {
    std::deque<OtherMode> all;
    for (const std::string& mode : modes_changed_to(request.workload)) {
        OtherMode& other = all.emplace_back(OtherMode{request.platform, {}});
        other.platform.mode = mode;
        other.costs = cost_models(request.workload, other.platform);
    }
    return all;
}

}  // namespace

LowerBound lower_bound(const RunRequest& request, std::span<const CostModel> costs,
                       const Deployment* deployment) {
    // Without a budget nothing has to be read twice.
    Bytes budget = request.budget.value_or(Bytes{kMostInTotal});
    for (const BudgetChange& change : request.workload.budget_changes)
        budget = std::max(budget, change.budget);
    const std::vector<Job>& jobs = request.workload.jobs;
    const std::deque<OtherMode> others = other_modes(request);
    Duration longest{};
    double executing = 0;
    double slack = 0;
    for (std::size_t j = 0; j < jobs.size(); ++j) {
        const bool resident =
            deployment != nullptr && deployment->jobs[j].path == SwapPath::resident;
        std::vector<const CostModel*> modes{&costs[j]};
        for (const OtherMode& other : others) modes.push_back(&other.costs[j]);
        const UnitCosts units = unit_costs(modes, resident);
        const auto requests = static_cast<double>(jobs[j].requests);
        longest = std::max(longest, bound_of(units, jobs[j], budget));
        executing += requests * units.of_request;
        slack += allowance(units, requests);
    }
    if (jobs.size() == 1)
        return {longest, jobs[0].mode == ArrivalMode::cold ? BoundOf::latency : BoundOf::makespan};
    return {std::max(longest, floored(executing, slack)), BoundOf::makespan};
}

}  // namespace swaplab
