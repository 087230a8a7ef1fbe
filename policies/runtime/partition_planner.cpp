#include "policies/runtime/partition_planner.h"

#include <algorithm>
#include <cmath>

#include "profiles/quantity.h"
#include "profiles/text.h"

namespace swaplab {

namespace {

// What a generative model keeps besides its parameters (ours: reserved at its full length, so that
// a request that has begun can end).
Bytes kv_cache_bytes(const PlanRequest& request, std::size_t job) {
    return request.account == Account::all ? request.costs[job].model().kv_cache_bytes() : Bytes{};
}

// Bytes that no job can have, under the chosen account.
Bytes reserved_bytes(const PlanRequest& request) {
    return request.account == Account::all ? request.platform.node({}).memory.reserved : Bytes{};
}

class PartitionPlanner final : public Planner {
  public:
    explicit PartitionPlanner(std::unique_ptr<Partitioner> partitioner)
        : partitioner_(std::move(partitioner)) {}

    PlanOutcome plan(const PlanRequest& request) const override {
        const Bytes reserved = reserved_bytes(request);
        std::vector<Bytes> floors;
        std::vector<double> weights;
        Infeasible total{reserved, {}, {}};
        for (const CostModel& cost : request.costs) {
            Infeasible least = partitioner_->minimum(job_request(request, floors.size(), {}));
            const Bytes kv_cache = kv_cache_bytes(request, floors.size());
            least.minimum_budget += kv_cache;
            if (kv_cache.count > 0)
                least.reason += text(", and a KV cache of {}", format_bytes(kv_cache));
            floors.push_back(least.minimum_budget);
            weights.push_back(static_cast<double>(cost.model().parameter_bytes().count));
            total.minimum_budget += least.minimum_budget;
            total.reason += text("{}{}", total.reason.empty() ? "" : "; ", least.reason);
            total.layers.insert(total.layers.end(), least.layers.begin(), least.layers.end());
        }
        if (reserved.count > 0)
            total.reason += text("; {} are reserved on the device", format_bytes(reserved));
        if (total.minimum_budget > request.budget) return total;
        return deploy(request, allocate_by_ratio(floors, weights, request.budget - reserved));
    }

  private:
    // What is reserved is counted once, with the first job.
    static PartitionRequest job_request(const PlanRequest& request, std::size_t job, Bytes share) {
        return {request.costs[job], NodeId{}, share, request.account,
                job == 0 ? reserved_bytes(request) : Bytes{}};
    }

    Deployment deploy(const PlanRequest& request, const std::vector<Bytes>& shares) const {
        Deployment deployment;
        for (std::size_t j = 0; j < request.costs.size(); ++j) {
            const Bytes usable = shares[j] - kv_cache_bytes(request, j);
            JobPlan plan = partitioner_->partition(job_request(request, j, usable));
            plan.budget = shares[j];
            if (request.costs[j].model().passes() > 1) plan.closed_form.reset();
            if (request.costs.size() == 1) deployment.closed_form = plan.closed_form;
            deployment.parallel_reads = std::max(deployment.parallel_reads, plan.parallel_reads);
            deployment.jobs.push_back(std::move(plan));
        }
        return deployment;
    }

    std::unique_ptr<Partitioner> partitioner_;
};

}  // namespace

std::unique_ptr<Planner> make_partition_planner(std::unique_ptr<Partitioner> partitioner) {
    return std::make_unique<PartitionPlanner>(std::move(partitioner));
}

std::vector<Bytes> allocate_by_ratio(std::span<const Bytes> floors, std::span<const double> weights,
                                     Bytes budget) {
    if (floors.size() == 1) return {budget};
    std::vector<Bytes> shares(floors.size());
    std::vector<bool> fixed(floors.size(), false);
    // Jobs whose proportional share is below their floor get the floor; the rest share again.
    for (bool changed = true; changed;) {
        changed = false;
        double weight = 0;
        Bytes left = budget;
        for (std::size_t j = 0; j < floors.size(); ++j) {
            if (fixed[j])
                left -= floors[j];
            else
                weight += weights[j];
        }
        for (std::size_t j = 0; j < floors.size(); ++j) {
            if (fixed[j]) continue;
            const double part = weight > 0 ? weights[j] / weight : 0;
            shares[j] = {
                static_cast<std::int64_t>(std::floor(part * static_cast<double>(left.count)))};
            if (shares[j] >= floors[j]) continue;
            shares[j] = floors[j];
            fixed[j] = changed = true;
        }
    }
    Bytes rest = budget;
    for (const Bytes share : shares) rest -= share;
    if (!shares.empty()) shares.front() += rest;  // what rounding down left over
    return shares;
}

Bytes counted(const ActivationPeak& peak, Account account) {
    return account == Account::all ? peak.total() : Bytes{};
}

Bytes alone_bytes(const BlockFacts& facts, Bytes live_in, std::uint32_t copies, Account account) {
    const Bytes live = account == Account::all && facts.has_parameters() ? live_in : Bytes{};
    return std::max(copies * facts.held_bytes + live,
                    facts.held_bytes + counted(facts.activations, account));
}

std::string describe(const Model& model, LayerRange layers, Bytes bytes) {
    const std::string& first = model.layers()[layers.first].name;
    const std::string& last = model.layers()[layers.last - 1].name;
    return text("{} ({})", layers.last - layers.first == 1 ? first : first + ".." + last,
                format_bytes(bytes));
}

std::string beside_activations(Bytes active) {
    return active.count > 0 ? text(", beside {} of activations", format_bytes(active)) : "";
}

std::vector<std::string> names_in(const Model& model, LayerRange layers) {
    std::vector<std::string> names;
    for (std::uint32_t l = layers.first; l < layers.last; ++l)
        if (model.layers()[l].parameter_bytes.count > 0) names.push_back(model.layers()[l].name);
    if (!names.empty()) return names;
    for (std::uint32_t l = layers.first; l < layers.last; ++l)
        names.push_back(model.layers()[l].name);
    return names;
}

}  // namespace swaplab
