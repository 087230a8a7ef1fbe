// swapnet: two blocks in memory; while one executes, the next is swapped in (Wang, Cao, Zhou, Li;
// IEEE TMC 23(9) 2024). The memory condition and the closed form are inferred (ours).
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "policies/plan/keep/keep.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/keep_parameter.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/pipeline_scheduler.h"
#include "policies/schedule/policy.h"
#include "policies/systems/swapnet/costs.h"
#include "policies/systems/swapnet/least_peak.h"
#include "policies/systems/swapnet/partition.h"
#include "policies/systems/swapnet/plans.h"
#include "policies/systems/swapnet/steady_pass.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Where the number of blocks is given, what is known of each block is known by it.
constexpr std::size_t kMostStates = std::size_t{1} << 25;
constexpr std::size_t kMostUnitsInBlocks = 4096;  // of two blocks: their square is half of that

// Up to this many finest blocks every cut is looked at. Of longer models neighbours are one where
// together they take at most this part of the budget, if so there is a plan.
constexpr std::uint32_t kMostBlocksOfEveryCut = 2048;
constexpr std::int64_t kMergedPartOfBudget = 128;

// Up to this many finest blocks the lookup table is the whole Pareto front; beyond, its rows are at
// least this share of memory apart, so that it takes less than a second.
constexpr std::uint32_t kMostBlocksOfWholeFront = 128;
constexpr double kFrontStep = 1.0 / 32;

__extension__ using Wide = __int128;  // holds bytes times the 53 digits of a double

class SwapnetPartitioner final : public StreamingPartitioner {
  public:
    SwapnetPartitioner(SwapPath path, double delta, std::optional<std::uint32_t> blocks)
        : path_(path), delta_(delta), blocks_(blocks) {}

    SwapPath path() const override { return path_; }

    Infeasible minimum(const PartitionRequest& request) const override {
        const Model& model = request.cost.model();
        if (blocks_ && *blocks_ > model.finest_blocks().size())
            throw InputError(
                text("policy parameter blocks: {} has {} units that can be cut, found "
                     "{}",
                     model.name(), model.finest_blocks().size(), *blocks_));
        const std::size_t states = model.finest_blocks().size() * model.finest_blocks().size();
        if (blocks_ && *blocks_ > kMostStates / states)
            throw InputError(
                kMostStates < 2 * states
                    ? text("policy parameter blocks: a number of blocks is planned for at most {} "
                           "units that can be cut, {} has {}; leave it out",
                           kMostUnitsInBlocks, model.name(), model.finest_blocks().size())
                    : text("policy parameter blocks: for {} units of {} expected at most {}, "
                           "found {}",
                           model.finest_blocks().size(), model.name(), kMostStates / states,
                           *blocks_));
        const SwapnetMinimum least = minimum_swapnet(request, path_, blocks_);
        const std::uint32_t copies = peak_copies(path_, request.cost.node().compute);
        const Bytes weights = weights_of(request, least);
        return {budget_for(least.budget, request.reserved),
                text("{} must be resident{}{}{}", describe(model, least.forced_by, weights),
                     least.together ? " together" : "",
                     copies == 1 ? "" : text(", what comes in in up to {} copies", copies),
                     beside_activations(least.active)),
                names_in(model, least.forced_by)};
    }

    // The closed form knows neither contention nor waits for idle storage: of all plans that fit,
    // the one that is quickest in rehearsal.
    JobPlan partition(const PartitionRequest& request) const override {
        const SwapnetCosts costs(request, path_);
        JobPlan exact = plan_within(request, costs, request.budget);
        if (!request.rehearse) return exact;
        const auto plans = plans_->of(costs, request.account, request.reserved,
                                      [&] { return plans_to_rehearse(request, costs); });
        RehearsedPlan best{request.rehearse(exact, Rehearsed::cold), &exact};
        for (const JobPlan& plan : *plans) {
            if (plan.at_start().need > request.budget) break;
            if (plan.blocks == exact.blocks) continue;
            const RehearsedPlan tried{request.rehearse(plan, Rehearsed::cold), &plan};
            if (preferred(tried, best)) best = tried;
        }
        return *best.plan;
    }

