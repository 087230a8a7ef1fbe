// demand-layering: layers with parameters are streamed in order, through four pipelines (Ji et al.,
// RTSS 2022). Parameter memory is 2L (sequential), 4L (sync), 2B (async) or B (two-stage), where L
// is the largest layer and B >= L the size of one ring.
#include <algorithm>

#include "policies/plan/finest_blocks.h"
#include "policies/plan/keep/keep.h"
#include "policies/plan/one_block_resident.h"
#include "policies/plan/partition_planner.h"
#include "policies/plan/stream_delay.h"
#include "policies/schedule/one_at_a_time.h"
#include "policies/schedule/keep_parameter.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"
#include "policies/schedule/streamed_blocks.h"
#include "policies/systems/demand_layering/scheduler.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using namespace literals;

enum class Pipeline : std::uint8_t { two_stage, sequential, sync, async };

// No device has a ring larger than this; it ends sweeps over models that no device could hold.
constexpr Bytes kLongestSweep = 1024_GiB;

struct Options {
    Pipeline pipeline = Pipeline::two_stage;
    bool smallest = false;        // buffer=min
    std::optional<Bytes> buffer;  // buffer=BYTES
    Duration overhead{};

    SwapPath path() const {
        return pipeline == Pipeline::two_stage ? SwapPath::zero_copy : SwapPath::staged;
    }
    bool has_ring() const { return pipeline == Pipeline::two_stage || pipeline == Pipeline::async; }
    // Arenas of the size of `buffer` (rings), or of the largest layer (slots).
    std::int64_t arenas() const {
        switch (pipeline) {
            case Pipeline::two_stage: return 1;
            case Pipeline::sync: return 4;
            default: return 2;
        }
    }
};

class DemandLayeringPartitioner final : public StreamingPartitioner {
  public:
    explicit DemandLayeringPartitioner(Options options) : options_(options) {}

    SwapPath path() const override { return options_.path(); }

    Infeasible minimum(const PartitionRequest& request) const override {
        const FinestBlocks finest(request, options_.path());
        if (options_.pipeline == Pipeline::sequential)
            return one_block_minimum(request, finest.blocks, options_.path());
        const Model& model = request.cost.model();
        const Bytes ring = fixed_ring(finest, model);
        return {options_.arenas() * ring + finest.active, reason(finest, model, ring),
                names_in(model, finest.largest_block)};
    }

    JobPlan partition(const PartitionRequest& request) const override {
        return plan(request, FinestBlocks(request, options_.path()), Time::cold);
    }

