// pipeload: m loading agents read disjoint layers in parallel, one inference agent executes them in
// order, each layer is freed after use (Hermes; Han et al., ICCD 2024). Layer k (counting those
// with parameters) belongs to agent k mod m; with m agents at most m + 1 layers are held (ours). A
// generative model streams its layers again for every token; its embeddings stay.
#include <algorithm>

#include "policies/plan/finest_blocks.h"
#include "policies/plan/keep/keep.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/keep_parameter.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/pipeline_scheduler.h"
#include "policies/schedule/policy.h"
#include "policies/systems/pipeload/delay.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// More streams than any storage or processor of the devices serves; it bounds the search for m.
constexpr std::uint32_t kMostAgents = 256;

// The sizes of the blocks that are loaded, in order, again and again.
class Loads {
  public:
    explicit Loads(const std::vector<BlockFacts>& blocks) {
        for (const BlockFacts& block : blocks)
            if (block.has_parameters()) bytes_.push_back(block.held_bytes);
    }

    std::size_t size() const { return bytes_.size(); }

    // The most bytes of `count` neighbours; the last and the first are neighbours, since the next
    // request may come in beside the end of one.
    Bytes most_of_neighbours(std::size_t count) const {
        count = std::min(count, size());
        Bytes sum;
        for (std::size_t k = 0; k < count; ++k) sum += bytes_[k];
        Bytes most = sum;
        for (std::size_t k = 0; k < size(); ++k) {
            sum += bytes_[(k + count) % size()] - bytes_[k];
            most = std::max(most, sum);
        }
        return most;
    }

    // The most neighbours within one request that `room` holds together.
    std::size_t widest(Bytes room) const {
        std::size_t widest = 0;
        std::size_t first = 0;
        Bytes sum;
        for (std::size_t k = 0; k < size(); ++k) {
            sum += bytes_[k];
            while (sum > room) sum -= bytes_[first++];
            widest = std::max(widest, k + 1 - first);
        }
        return widest;
    }

  private:
    std::vector<Bytes> bytes_;
};

// A generative model's embeddings, which stay.
KeptSet embeddings_of(const Model& model) {
    const auto embeds = [&](Block block) {
        return std::ranges::any_of(block, [&](UnitId unit) {
            return model.layer(model.layer_of(unit)).op == OpClass::embedding;
        });
    };
    KeptSet embeddings;
    if (model.passes() == 1) return embeddings;
    for (const Block block : model.finest_blocks()) embeddings.push_back(embeds(block));
    return embeddings;
}

class PipeloadPartitioner final : public StreamingPartitioner {
  public:
    explicit PipeloadPartitioner(std::optional<std::uint32_t> agents) : agents_(agents) {}

    SwapPath path() const override { return SwapPath::zero_copy; }
    KeptSet always_kept(const PartitionRequest& request) const override {
        return embeddings_of(request.cost.model());
    }

    Infeasible minimum(const PartitionRequest& request) const override {
        const FinestBlocks finest = published(request);
        const Model& model = request.cost.model();
        const std::string kept = finest.kept_bytes.count > 0 ? text(", beside {} of embeddings",
                                                                    format_bytes(finest.kept_bytes))
                                                             : "";
        return {
            finest.largest + finest.kept_bytes + finest.active,
            text("{} must be resident{}{}", describe(model, finest.largest_block, finest.largest),
                 kept, beside_activations(finest.active)),
            names_in(model, finest.largest_block)};
    }

    // Its embeddings lie among what streams.
    JobPlan partition(const PartitionRequest& request) const override {
        const FinestBlocks finest = published(request);
        PartitionRequest rest = request;
        rest.budget -= finest.kept_bytes;
        JobPlan plan = plan_of(rest, finest, 1);
        plan.at_start().arena.capacity += finest.kept_bytes;
        return plan;
    }