    // Costs are taken once. Whole fronts of long models would take minutes.
    std::vector<JobPlan> front(const PartitionRequest& request) const override {
        return rows(request, SwapnetCosts(request, path_));
    }

    Bytes least_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        const std::optional<SwapnetCosts> costs = costs_beside(request, kept);
        const Bytes least = costs ? Bytes{least_peak(*costs, blocks_)} : most_active(request);
        return budget_for(least, request.reserved);
    }

    JobPlan plan_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        JobPlan plan = around(request, kept);
        Variant& variant = plan.at_start();
        variant.steady_pass = swapnet_steady_pass(facts_of(request.cost, plan), plan,
                                                  variant.may_overlap_within(request.budget));
        return plan;
    }

  private:
    std::optional<SwapnetCosts> costs_beside(const PartitionRequest& request,
                                             const KeptSet& kept) const {
        if (kept.empty()) return std::optional<SwapnetCosts>(std::in_place, request, path_);
        if (std::ranges::all_of(kept, std::identity{})) return std::nullopt;
        return std::optional<SwapnetCosts>(std::in_place, request, path_, kept);
    }
    static Bytes most_active(const PartitionRequest& request) {
        const Model& model = request.cost.model();
        return counted(model.activation_peak(model.whole()), request.account);
    }

    // The plan with the least closed form in which these finest blocks are kept.
    JobPlan around(const PartitionRequest& request, const KeptSet& kept) const {
        const std::optional<SwapnetCosts> costs = costs_beside(request, kept);
        if (kept.empty()) return plan_within(request, *costs, request.budget);
        std::optional<SwapnetPartition> best;
        if (costs) best = partition_within(*costs, usable(request, request.budget));
        JobPlan plan = with_kept(request, kept, best ? best->blocks : std::vector<Block>{});
        Variant& variant = plan.at_start();
        variant.arena = {ArenaKind::two_ended, Bytes{}, 0};
        variant.need = budget_for(best ? best->peak : most_active(request), request.reserved);
        if (!costs) return plan;
        SWAPLAB_CHECK(best, "no plan within {} bytes, which was said to do", request.budget.count);
        std::vector<BlockFacts> streamed = facts_of(request.cost, plan);
        std::size_t block = 0;
        std::erase_if(streamed, [&](const BlockFacts&) { return keeps_at(plan, block++); });
        variant.arena.capacity = arena_bytes(streamed, SwapnetMemory(1, Account::parameters));
        variant.overlap_need.reset();
        if (streamed.size() == 1) return plan;
        const Bytes pair = streamed.back().held_bytes + streamed.front().held_bytes;
        variant.overlap_need = budget_for(std::max(best->peak, pair + most_active(request)),
                                          request.reserved);
        if (variant.may_overlap_within(request.budget))
            variant.arena.capacity = std::max(variant.arena.capacity, pair);
        return plan;
    }
    static bool keeps_at(const JobPlan& plan, std::size_t block) {
        return plan.keeps(BlockId{static_cast<std::uint32_t>(block)});
    }

    // All blocks in order: those that stream, and the kept finest blocks between them.
    JobPlan with_kept(const PartitionRequest& request, const KeptSet& kept,
                      const std::vector<Block>& streamed) const {
        Blocks all;
        IdVector<BlockId, bool> marks;
        auto next = streamed.begin();
        for (std::size_t b = 0; b < kept.size(); ++b) {
            const Block finest = request.cost.model().finest_blocks()[b];
            const bool begins = next != streamed.end() && next->first == finest.first;
            if (!begins && !kept[b]) continue;  // within a block that streams
            all.push_back(kept[b] ? finest : *next++);
            marks.push_back(kept[b]);
        }
        JobPlan plan(request.node, path_, std::move(all));
        plan.kept = std::move(marks);
        return plan;
    }

    Bytes usable(const PartitionRequest& request, Bytes budget) const {
        return without_margin(budget + request.reserved) - request.reserved;
    }

    std::vector<JobPlan> rows(const PartitionRequest& request, const SwapnetCosts& costs) const {
        const Bytes least = budget_for({least_peak(costs, blocks_)}, request.reserved);
        return sweep_budgets(least, Bytes{kMostInTotal}, front_step(costs.finest()),
                             [&](Bytes budget) { return plan_within(request, costs, budget); });
    }

    std::vector<JobPlan> plans_to_rehearse(const PartitionRequest& request,
                                           const SwapnetCosts& costs) const {
        if (costs.finest() > kMostBlocksOfWholeFront) return rows(request, costs);
        const Bytes least = budget_for({least_peak(costs, blocks_)}, request.reserved);
        return every_plan(least, Bytes{kMostInTotal},
                          [&](Bytes budget) { return plan_within(request, costs, budget); });
    }

    // What the blocks bring that force the least budget.
    Bytes weights_of(const PartitionRequest& request, const SwapnetMinimum& least) const {
        if (request.cost.model().brings_plainly() || !least.together)
            return request.cost.parameter_bytes(least.forced_by);
        Bytes weights;
        for (const Block block : request.cost.model().finest_blocks())
            if (block.first >= least.forced_by.first && block.last <= least.forced_by.last)
                weights += facts_of(request.cost, block, path_).parameter_bytes;
        return weights;
    }

    // Of blocks as they are: the partition may have been decided from more (costs.h).
    static Duration closed_form(const std::vector<BlockFacts>& blocks) {
        Duration time = blocks.front().swap_in();
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            Duration beside{};
            if (i > 0) beside += blocks[i - 1].swap_out();
            if (i + 1 < blocks.size()) beside += blocks[i + 1].swap_in();
            time += std::max(blocks[i].use(), beside);
        }
        return time + blocks.back().swap_out();
    }

    static double front_step(std::uint32_t finest) {
        return finest <= kMostBlocksOfWholeFront ? 0 : kFrontStep;
    }

    JobPlan plan_within(const PartitionRequest& request, const SwapnetCosts& costs,
                        Bytes budget) const {
        const auto best = partition_within(costs, usable(request, budget));
        SWAPLAB_CHECK(best, "no plan within {} bytes, which was said to do",
                      usable(request, budget).count);
        JobPlan plan(request.node, path_, best->blocks);
        Variant& variant = plan.at_start();
        variant.closed_form = best->closed_form;
        const std::vector<BlockFacts> facts = facts_of(request.cost, plan);
        if (!request.cost.model().brings_plainly()) variant.closed_form = closed_form(facts);
        const std::uint32_t copies = peak_copies(path_, request.cost.node().compute);
        // Two ends realise every pair that fits; several copies of a block need plain bytes.
        variant.arena = {copies == 1 ? ArenaKind::two_ended : ArenaKind::counter,
                         arena_bytes(facts, SwapnetMemory(copies, Account::parameters)), 0};
        variant.need = budget_for(best->peak, request.reserved);
        variant.overlap_need.reset();
        if (facts.size() == 1) return plan;
        const Bytes around =
            SwapnetMemory(copies, request.account).pair(facts.back(), facts.front());
        variant.overlap_need = budget_for(std::max(best->peak, around), request.reserved);
        return plan;
    }

    std::optional<SwapnetPartition> partition_within(const SwapnetCosts& costs,
                                                     Bytes budget) const {
        if (costs.finest() > kMostBlocksOfEveryCut && !blocks_) {
            const std::int64_t used = std::min(budget.count, costs.alone(0, costs.finest()));
            if (auto best =
                    partition_swapnet(costs.merged(used / kMergedPartOfBudget), budget, blocks_))
                return best;
        }
        return partition_swapnet(costs, budget, blocks_);
    }

    // The least share with which `bytes` may be used.
    Bytes budget_for(Bytes bytes, Bytes reserved) const {
        return with_margin(bytes + reserved) - reserved;
    }

    // b(1 - delta), rounded down, and the least b for which that is `bytes`. In integers, since a
    // long double has other digits on other machines: delta is digits / 2^shift.
    Bytes without_margin(Bytes budget) const {
        int exponent = 0;
        const Wide digits =
            static_cast<std::int64_t>(std::ldexp(std::frexp(delta_, &exponent), 53));
        const int shift = std::min(53 - exponent, 126);  // beyond, less than a byte is kept free
        const Wide kept = (budget.count * digits + ((Wide{1} << shift) - 1)) >> shift;
        return budget - Bytes{static_cast<std::int64_t>(kept)};
    }
    Bytes with_margin(Bytes bytes) const {
        const double least = std::ceil(static_cast<double>(bytes.count) / (1 - delta_));
        if (least > static_cast<double>(4 * kMostInTotal))
            throw InputError(
                text("policy parameter delta: with {} kept free no budget is enough", delta_));
        Bytes budget{static_cast<std::int64_t>(least)};
        while (without_margin(budget) < bytes) budget += Bytes{1};
        while (budget.count > 0 && without_margin(budget - Bytes{1}) >= bytes) budget -= Bytes{1};
        return budget;
    }

    static Bytes arena_bytes(const std::vector<BlockFacts>& facts, const SwapnetMemory& memory) {
        Bytes most = memory.first(facts.front());
        for (std::size_t i = 0; i + 1 < facts.size(); ++i)
            most = std::max(most, memory.pair(facts[i], facts[i + 1]));
        return most;
    }

    SwapPath path_;
    double delta_;
    std::optional<std::uint32_t> blocks_;
    std::unique_ptr<ExactPlans> plans_ = std::make_unique<ExactPlans>();
};

