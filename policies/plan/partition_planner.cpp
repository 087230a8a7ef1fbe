#include "policies/plan/partition_planner.h"

#include <algorithm>

#include "policies/plan/finest_blocks.h"
#include "policies/plan/one_block_resident.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// What a generative model keeps besides its parameters (ours: reserved at its full length, so that
// a request that has begun can end).
Bytes kv_cache_bytes(const PlanRequest& request, JobId job) {
    return request.account == Account::all ? request.costs[job].model().kv_cache_bytes() : Bytes{};
}

// Bytes that no job can have, under the chosen account.
Bytes reserved_bytes(const PlanRequest& request) {
    return request.account == Account::all ? request.platform.node({}).memory.reserved : Bytes{};
}

Duration direct_latency(const CostModel& cost) {
    return facts_of(cost, cost.model().whole(), SwapPath::resident).use();
}

// By what plans of a policy are compared.
Duration known(const JobPlan& plan) {
    const std::optional<Duration>& time = plan.at_start().predicted();
    if (!time)
        throw UnsupportedError("this policy has no closed form of its latency to allocate by");
    return *time;
}

// The jobs as an allocator sees them. Lookup tables are made when they are asked for first, and
// shared by what `demand` returns.
class Jobs {
  public:
    Jobs(const Partitioner& partitioner, const PlanRequest& request)
        : partitioner_(partitioner), request_(request), tables_(request.costs.size()) {}

    // What is reserved is counted once, with the first job.
    PartitionRequest job(JobId j, Bytes share) const {
        return {request_.costs[j], NodeId{}, share, request_.account,
                j == JobId{} ? reserved_bytes(request_) : Bytes{}};
    }
    JobPlan plan(JobId j, Bytes share) const {
        PartitionRequest request = job(j, share - kv_cache_bytes(request_, j));
        if (request_.rehearse)
            request.rehearse = [this, j](const JobPlan& tried, Rehearsed what) {
                return request_.rehearse(j, tried, what);
            };
        return beside_kv_cache(j, partitioner_.partition(request));
    }
    // By its closed form alone: what allocators compare many of.
    Duration closed_form(JobId j, Bytes share) const {
        return known(partitioner_.partition(job(j, share - kv_cache_bytes(request_, j))));
    }
    std::shared_ptr<const LookupTable> table(JobId j) {
        if (!tables_[j]) {
            std::vector<JobPlan> rows;
            for (JobPlan& row : partitioner_.front(job(j, {}))) {
                known(row);
                rows.push_back(beside_kv_cache(j, std::move(row)));
            }
            tables_[j] = std::make_shared<const LookupTable>(std::move(rows));
        }
        return tables_[j];
    }
    // Finest blocks, one at a time, on the path of its rows.
    JobPlan bridge(JobId j) {
        const SwapPath path = table(j)->rows().front().path;
        const PartitionRequest request = job(j, {});
        return beside_kv_cache(j,
                               one_block_plan(request, FinestBlocks(request, path).blocks, path));
    }
    Demand demand(JobId j, Bytes floor) {
        Demand demand;
        demand.floor = floor;
        demand.parameters = request_.costs[j].model().parameter_bytes();
        if (!request_.weights.empty()) demand.weight = request_.weights[j];
        demand.direct = direct_latency(request_.costs[j]);
        demand.latency = [this, j](Bytes share) { return closed_form(j, share); };
        demand.table = [this, j]() -> const LookupTable& { return *table(j); };
        return demand;
    }

  private:
    // A plan needs its KV cache as well, if it says what it needs.
    JobPlan beside_kv_cache(JobId j, JobPlan plan) const {
        const Bytes kv_cache = kv_cache_bytes(request_, j);
        Variant& variant = plan.at_start();
        if (variant.need.count > 0) variant.need += kv_cache;
        if (variant.overlap_need) *variant.overlap_need += kv_cache;
        return plan;
    }

    const Partitioner& partitioner_;
    const PlanRequest& request_;
    IdVector<JobId, std::shared_ptr<const LookupTable>> tables_;
};

// The allocation on lookup tables only, which it owns.
class TableAdaptation final : public Adaptation {
  public:
    TableAdaptation(std::shared_ptr<const Allocator> allocator, IdVector<JobId, Demand> demands,
                    Bytes reserved)
        : allocator_(std::move(allocator)), demands_(std::move(demands)), reserved_(reserved) {}

    Bytes minimum() const override {
        Bytes least = reserved_;
        for (const Demand& job : demands_) least += job.floor;
        return least;
    }
    Bytes usable(Bytes budget) const override { return budget - reserved_; }
    std::optional<IdVector<JobId, Bytes>> shares(Bytes budget) const override {
        if (budget < minimum()) return std::nullopt;
        return allocator_->allocate(demands_, usable(budget));
    }

  private:
    std::shared_ptr<const Allocator> allocator_;
    IdVector<JobId, Demand> demands_;
    Bytes reserved_;
};

class PartitionPlanner final : public Planner {
  public:
    PartitionPlanner(std::unique_ptr<Partitioner> partitioner, std::unique_ptr<Allocator> allocator)
        : partitioner_(std::move(partitioner)), allocator_(std::move(allocator)) {}