    Bytes least_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        const auto finest = FinestBlocks::beside(request, options_.path(), kept);
        if (options_.pipeline == Pipeline::sequential)
            return one_block_least(request, finest, options_.path());
        return options_.arenas() * fixed_ring(finest, request.cost.model()) + finest.active;
    }

    JobPlan plan_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        const auto finest = FinestBlocks::beside(request, options_.path(), kept);
        JobPlan best = plan(request, finest, Time::steady);
        best.kept = finest.marks();
        return best;
    }

  private:
    // Of a cold request, or of a pass that begins as the one before it ends: what a plan is chosen
    // by.
    enum class Time : std::uint8_t { cold, steady };

    JobPlan plan(const PartitionRequest& request, const FinestBlocks& finest, Time time) const {
        if (options_.pipeline == Pipeline::sequential)
            return time == Time::cold ? sequential_plan(request, finest)
                                      : sequential_plan_beside(request, finest);
        JobPlan plan(request.node, options_.path(), finest_blocks(request.cost.model()));
        Variant& variant = plan.at_start();
        if (options_.pipeline == Pipeline::sync) {
            variant.arena = {ArenaKind::slots, 2 * finest.largest, 2};
            variant.staging = variant.arena;
            variant.closed_form = sync_delay(finest.blocks);
            if (time == Time::steady)
                variant.steady_pass = sync_delay(finest.blocks, 2) - *variant.closed_form;
            variant.need = options_.arenas() * finest.largest + finest.active;
            return plan;
        }
        const Bytes ring = choose_ring(request, finest, time);
        variant.arena = {ArenaKind::ring, ring, 0};
        if (options_.pipeline == Pipeline::async) variant.staging = variant.arena;
        variant.closed_form = delay(request, finest, ring, Time::cold);
        if (time == Time::steady) variant.steady_pass = delay(request, finest, ring, time);
        variant.need = options_.arenas() * ring + finest.active;
        return plan;
    }

    std::string reason(const FinestBlocks& finest, const Model& model, Bytes ring) const {
        const std::int64_t arenas = options_.arenas();
        const std::string each = text("{} {}", arenas, arenas == 1 ? "buffer" : "buffers");
        if (options_.buffer)
            return text("{} of {} as asked for with buffer={}", each, format_bytes(ring),
                        ring.count) +
                   beside_activations(finest.active);
        return text("{} must fit {}{}{}", describe(model, finest.largest_block, finest.largest),
                    arenas == 1 ? "" : "each of ", each, beside_activations(finest.active));
    }

    // One layer in each arena: no ring is needed.
    static JobPlan sequential_plan(const PartitionRequest& request, const FinestBlocks& finest) {
        JobPlan plan = one_block_plan(request, finest.blocks, SwapPath::staged);
        plan.at_start().staging = plan.at_start().arena = {ArenaKind::counter, finest.largest, 0};
        return plan;
    }

    static JobPlan sequential_plan_beside(const PartitionRequest& request,
                                          const FinestBlocks& finest) {
        JobPlan plan = one_block_plan_beside(request, finest, SwapPath::staged);
        plan.at_start().staging = plan.at_start().arena = {ArenaKind::counter, finest.largest, 0};
        return plan;
    }

    // The ring of `buffer=BYTES`, else the smallest that holds every layer.
    Bytes fixed_ring(const FinestBlocks& finest, const Model& model) const {
        if (!options_.buffer) return finest.largest;
        if (*options_.buffer < finest.largest)
            throw InputError(
                text("policy parameter buffer: {} has {}; expected at least {} bytes, "
                     "found {}",
                     model.name(), describe(model, finest.largest_block, finest.largest),
                     finest.largest.count, options_.buffer->count));
        return *options_.buffer;
    }

    Duration delay(const PartitionRequest& request, const FinestBlocks& finest, Bytes ring,
                   Time time) const {
        const std::uint32_t assemblers = request.cost.node().assemble_lanes;
        const auto of_passes = [&](std::uint32_t passes) {
            return options_.pipeline == Pipeline::async
                       ? async_delay(finest.blocks, ring, assemblers, passes)
                       : two_stage_delay(finest.blocks, {ArenaKind::ring, ring, 0}, assemblers,
                                         passes);
        };
        return time == Time::cold ? of_passes(1) : of_passes(2) - of_passes(1);
    }

    // Delay is not monotone in the size of the ring, so it is swept in steps of 1 MiB as in the
    // published code: the first with an overhead below the limit, else the fastest, smallest first.
    // None is faster than one that holds the whole model, so the first as fast ends the sweep.
    Bytes choose_ring(const PartitionRequest& request, const FinestBlocks& finest,
                      Time of) const {
        const Bytes smallest = fixed_ring(finest, request.cost.model());
        if (options_.buffer || options_.smallest) return smallest;
        Bytes best = smallest;
        Duration least = Duration::max();
        const auto fits = [&](Bytes ring) {
            return options_.arenas() * ring + finest.active <= request.budget;
        };
        const Duration unlimited = delay(request, finest, finest.total, of);
        for (Bytes ring = smallest; fits(ring) && ring < smallest + kLongestSweep; ring += 1_MiB) {
            const Duration time = delay(request, finest, ring, of);
            if (time - finest.executing < options_.overhead) return ring;
            if (time < least) {
                least = time;
                best = ring;
            }
            if (time == unlimited) break;
        }
        return best;
    }

    Options options_;
};

Options read_options(const PolicyParameters& parameters) {
    Options options;
    const std::string pipeline =
        choice(parameters, "pipeline", {"two-stage", "sequential", "sync", "async"});
    options.pipeline = pipeline == "sequential" ? Pipeline::sequential
                       : pipeline == "sync"     ? Pipeline::sync
                       : pipeline == "async"    ? Pipeline::async
                                                : Pipeline::two_stage;
    options.overhead = duration(parameters, "overhead", std::chrono::milliseconds(1));
    const auto buffer = parameters.find("buffer");
    if (buffer == parameters.end() || buffer->second == "auto") return options;
    options.smallest = buffer->second == "min";
    if (!options.smallest) options.buffer = positive_bytes(parameters, "buffer");
    if (!options.smallest && !options.has_ring())
        throw InputError(
            text("policy parameter buffer: the {} pipeline has no ring to size; "
                 "expected auto or min, found '{}'",
                 pipeline, buffer->second));
    return options;
}

}  // namespace

Policy make_demand_layering(const PolicyParameters& parameters, std::optional<SwapPath> path) {
    const Options options = read_options(parameters);
    if (path && *path != options.path())
        throw InputError(text(
            "demand-layering's {} pipeline has the {} swap path, found {}",
            parameters.contains("pipeline") ? parameters.find("pipeline")->second : "two-stage",
            name_of(options.path()), name_of(*path)));
    Policy policy;
    policy.planner = make_partition_planner(make_keeping_partitioner(
        std::make_unique<DemandLayeringPartitioner>(options), read_keep(parameters)));
    policy.make_scheduler = options.has_ring()                         ? make_streamed_blocks
                            : options.pipeline == Pipeline::sequential ? make_one_at_a_time
                                                                       : make_sync_scheduler;
    return policy;
}

}  // namespace swaplab
