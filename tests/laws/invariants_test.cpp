// What holds of every run: bytes, lanes, stalls, conservation, and the budget.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/laws/oracle/demand_layering.h"
#include "tests/laws/replay.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"

namespace swaplab::laws {
namespace {

using testing::ModelShape;
using testing::Options;
using testing::PlatformShape;
using testing::random_model;
using testing::random_platform;
using testing::Rng;
using testing::simulate;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 60 : 200;

struct Spec {
    const char* policy;
    std::optional<SwapPath> path;
};
constexpr std::array kSpecs{
    Spec{"on-demand", {}},
    Spec{"on-demand", SwapPath::staged},
    Spec{"on-demand", SwapPath::standard},
    Spec{"standard-swap", {}},
    Spec{"standard-swap", SwapPath::zero_copy},
    Spec{"standard-swap", SwapPath::staged},
    Spec{"swapnet", {}},
    Spec{"swapnet:delta=0.25", {}},
    Spec{"swapnet", SwapPath::staged},
    Spec{"swapnet", SwapPath::standard},
    Spec{"load-all", {}},
    Spec{"load-all", SwapPath::staged},
    Spec{"load-all", SwapPath::standard},
    Spec{"direct", {}},
    Spec{"direct:copies=2", {}},
    Spec{"demand-layering", {}},
    Spec{"demand-layering:buffer=min", {}},
    Spec{"demand-layering:pipeline=async", {}},
    Spec{"demand-layering:pipeline=async,buffer=min", {}},
    Spec{"demand-layering:pipeline=sync", {}},
    Spec{"demand-layering:pipeline=sequential", {}},
    Spec{"pipeload", {}},
    Spec{"pipeload:agents=3", {}},
    Spec{"pipeswitch", {}},
    Spec{"pipeswitch", SwapPath::staged},
    Spec{"pipeswitch:group=2", SwapPath::staged},
};

// A random run of a policy: its own budget between the minimum and plenty.
struct RandomRun {
    RandomRun(std::uint64_t seed, const Spec& which) : spec(which) {
        Rng rng(seed * 131 + 7);
        ModelShape model_shape;
        PlatformShape shape;
        shape.positive = true;
        if (seed % 4 == 0) model_shape.scale = shape.scale = 8;
        shape.fractional = seed % 4 == 1;
        shape.contention = rng.chance(50);
        shape.speed_ups = rng.chance(50);
        shape.concurrency = rng.chance(50);
        shape.after_idle = rng.chance(30);
        shape.host_time = rng.chance(30);
        shape.most_assemble_lanes = 2;
        shape.most_alignment = rng.chance(30) ? 1000 : 1;
        model_shape.percent_stored = rng.chance(30) ? 50 : 0;
        model_shape.percent_grouped = rng.chance(20) ? 40 : 0;
        model = random_model(seed, model_shape);
        platform = random_platform(seed, shape);
        options.account = rng.chance(50) ? Account::all : Account::parameters;
        options.mode = rng.chance(50) ? ArrivalMode::cold : ArrivalMode::stream;
        options.requests = rng.between(1, 3);
        options.path = spec.path;
        const auto least = testing::minimum_of(platform, model, spec.policy, options);
        if (least) {
            const std::int64_t most = least->count + 4 * model->parameter_bytes().count;
            options.budget =
                rng.chance(50) ? *least
                               : Bytes{std::max<std::int64_t>(1, rng.between(least->count, most))};
            if (options.budget->count == 0) options.budget = Bytes{1};
        }
        workload = workload_of({model}, options);
        const PlanOutcome outcome = testing::plan_of(platform, model, spec.policy, options);
        if (const auto* plan = std::get_if<Deployment>(&outcome)) deployment = *plan;
        simulation = simulate(platform, workload, spec.policy, options);
    }
    const RunResult& result() const { return simulation.result; }
    RunFacts facts() const { return {platform, workload, deployment, simulation}; }
    std::string name() const {
        return text("{} path {} {} {} x{} budget {}", spec.policy,
                    spec.path ? name_of(*spec.path) : "default", name_of(options.account),
                    name_of(options.mode), options.requests,
                    options.budget ? options.budget->count : -1);
    }

