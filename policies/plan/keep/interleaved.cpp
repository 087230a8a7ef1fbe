#include "policies/plan/keep/interleaved.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "policies/plan/keep/kept_plan.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// The sets of a model, by how many of its candidates they keep.
class Steps {
  public:
    Steps(const StreamingPartitioner& streaming, const PartitionRequest& request,
          const GroupsOf& groups_of)
        : candidates_(keep_candidates(streaming, request)),
          groups_(groups_of(request.cost.model(), candidates_)),
          blocks_(request.cost.model().finest_blocks().size()) {}

    std::size_t most() const { return candidates_.size(); }
    KeptSet at(std::size_t count) const {
        KeptSet kept;
        if (count > 0) kept.resize(blocks_);
        visit(count, [&](const KeepCandidate& one) { kept[one.block] = true; });
        return kept;
    }
    // No set holds less.
    Bytes least_bytes(std::size_t count) const {
        Bytes sum;
        visit(count, [&](const KeepCandidate& one) { sum += one.bytes; });
        return sum;
    }

  private:
    template <class Visitor>
    void visit(std::size_t count, Visitor visitor) const {
        for (const std::vector<std::uint32_t>& group : groups_) {
            const std::size_t here = std::min(count, group.size());
            for (std::size_t i = 0; i < here; ++i)
                visitor(candidates_[group[interleaved(i, here, group.size())]]);
            count -= here;
        }
    }

    std::vector<KeepCandidate> candidates_;
    KeepGroups groups_;
    std::size_t blocks_;
};

class InterleavingPartitioner final : public Partitioner {
  public:
    InterleavingPartitioner(std::vector<std::unique_ptr<StreamingPartitioner>> ways,
                            GroupsOf groups_of)
        : ways_(std::move(ways)), groups_of_(std::move(groups_of)) {}

    // With large blocks kept, buffers for the others may be smaller than what they save.
    Infeasible minimum(const PartitionRequest& request) const override {
        std::optional<Infeasible> least;
        for (const auto& way : ways_) {
            Infeasible of_way = minimum_of(*way, request);
            if (!least || of_way.minimum_budget < least->minimum_budget) least = std::move(of_way);
        }
        return std::move(*least);
    }

    JobPlan partition(const PartitionRequest& request) const override {
        std::optional<JobPlan> best;
        for (const auto& way : ways_) {
            std::optional<JobPlan> plan = plan_of(*way, request);
            if (plan && (!best || plan->at_start().steady_pass < best->at_start().steady_pass))
                best = std::move(plan);
        }
        SWAPLAB_CHECK(best, "no plan within {} bytes, which was said to do", request.budget.count);
        return std::move(*best);
    }

    std::vector<JobPlan> front(const PartitionRequest& request) const override {
        return coarse_front(request);
    }

  private:
    Infeasible minimum_of(const StreamingPartitioner& way, const PartitionRequest& request) const {
        const Steps steps(way, request, groups_of_);
        Infeasible least = way.minimum(request);
        for (std::size_t count = 1; count <= steps.most(); ++count) {
            if (steps.least_bytes(count) >= least.minimum_budget) continue;
            const KeptSet kept = steps.at(count);
            const Bytes bytes = KeptBytes(request, kept, way.path()).total;
            const Bytes need = bytes + way.least_beside(rest_beside(request, bytes), kept);
            if (need >= least.minimum_budget) continue;
            least.minimum_budget = need;
            least.reason = text("{} kept of {} blocks ({}) and {} for the others must fit", count,
                                steps.most(), format_bytes(bytes), format_bytes(need - bytes));
        }
        return least;
    }

    std::optional<JobPlan> plan_of(const StreamingPartitioner& way,
                                   const PartitionRequest& request) const {
        const Steps steps(way, request, groups_of_);
        for (std::size_t count = steps.most() + 1; count-- > 0;) {
            if (steps.least_bytes(count) > request.budget) continue;
            const KeptSet kept = steps.at(count);
            if (auto plan =
                    plan_keeping(way, request, kept, KeptBytes(request, kept, way.path())))
                return plan;
        }
        return std::nullopt;
    }

    std::vector<std::unique_ptr<StreamingPartitioner>> ways_;
    GroupsOf groups_of_;
};

}  // namespace

std::unique_ptr<Partitioner> make_interleaving_partitioner(
    std::vector<std::unique_ptr<StreamingPartitioner>> ways, GroupsOf groups_of) {
    return std::make_unique<InterleavingPartitioner>(std::move(ways), std::move(groups_of));
}

}  // namespace swaplab