    Bytes least_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        const auto finest = FinestBlocks::beside(request, path(), kept);
        return finest.largest + finest.active;
    }

    JobPlan plan_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        JobPlan plan = plan_of(request, FinestBlocks::beside(request, path(), kept), 2);
        plan.at_start().steady_pass = plan.at_start().closed_form;
        return plan;
    }

  private:
    FinestBlocks published(const PartitionRequest& request) const {
        return FinestBlocks::beside(request, path(), embeddings_of(request.cost.model()));
    }

    // By what the last of so many passes takes.
    JobPlan plan_of(const PartitionRequest& request, const FinestBlocks& finest,
                    std::uint32_t passes) const {
        const Search search{finest, Loads(finest.blocks), request.cost.node(),
                            request.budget - finest.active, passes};
        const Choice choice = agents_ ? search.with(*agents_) : search.best();
        JobPlan plan(request.node, path(), finest_blocks(request.cost.model()));
        plan.kept = finest.marks();
        plan.parallel_reads = choice.agents;
        plan.at_start().arena = {ArenaKind::counter, choice.arena, 0};
        plan.at_start().closed_form = choice.delay;
        return plan;
    }

    struct Choice {
        std::uint32_t agents = 1;
        Bytes arena;
        Duration delay{};
    };

    struct Search {
        const FinestBlocks& finest;
        Loads loads;
        const Node& node;
        Bytes room;  // for parameters
        std::uint32_t passes;

        Choice with(std::uint32_t agents) const {
            const Bytes arena = std::min(room, loads.most_of_neighbours(agents + std::size_t{1}));
            const auto of_passes = [&](std::uint32_t count) {
                return pipeload_delay(finest.blocks, node, agents, arena, count);
            };
            const Duration all = of_passes(passes);
            return {agents, arena, passes == 1 ? all : all - of_passes(passes - 1)};
        }
        // More agents than neighbours that fit at once have nothing to do. (One fewer is the usual
        // estimate, since one layer executes; at the beginning none does.)
        std::uint32_t most_agents() const {
            return static_cast<std::uint32_t>(
                std::clamp<std::size_t>(loads.widest(room), 1, kMostAgents));
        }
        // The least predicted time; of equals the fewest agents, which hold the least.
        Choice best() const {
            const std::uint32_t most = most_agents();
            Choice best = with(1);
            for (std::uint32_t agents = 2; agents <= most; ++agents) {
                const Choice choice = with(agents);
                if (choice.delay < best.delay) best = choice;
            }
            return best;
        }
    };

    std::optional<std::uint32_t> agents_;
};

// read(k) after read(k-m), release(k-m-1); execute(i) after its assembly and execute(i-1);
// release(i) after execute(i). k goes on over the requests of a job.
class PipeloadScheduler final : public PipelineScheduler {
  public:
    explicit PipeloadScheduler(const SchedulerSetup& setup)
        : PipelineScheduler(setup, most_blocks_ahead(setup)) {
        for (const JobPlan& plan : setup.deployment.jobs) {
            const std::size_t agents = plan.parallel_reads;
            agents_.push_back({std::vector<Wait>(agents), std::vector<Wait>(agents + 1), 0});
        }
    }

  private:
    struct Agents {
        std::vector<Wait> reads;     // by k mod m: of the last m
        std::vector<Wait> releases;  // by k mod (m+1): of the last m+1
        std::size_t k = 0;
    };

    // The most blocks from one that executes to the last that may be held beside it.
    static int most_blocks_ahead(const SchedulerSetup& setup) {
        std::size_t most = 1;
        for (const JobId j : setup.facts.ids()) {
            const JobPlan& plan = setup.deployment.jobs[j];
            std::vector<std::size_t> loads;
            for (const BlockId b : setup.facts[j].ids())
                if (setup.facts[j][b].has_parameters() && !plan.keeps(b))
                    loads.push_back(b.index);
            most = std::max(most, reach(loads, setup.facts[j].size(), plan.parallel_reads + 1));
        }
        return static_cast<int>(most) + 1;
    }

    // The most blocks from a load to the one that may come in when it is released, over the ends of
    // passes. No block comes in again before it was released itself.
    static std::size_t reach(const std::vector<std::size_t>& loads, std::size_t blocks,
                             std::size_t held) {
        std::size_t most = 1;
        for (std::size_t k = 0; k < loads.size(); ++k) {
            const std::size_t next = k + held;
            const std::size_t at = loads[next % loads.size()] + next / loads.size() * blocks;
            most = std::max(most, std::min(at - loads[k], blocks));
        }
        return most;
    }

    Trail submit_block(const Step& step, Moves& moves) override {
        if (step.kept())
            return submit_kept(step, step.job.blocks[step.block].released, {}, moves);
        Trail trail;
        if (step.facts.has_parameters()) {
            Agents& agents = agents_[step.job.id];
            Wait& read = agents.reads[agents.k % agents.reads.size()];
            Wait& release = agents.releases[agents.k % agents.releases.size()];
            ++changing(agents.k);
            submit_swap_in(step, read | release | step.job.blocks[step.block].released, {}, trail,
                           moves);
            submit_execution(step, trail.assembled | step.job.before.executed, trail, moves);
            changing(read) = trail.read;
            changing(release) = trail.released;
        } else {
            submit_execution(step, step.job.before.executed, trail, moves);
        }
        return trail;
    }

    IdVector<JobId, Agents> agents_;
};

}  // namespace

Policy make_pipeload(const PolicyParameters& parameters, std::optional<SwapPath>) {
    Policy policy;
    policy.planner = make_partition_planner(make_keeping_partitioner(
        std::make_unique<PipeloadPartitioner>(count_or_auto(parameters, "agents", kMostAgents)),
        read_keep(parameters)));
    policy.make_scheduler = [](const SchedulerSetup& setup) {
        return std::make_unique<PipeloadScheduler>(setup);
    };
    return policy;
}

}  // namespace swaplab
