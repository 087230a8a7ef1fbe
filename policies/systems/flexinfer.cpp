// flexinfer: several threads read tensors ahead in parallel, and what memory is left locks tensors
// type by type, so that every layer has about as much left to read (FlexInfer, arXiv 2503.03777).
// Ours: that a tensor is a finest block, that tensors with one name but for the numbers in it and
// of one size are of one type, that the largest are locked first, within a type evenly interleaved,
// and that memory for one tensor more than there are threads is left to what is read.
#include <algorithm>
#include <string>
#include <utility>

#include "policies/plan/agents/agents.h"
#include "policies/plan/finest_blocks.h"
#include "policies/plan/keep/interleaved.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/parallel_loads.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// More lock less; beyond these no storage gains.
constexpr std::uint32_t kMostTried = 8;

class ParallelPrefetch final : public StreamingPartitioner {
  public:
    explicit ParallelPrefetch(std::uint32_t threads) : threads_(threads) {}

    SwapPath path() const override { return SwapPath::zero_copy; }

    Infeasible minimum(const PartitionRequest& request) const override {
        const FinestBlocks finest(request, path());
        const Model& model = request.cost.model();
        const Bytes window = window_of(finest);
        return {window + finest.active,
                text("{} for {} tensors at once, one of them {}, must fit{}", format_bytes(window),
                     threads_ + 1, describe(model, finest.largest_block, finest.largest),
                     beside_activations(finest.active)),
                names_in(model, finest.largest_block)};
    }
    JobPlan partition(const PartitionRequest& request) const override {
        return plan_beside(request, {});
    }
    Bytes least_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        const auto finest = FinestBlocks::beside(request, path(), kept);
        return window_of(finest) + finest.active;
    }
    JobPlan plan_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        const auto finest = FinestBlocks::beside(request, path(), kept);
        JobPlan plan = plan_with_agents(request, finest, threads_, 1);
        Variant& variant = plan.at_start();
        variant.steady_pass = plan_with_agents(request, finest, threads_, 2).at_start().closed_form;
        variant.need = window_of(finest) + finest.active;
        return plan;
    }

  private:
    Bytes window_of(const FinestBlocks& finest) const {
        return most_of_neighbours(finest, threads_ + std::size_t{1});
    }

    std::uint32_t threads_;
};

std::string without_numbers(std::string name) {
    std::erase_if(name, [](char c) { return c >= '0' && c <= '9'; });
    return name;
}

// Types, the largest tensors first, of equals in order of the model.
KeepGroups types_of(const Model& model, std::span<const KeepCandidate> candidates) {
    std::vector<std::pair<std::pair<Bytes, std::string>, std::vector<std::uint32_t>>> types;
    for (std::uint32_t i = 0; i < candidates.size(); ++i) {
        const UnitRange units = model.finest_blocks()[candidates[i].block];
        std::pair type{candidates[i].bytes, without_numbers(model.name_of(units))};
        auto known = std::ranges::find(types, type, [](const auto& one) { return one.first; });
        if (known == types.end()) known = types.insert(known, {std::move(type), {}});
        known->second.push_back(i);
    }
    std::ranges::stable_sort(types, std::greater<>{},
                             [](const auto& one) { return one.first.first; });
    KeepGroups groups;
    for (auto& [type, members] : types) groups.push_back(std::move(members));
    return groups;
}

}  // namespace

Policy make_flexinfer(const PolicyParameters& parameters, std::optional<SwapPath>) {
    const auto asked = count_or_auto(parameters, "threads", kMostAgents);
    std::vector<std::unique_ptr<StreamingPartitioner>> ways;
    for (std::uint32_t threads = 1; threads <= kMostTried && !asked; ++threads)
        ways.push_back(std::make_unique<ParallelPrefetch>(threads));
    if (asked)
        ways.push_back(std::make_unique<ParallelPrefetch>(static_cast<std::uint32_t>(*asked)));
    Policy policy;
    policy.planner =
        make_partition_planner(make_interleaving_partitioner(std::move(ways), types_of));
    policy.make_scheduler = make_parallel_loads;
    return policy;
}

}  // namespace swaplab