std::unique_ptr<Allocator> allocator_named(const std::string& name) {
    if (name == "ratio") return make_ratio_allocator();
    return name == "score" ? make_score_allocator() : make_minmax_allocator();
}

// What can be kept beside two blocks that stream.
void check_keep(const Keep& keep, bool blocks, SwapPath path) {
    if (keep.mode == Keep::Mode::none) return;
    if (blocks)
        throw InputError(
            "policy parameter keep: with blocks=N the number of blocks is given, and keep would "
            "choose others; expected one of the two");
    if (path != SwapPath::zero_copy)
        throw InputError(
            text("policy parameter keep: swapnet keeps blocks of the zero-copy path only, found the "
                 "{} path",
                 name_of(path)));
}

// read(i) after assemble(i-1), release(i-2); assemble(i) after read(i); execute(i) after
// assemble(i), execute(i-1); release(i) after execute(i).
class SwapnetScheduler final : public PipelineScheduler {
  public:
    explicit SwapnetScheduler(const SchedulerSetup& setup) : PipelineScheduler(setup) {}

  private:
    Trail submit_block(const Step& step, Moves& moves) override {
        const JobRun& job = step.job;
        Wait read_after =
            job.before.assembled | job.before_that.released | job.blocks[step.block].released;
        if (!job.overlap && step.begins_streaming()) read_after |= job.before.released;
        if (step.kept()) return submit_kept(step, read_after, {}, moves);
        Trail trail;
        submit_swap_in(step, read_after, {}, trail, moves);
        submit_execution(step, trail.assembled | job.before.executed, trail, moves);
        return trail;
    }
};

}  // namespace

Policy make_swapnet(const PolicyParameters& parameters, std::optional<SwapPath> path) {
    const auto blocks =
        count_or_auto(parameters, "blocks", std::numeric_limits<std::uint32_t>::max());
    const Keep keep = read_keep(parameters);
    check_keep(keep, blocks.has_value(), path.value_or(SwapPath::zero_copy));
    Policy policy;
    policy.planner = make_partition_planner(
        make_keeping_partitioner(
            std::make_unique<SwapnetPartitioner>(
                path.value_or(SwapPath::zero_copy), fraction(parameters, "delta", 0),
                blocks ? std::optional(static_cast<std::uint32_t>(*blocks)) : std::nullopt),
            keep),
        allocator_named(choice(parameters, "allocator", {"score", "ratio", "minmax"})));
    policy.make_scheduler = [](const SchedulerSetup& setup) {
        return std::make_unique<SwapnetScheduler>(setup);
    };
    return policy;
}

}  // namespace swaplab