    Spec spec;
    ModelPtr model;
    Platform platform;
    Options options;
    Workload workload;
    Deployment deployment;
    testing::Simulation simulation;
};

template <class Check>
void for_every_run(std::uint64_t first, const Check& check) {
    SWAPLAB_FOR_SEEDS(seed, first, kWorlds) {
        for (const Spec& spec : kSpecs) {
            SCOPED_TRACE(spec.policy);
            const RandomRun run(seed, spec);
            SCOPED_TRACE(run.name());
            ASSERT_EQ(run.result().verdict, Verdict::ok) << run.result().reason;
            check(run);
        }
        if (::testing::Test::HasFailure()) return;
    }
}

bool counted(Account account, Category category) {
    return account == Account::all || holds_weights(category);
}

TEST(Invariants, PeakIsTheReplayOfTheSpansAndFitsTheBudget) {
    for_every_run(1, [](const RandomRun& run) {
        const oracle::Peaks peaks = peaks_from_spans(run.facts());
        const MemoryReport& memory = run.result().memory;
        const bool all = run.options.account == Account::all;
        EXPECT_EQ(memory.peak.count, all ? peaks.all : peaks.weights);
        EXPECT_FALSE(memory.breach);
        if (run.options.budget) {
            EXPECT_LE(memory.peak, *run.options.budget);
            EXPECT_LE(memory.arena_bytes, *run.options.budget);
        }
        std::int64_t split = 0;
        for (std::size_t c = 0; c < kCategories; ++c)
            if (counted(run.options.account, static_cast<Category>(c)))
                split += memory.peak_by_category[c].count;
        EXPECT_EQ(split, memory.peak.count);
        EXPECT_EQ(memory.arena_bytes, run.deployment.jobs[{0}].at_start().arena_bytes());
    });
}

TEST(Invariants, ComputeIsBusyOrStalled) {
    for_every_run(1001, [](const RandomRun& run) {
        Duration busy{};
        Time end{};
        for (const Completion& span : run.simulation.record.spans)
            if (span.command.verb == Verb::execute) {
                busy += span.end - span.start;
                end = std::max(end, span.end);
            }
        const RunResult& r = run.result();
        EXPECT_EQ(r.compute_busy, busy);
        EXPECT_EQ(r.makespan, end - kStart);
        EXPECT_EQ(busy + r.stalls.sum(), r.makespan);
        for (const StallReason reason : kAllStallReasons)
            EXPECT_GE(count_ns(r.stalls[reason]), 0) << name_of(reason);
    });
}

TEST(Invariants, LanesAreNeverWiderThanTheyAre) {
    for_every_run(2001, [](const RandomRun& run) {
        const std::array<std::size_t, kLanes> width{run.deployment.parallel_reads, 1,
                                                    run.platform.nodes[0].assemble_lanes, 1};
        const auto& spans = run.simulation.record.spans;
        for (const Completion& at : spans) {
            if (lane_of(at.command.verb) == Lane::none || at.start == at.end) continue;
            const auto lane = static_cast<std::size_t>(lane_of(at.command.verb));
            std::size_t beside = 0;  // running when `at` starts, itself included
            for (const Completion& other : spans)
                if (lane_of(other.command.verb) == lane_of(at.command.verb) &&
                    other.start <= at.start && at.start < other.end)
                    ++beside;
            EXPECT_LE(beside, width[lane]) << name_of(at.command.verb);
        }
    });
}

TEST(Invariants, SpansAreOrderedAndRespectWhatTheyWaitFor) {
    for_every_run(3001, [](const RandomRun& run) {
        const auto sorted = run.simulation.record.by_ticket();
        const auto commands = run.simulation.record.commands();
        ASSERT_EQ(commands.size(), sorted.size());
        for (std::size_t i = 0; i < sorted.size(); ++i) {
            EXPECT_EQ(sorted[i].ticket.index, i);
            EXPECT_LE(sorted[i].start, sorted[i].end);
        }
        for (const testing::RecordedDecision& decision : run.simulation.record.decisions)
            for (std::size_t c = 0; c < decision.commands.size(); ++c)
                for (const Ticket before : decision.commands[c].after)
                    EXPECT_LE(sorted[before.index].end,
                              sorted[decision.first_ticket.index + c].start);
        EXPECT_TRUE(std::ranges::is_sorted(run.simulation.record.spans, {}, &Completion::end));
        EXPECT_TRUE(std::ranges::is_sorted(run.simulation.record.decisions, {},
                                           &testing::RecordedDecision::at));
        // Executions follow the order of the model, request after request.
        std::vector<std::pair<std::uint32_t, std::uint32_t>> order;
        for (const Completion& span : run.simulation.record.spans)
            if (span.command.verb == Verb::execute)
                order.emplace_back(span.command.request.index, span.command.block.index);
        EXPECT_TRUE(std::ranges::is_sorted(order));
        EXPECT_EQ(order.size(), run.deployment.jobs[{0}].blocks.size() *
                                    static_cast<std::size_t>(run.options.requests));
    });
}

TEST(Invariants, BytesAreConserved) {
    for_every_run(4001, [](const RandomRun& run) {
        const CostModel cost(*run.model, run.platform);
        const auto blocks = blocks_of(run.result());
        Bytes read;
        std::int64_t in = 0, out = 0;
        for (const Completion& span : run.simulation.record.spans) {
            if (span.command.verb == Verb::read) {
                for (std::uint32_t j = blocks[span.command.block.index].first;
                     j < blocks[span.command.block.index].last; ++j)
                    read += run.model->layers()[j].bytes_on_storage();
                ++in;
            }
            if (span.command.verb == Verb::release) ++out;
        }
        EXPECT_EQ(run.result().swapped_in, read);
        EXPECT_EQ(in, out) << "what was brought in was released";
        const bool all = run.options.account == Account::all;
        if (run.deployment.jobs[{0}].resident_copies == 0) {
            EXPECT_EQ(run.result().memory.in_use,
                      all ? run.platform.nodes[0].memory.reserved : Bytes{});
        }
    });
}

TEST(Invariants, CountsAndRatios) {
    for_every_run(5001, [](const RandomRun& run) {
        const RunResult& r = run.result();
        std::uint64_t events = static_cast<std::uint64_t>(run.options.requests);
        for (const Completion& span : run.simulation.record.spans)
            if (span.end > span.start) ++events;
        EXPECT_EQ(r.events, events);
        EXPECT_EQ(r.requests, run.options.requests);
        const auto direct = simulate(run.platform, run.workload, "direct").result;
        EXPECT_EQ(r.full_memory_latency, direct.latency.mean);
        const auto sum = [](const RunResult& result) {
            const Durations& turns = result.jobs.front().turns;
            return static_cast<double>(
                count_ns(std::accumulate(turns.begin(), turns.end(), Duration{})));
        };
        EXPECT_DOUBLE_EQ(r.slowdown(), sum(r) / sum(direct));
        EXPECT_DOUBLE_EQ(r.throughput_per_s(), static_cast<double>(r.requests) * 1e9 /
                                                   static_cast<double>(count_ns(r.makespan)));
    });
}

// Only sum(K) <= any pipeline <= sequential, where nothing contends (SYSTEMS: Demand Layering).
TEST(Invariants, PipelinesLieBetweenKernelsAndSequential) {
    SWAPLAB_FOR_SEEDS(seed, 6001, kWorlds) {
        PlatformShape shape;
        shape.fractional = seed % 2 == 0;
        const ModelPtr model = random_model(seed);
        const Platform platform = random_platform(seed, shape);
        Options options;
        options.budget = Bytes{std::int64_t{1} << 39};
        const auto latency = [&](const char* pipeline) {
            const auto r = simulate(platform, model, text("demand-layering:{}", pipeline), options);
            EXPECT_EQ(r.result.verdict, Verdict::ok);
            return r.result.latency.mean;
        };
        Duration kernels{};
        for (const UnitRange unit : model->finest_blocks())
            kernels += to_duration(CostModel(*model, platform).ns(Activity::execute, unit));
        const Duration sequential = latency("pipeline=sequential");
        for (const char* pipeline :
             {"buffer=min", "pipeline=async,buffer=min", "pipeline=sync", "pipeline=async"}) {
            EXPECT_GE(latency(pipeline), kernels) << pipeline;
            EXPECT_LE(latency(pipeline), sequential) << pipeline;
        }
        if (HasFailure()) return;
    }
}

// The smallest budget does, a byte less does not, and the refusal names the same smallest budget.
TEST(Invariants, TheMinimumIsTheBoundary) {
    for_every_run(6501, [](const RandomRun& run) {
        Options options = run.options;
        const auto least = testing::minimum_of(run.platform, run.model, run.spec.policy, options);
        if (!least || least->count <= 1) return;
        options.budget = least;
        EXPECT_EQ(simulate(run.platform, run.model, run.spec.policy, options).result.verdict,
                  Verdict::ok);
        options.budget = *least - Bytes{1};
        const auto less = simulate(run.platform, run.model, run.spec.policy, options).result;
        EXPECT_EQ(less.verdict, Verdict::infeasible);
        EXPECT_EQ(less.minimum_budget, *least);
        EXPECT_FALSE(less.reason.empty());
    });
}

// A duration of 2^42 ns or more is bad input; one below is not.
TEST(Invariants, NoActivityTakes73Minutes) {
    ModelSpec spec;
    spec.name = "long";
    Layer layer;
    layer.name = "layer";
    layer.parameter_bytes = {1};
    spec.layers.push_back(layer);
    const auto model = std::make_shared<const Model>(spec);
    Platform platform;
    platform.name = "slow";
    platform.nodes.resize(1);
    platform.nodes[0].memory.capacity = {100};
    Options options;
    options.budget = Bytes{100};
    const double limit = 4398046511104.0;
    for (double* cost : {&platform.nodes[0].read.cost.per_byte,
                         &platform.nodes[0].cost(Activity::assemble).per_byte,
                         &platform.nodes[0].execute.other.per_layer,
                         &platform.nodes[0].cost(Activity::release).per_byte}) {
        for (const char* policy : {"on-demand", "swapnet", "demand-layering:buffer=min"}) {
            *cost = limit - 1;
            EXPECT_EQ(simulate(platform, model, policy, options).result.verdict, Verdict::ok);
            *cost = limit;
            EXPECT_THROW(simulate(platform, model, policy, options), InputError) << policy;
        }
        *cost = 0;
    }
}

}  // namespace
}  // namespace swaplab::laws
