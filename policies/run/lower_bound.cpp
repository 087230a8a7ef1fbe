// The lower bound of every result (SEMANTICS: Bounds).
//
// Ours: over a stream of N requests the rounding of activities may accumulate N times, more than
// 2·n ns for n blocks, so the allowance grows with the number of blocks whose cost is not a whole
// number of ns. With whole costs, and for N <= 2, it is 2·n.
#include <algorithm>
#include <cmath>
#include <deque>

#include "policies/lanes/closed_loop.h"
#include "policies/run/bounds.h"
#include "policies/run/planning.h"
#include "profiles/model/scaled.h"

namespace swaplab {

namespace {

// What one job contributes: per finest block R_j and K_j, scaled by the smallest factors that may
// apply.
struct BlockCosts {
    std::vector<double> read, execute;  // in the first pass
    double kappa = 1;
    double read_per_byte = 0;
    double total_read = 0;
    double total_execute = 0;  // in the first pass
    double of_request = 0;     // execution in all passes
    std::int64_t passes = 1;
    Bytes least_of_a_pass;  // parameter bytes that every pass needs
    double fractions = 0;   // how many of all R_j and K_j are not whole numbers

    std::size_t size() const { return read.size(); }
};

// Bytes read per byte of parameters, at the least, where layers are stored encoded.
double smallest_stored_share(const Model& model) {
    double share = 1;
    for (const UnitId id : model.whole()) {
        const Unit unit = model.unit(id);
        if (unit.parameter_bytes.count > 0)
            share = std::min(share, static_cast<double>(unit.bytes_on_storage.count) /
                                        static_cast<double>(unit.parameter_bytes.count));
    }
    return share;
}

// The cost models of one job in every mode that the run may be in; mostly one.
using InModes = std::span<const CostModel* const>;

// The shortest request of a job: of requests that differ the least prompt and the least output.
struct Shortest {
    explicit Shortest(const Job& job) : passes(job.model->passes()) {
        prompt = job.model->described_tokens();
        if (job.tokens.empty()) return;
        for (const TokenCounts tokens : job.tokens) {
            prompt = std::min(prompt, tokens.prompt);
            passes = std::min(passes, std::max<std::int64_t>(1, tokens.output));
        }
        scaled.emplace(with_prompt(*job.model, prompt));
    }
    double prompt_ns(const CostModel& mode, Block block) const {
        if (!scaled) return mode.prompt_bound_ns(block);
        double sum = 0;
        for (const UnitId unit : block) sum += mode.prompt_unit_ns(unit, *scaled);
        return sum;
    }

    std::int64_t passes;
    std::int64_t prompt = 1;
    std::optional<Model> scaled;  // where it is not as the model describes it
};

template <class Cost>
double least(InModes modes, Cost cost) {
    double least = cost(*modes.front());
    for (const CostModel* mode : modes.subspan(1)) least = std::min(least, cost(*mode));
    return least;
}

// Execution of a block in all passes of a request, times `factor`. Each pass may be in another
// mode: of several modes each part of a pass takes the least.
double request_ns(InModes modes, Block block, double factor, const Shortest& request) {
    const auto passes = static_cast<double>(request.passes);
    if (!request.scaled && (modes.size() == 1 || passes == 1))
        return least(modes, [&](auto& mode) { return mode.execute_bound_ns(block); }) * factor *
               passes;
    const double context = static_cast<double>(request.prompt) + passes / 2;  // on average
    double sum = least(modes, [&](auto& mode) { return request.prompt_ns(mode, block); });
    for (const UnitId unit : block)
        sum += (passes - 1) *
               (least(modes, [&](auto& mode) { return mode.decode_unit_cost(unit).ns; }) +
                context * least(modes, [&](auto& mode) {
                    return mode.decode_unit_cost(unit).per_context_ns;
                }));
    return sum * factor;
}

bool any_fraction(InModes modes, double factor, auto cost) {
    return std::ranges::any_of(modes, [&](const CostModel* mode) {
        const double ns = cost(*mode) * factor;
        return ns != std::floor(ns);
    });
}

BlockCosts block_costs(InModes modes, bool resident, const Job& job) {
    const Shortest request(job);
    const CostModel& cost = *modes.front();
    const Node& node = cost.node();
    const double read_factor = resident ? 0 : least_factor(node, Activity::read);
    const double execute_factor = least_factor(node, Activity::execute);
    BlockCosts blocks;
    for (const Block block : cost.model().finest_blocks()) {
        const auto read_ns = [&](const CostModel& mode) { return mode.read_bound_ns(block); };
        const auto execute_ns = [&](const CostModel& mode) {
            return request.prompt_ns(mode, block);
        };
        const double read = least(modes, read_ns) * read_factor;
        const double execute = least(modes, execute_ns) * execute_factor;
        blocks.read.push_back(read);
        blocks.execute.push_back(execute);
        blocks.total_read += read;
        blocks.total_execute += execute;
        blocks.of_request += request_ns(modes, block, execute_factor, request);
        blocks.fractions += any_fraction(modes, read_factor, read_ns) +
                            any_fraction(modes, execute_factor, execute_ns);
    }
    blocks.passes = request.passes;
    blocks.least_of_a_pass = cost.least_bytes_of_a_pass();
    blocks.kappa = *std::max_element(node.read.concurrency.begin(), node.read.concurrency.end());
    const double per_byte = least(modes, [](auto& mode) { return mode.read_per_byte_ns(); });
    blocks.read_per_byte = per_byte * read_factor * smallest_stored_share(cost.model());
    return blocks;
}

// max_i (sum_{j<=i} R_j / kappa + sum_{j>=i} K_j)
double pipeline_bound(const BlockCosts& blocks) {
    double read = 0;
    double execute = blocks.total_execute;
    double bound = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        read += blocks.read[i];
        bound = std::max(bound, read / blocks.kappa + execute);
        execute -= blocks.execute[i];
    }
    return bound;
}

// N requests in a row; of a generative model each is several walks through the layers, and what
// does not fit beside the budget is read again in every walk (ours: the page's stream of N, by
// walks).
double stream_bound(const BlockCosts& blocks, Bytes parameters, Bytes budget, double requests) {
    const double missing = static_cast<double>(std::max(Bytes{}, parameters - budget).count);
    const double executing =
        pipeline_bound(blocks) + (requests * blocks.of_request - blocks.total_execute);
    const double walks = requests * static_cast<double>(blocks.passes);
    double reading =
        (blocks.total_read + (walks - 1) * missing * blocks.read_per_byte) / blocks.kappa;
    if (blocks.passes == 1) reading += blocks.execute.back();
    return std::max(executing, reading);
}

Duration floored(double bound, double allowance) {
    return Duration{std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(bound)) -
                                                  static_cast<std::int64_t>(std::ceil(allowance)))};
}