    PlanOutcome plan(const PlanRequest& request) const override {
        Jobs jobs(*partitioner_, request);
        const Bytes reserved = reserved_bytes(request);
        IdVector<JobId, Demand> demands;
        Infeasible total{reserved, {}, {}};
        for (const JobId j : request.costs.ids()) {
            Infeasible least = partitioner_->minimum(jobs.job(j, {}));
            if (least.minimum_budget > Bytes{kMostInTotal})
                throw InputError(
                    text("{}: expected activities of less than 2^42 ns (73 minutes), "
                         "found longer ones: {}",
                         request.costs[j].model().name(), least.reason));
            const Bytes kv_cache = kv_cache_bytes(request, j);
            least.minimum_budget += kv_cache;
            if (kv_cache.count > 0)
                least.reason += text(", and a KV cache of {}", format_bytes(kv_cache));
            demands.push_back(jobs.demand(j, least.minimum_budget));
            total.minimum_budget += least.minimum_budget;
            total.reason += text("{}{}", total.reason.empty() ? "" : "; ", least.reason);
            total.layers.insert(total.layers.end(), least.layers.begin(), least.layers.end());
        }
        if (reserved.count > 0)
            total.reason += text("; {} are reserved on the device", format_bytes(reserved));
        if (total.minimum_budget > request.budget) return total;
        Deployment deployment =
            request.adaptive
                ? deploy_tables(request, jobs, std::move(demands))
                : deploy(jobs, allocator_->allocate(demands, request.budget - reserved));
        forget_closed_form(request, deployment);
        return deployment;
    }

  private:
    // What a partitioner predicts of a generative model is one mean pass, not a request.
    static void forget_closed_form(const PlanRequest& request, Deployment& deployment) {
        for (const CostModel& cost : request.costs)
            if (cost.model().passes() > 1) deployment.closed_form.reset();
    }

    static Deployment deploy(const Jobs& jobs, const IdVector<JobId, Bytes>& shares) {
        Deployment deployment;
        for (const JobId j : shares.ids()) {
            JobPlan plan = jobs.plan(j, shares[j]);
            plan.budget = shares[j];
            if (shares.size() == 1) deployment.closed_form = plan.at_start().closed_form;
            deployment.parallel_reads = std::max(deployment.parallel_reads, plan.parallel_reads);
            deployment.jobs.push_back(std::move(plan));
        }
        return deployment;
    }

    Deployment deploy_tables(const PlanRequest& request, Jobs& jobs,
                             IdVector<JobId, Demand> demands) const {
        for (const JobId j : demands.ids()) {
            const std::shared_ptr<const LookupTable> table = jobs.table(j);
            demands[j].latency = [table](Bytes share) {
                return *table->row(table->best(share)).predicted();
            };
            demands[j].table = [table]() -> const LookupTable& { return *table; };
        }
        Deployment deployment;
        const auto adaptation = std::make_shared<const TableAdaptation>(
            allocator_, std::move(demands), reserved_bytes(request));
        const IdVector<JobId, Bytes> shares = adaptation->shares(request.budget).value();
        for (const JobId j : shares.ids())
            deployment.jobs.push_back(with_all_rows(*jobs.table(j), jobs.bridge(j), shares[j]));
        for (const JobPlan& plan : deployment.jobs)
            deployment.parallel_reads = std::max(deployment.parallel_reads, plan.parallel_reads);
        if (shares.size() == 1)
            deployment.closed_form = deployment.jobs.front().at_start().closed_form;
        deployment.adaptation = adaptation;
        return deployment;
    }

    // A variant for each row, in force the one for `share`. Reads that a row cannot hold wait for
    // their place.
    static JobPlan with_all_rows(const LookupTable& table, const JobPlan& bridge, Bytes share) {
        JobPlan plan = table.rows().front();
        for (const JobPlan& row : table.rows().subspan(1)) {
            plan.append(row);
            plan.parallel_reads = std::max(plan.parallel_reads, row.parallel_reads);
        }
        plan.append_bridge(bridge);
        plan.budget = share;
        plan.initial = table.best(share);
        return plan;
    }

    std::unique_ptr<Partitioner> partitioner_;
    std::shared_ptr<const Allocator> allocator_;
};

}  // namespace

std::unique_ptr<Planner> make_partition_planner(std::unique_ptr<Partitioner> partitioner,
                                                std::unique_ptr<Allocator> allocator) {
    return std::make_unique<PartitionPlanner>(std::move(partitioner), std::move(allocator));
}

Bytes counted(const ActivationPeak& peak, Account account) {
    return account == Account::all ? peak.total() : Bytes{};
}

Bytes alone_bytes(const BlockFacts& facts, Bytes live_in, std::uint32_t copies, Account account) {
    const Bytes live = account == Account::all && facts.has_parameters() ? live_in : Bytes{};
    return std::max(copies * facts.held_bytes + live,
                    facts.held_bytes + counted(facts.activations, account));
}

std::string describe(const Model& model, UnitRange units, Bytes bytes) {
    return text("{} ({})", model.name_of(units), format_bytes(bytes));
}

std::string beside_activations(Bytes active) {
    return active.count > 0 ? text(", beside {} of activations", format_bytes(active)) : "";
}

std::vector<std::string> names_in(const Model& model, UnitRange units) {
    std::vector<std::string> names;
    for (const UnitId unit : units)
        if (model.unit(unit).parameter_bytes.count > 0) names.push_back(model.name_of(unit));
    if (!names.empty()) return names;
    for (const UnitId unit : units) names.push_back(model.name_of(unit));
    return names;
}

}  // namespace swaplab