double allowance(const BlockCosts& blocks, double requests) {
    const double walks = requests * static_cast<double>(blocks.passes);
    const double fractions =
        blocks.passes > 1 ? static_cast<double>(2 * blocks.size()) : blocks.fractions;
    return std::max(2.0 * static_cast<double>(blocks.size()), 0.5 * walks * fractions);
}

// A request that is not the first: what it needs may all be there, but for what exceeds the budget.
double least_latency(const BlockCosts& blocks, Bytes parameters, Bytes budget) {
    const double missing = static_cast<double>(std::max(Bytes{}, parameters - budget).count);
    return std::max(blocks.of_request, missing * blocks.read_per_byte / blocks.kappa);
}

// The bound of one job alone; of latency where it is cold, else of the makespan, which begins with
// the job's first arrival.
Duration bound_of(const BlockCosts& blocks, const Job& job, Bytes budget) {
    const Bytes parameters = blocks.least_of_a_pass;
    const double requests =
        job.mode == ArrivalMode::cold ? 1.0 : static_cast<double>(job.least_requests());
    double bound = stream_bound(blocks, parameters, budget, requests);
    if (job.mode == ArrivalMode::listed && !job.arrivals.empty()) {
        const Duration last = job.arrivals.back() - job.arrivals.front();
        bound = std::max(
            bound, static_cast<double>(count_ns(last)) + least_latency(blocks, parameters, budget));
    }
    return floored(bound, allowance(blocks, requests));
}

Time first_arrival_of(const Job& job) {
    if (job.mode == ArrivalMode::closed) return first_arrival_of(job.loop);
    return job.mode == ArrivalMode::listed && !job.arrivals.empty() ? job.arrivals.front() : kStart;
}

// The platform in the modes that a run changes to, with its jobs' cost models.
struct OtherMode {
    Platform platform;
    CostModels costs;  // borrow `platform`
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

Bounds lower_bound(const RunRequest& request, IdSpan<JobId, const CostModel> costs,
                   const Deployment* deployment) {
    // Without a budget nothing has to be read twice.
    Bytes budget = request.budget.value_or(Bytes{kMostInTotal});
    for (const BudgetChange& change : request.workload.budget_changes)
        budget = std::max(budget, change.budget);
    const IdVector<JobId, Job>& jobs = request.workload.jobs;
    const std::deque<OtherMode> others = other_modes(request);
    Time first = Time::max();
    for (const Job& job : jobs) first = std::min(first, first_arrival_of(job));
    Duration longest{};
    double executing = 0;
    double slack = 0;
    for (const JobId j : jobs.ids()) {
        const bool resident =
            deployment != nullptr && deployment->jobs[j].path == SwapPath::resident;
        std::vector<const CostModel*> modes{&costs[j]};
        for (const OtherMode& other : others) modes.push_back(&other.costs[j]);
        const BlockCosts blocks = block_costs(modes, resident, jobs[j]);
        const auto requests = static_cast<double>(jobs[j].least_requests());
        longest = std::max(longest,
                           (first_arrival_of(jobs[j]) - first) + bound_of(blocks, jobs[j], budget));
        executing += requests * blocks.of_request;
        slack += allowance(blocks, requests);
    }
    if (jobs.size() == 1)
        return {longest, longest,
                jobs.front().mode == ArrivalMode::cold ? BoundOf::latency : BoundOf::makespan};
    const Duration all = std::max(longest, floored(executing, slack));
    return {all, all, BoundOf::makespan};
}

}  // namespace swaplab
