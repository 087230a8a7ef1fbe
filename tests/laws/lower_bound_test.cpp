// The lower bound: its formula, and that no run of any policy is below it.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/laws/oracle/lower_bound.h"
#include "tests/laws/tables.h"
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

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 100 : 500;

constexpr std::array<const char*, 12> kPolicies{"direct",
                                                "load-all",
                                                "on-demand",
                                                "standard-swap",
                                                "swapnet:allocator=minmax",
                                                "demand-layering",
                                                "demand-layering:pipeline=async,buffer=min",
                                                "demand-layering:pipeline=sync",
                                                "demand-layering:pipeline=sequential",
                                                "pipeload",
                                                "pipeload:agents=3",
                                                "pipeswitch"};
// Of which something stays; every fifth world, since they plan for longer.
constexpr std::array<const char*, 5> kKeeping{"lru", "belady", "on-demand:keep=auto",
                                              "swapnet:keep=auto", "pipeload:keep=auto"};

std::vector<const char*> policies_of(std::uint64_t seed) {
    std::vector<const char*> policies(kPolicies.begin(), kPolicies.end());
    if (seed % 5 == 0) policies.insert(policies.end(), kKeeping.begin(), kKeeping.end());
    return policies;
}

PlatformShape shape_of(std::uint64_t seed) {
    PlatformShape shape;
    shape.fractional = seed % 2 == 1;
    shape.contention = seed % 3 != 0;
    shape.speed_ups = seed % 3 == 1;
    shape.concurrency = seed % 4 < 2;
    shape.mode = seed % 5 == 0;
    shape.scale = seed % 7 == 0 ? 6 : shape.scale;
    shape.most_assemble_lanes = 2;
    shape.requests = seed % 12 != 6;
    shape.read_table = seed % 8 == 3;
    return shape;
}
// Nothing in the bound is a fraction (but the requests of a read: see requests = false below).
bool costs_are_whole(std::uint64_t seed) { return seed % 12 == 6 && seed % 5 != 0; }
ModelShape model_shape_of(std::uint64_t seed) {
    ModelShape shape;
    shape.scale = seed % 7 == 0 ? 6 : shape.scale;
    shape.percent_grouped = seed % 6 == 0 ? 40 : 0;
    shape.percent_stored = seed % 5 < 2 ? 50 : 0;
    return shape;
}

// The smallest factors that may apply to an activity: min(1, contention), once per other kind.
double smallest_factor(const Node& node, Activity activity) {
    constexpr std::array kinds{Activity::read, Activity::copy, Activity::assemble,
                               Activity::execute, Activity::release};
    double factor = 1;
    for (const Activity other : kinds)
        if (other != activity)
            factor *= std::min(1.0, node.contention[static_cast<std::size_t>(activity)]
                                                   [static_cast<std::size_t>(other)]);
    return factor;
}

// The least of (ns - first ns) / bytes by a table, over reads of at least the smallest finest
// block.
double least_per_byte(const ReadSpec& read, const Model& model) {
    if (read.table.empty()) return 0;
    double smallest = static_cast<double>(model.parameter_bytes().count);
    for (const UnitRange block : model.finest_blocks()) {
        double bytes = 0;
        for (std::uint32_t j = block.first; j < block.last; ++j)
            bytes += static_cast<double>(model.layers()[j].bytes_on_storage().count);
        if (bytes > 0) smallest = std::min(smallest, bytes);
    }
    const auto [first_bytes, first_ns] = read.table.front();
    if (smallest <= static_cast<double>(first_bytes.count)) return 0;
    double least = 1e300;
    for (double step = smallest; step < 1e15; step *= 1.01) {
        const double bytes = std::floor(step);
        least = std::min(
            least, (read.table_ns(Bytes{static_cast<std::int64_t>(bytes)}) - first_ns) / bytes);
    }
    for (const ReadPoint& point : read.table)
        if (static_cast<double>(point.bytes.count) >= smallest)
            least = std::min(least, (point.ns - first_ns) / static_cast<double>(point.bytes.count));
    return least;
}

// R_j and K_j from the coefficients: no ns_per_block, bytes/request_bytes requests.
oracle::BoundInput bound_input(const Model& model, const Platform& platform, bool resident) {
    const Node& node = platform.nodes[0];
    const Mode* mode = platform.mode.empty() ? nullptr : node.mode_named(platform.mode);
    oracle::BoundInput in;
    in.kappa = *std::ranges::max_element(node.read.concurrency);
    for (const UnitRange unit : model.finest_blocks()) {
        double read = 0, kernel = 0;
        for (std::uint32_t j = unit.first; j < unit.last; ++j) {
            const Layer& layer = model.layers()[j];
            if (layer.parameter_bytes.count > 0) {
                const auto stored = static_cast<double>(layer.bytes_on_storage().count);
                read += (node.read.cost.per_byte + least_per_byte(node.read, model)) * stored;
                read += node.read.cost.per_tensor * static_cast<double>(layer.parameter_tensors);
                if (node.read.cost.request_bytes)
                    read += node.read.cost.per_request * stored /
                            static_cast<double>(node.read.cost.request_bytes->count);
            }
            const LinearCost& row = node.execute.of(layer.op);
            kernel += row.per_byte * static_cast<double>(layer.parameter_bytes.count) +
                      row.per_flop * static_cast<double>(layer.flops()) + row.per_layer +
                      row.per_tensor * static_cast<double>(layer.parameter_tensors) +
                      row.per_activation_byte *
                          static_cast<double>(model.unit({j}).activation_bytes.count);
        }
        read *= smallest_factor(node, Activity::read) * (mode ? mode->read_scale : 1.0);
        kernel *= smallest_factor(node, Activity::execute) * (mode ? mode->execute_scale : 1.0);
        in.reads.push_back(resident ? 0.0 : read);
        in.kernels.push_back(kernel);
    }
    return in;
}

Bytes plenty_or(std::optional<Bytes> least, Rng& rng, const Model& model) {
    const std::int64_t from = std::max<std::int64_t>(1, least ? least->count : 1);
    return {rng.chance(40) ? from : rng.between(from, from + 3 * model.parameter_bytes().count)};
}

TEST(LowerBound, OfAColdRequestIsTheFormulaAndHolds) {
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        const ModelPtr model = random_model(seed, model_shape_of(seed));
        const Platform platform = random_platform(seed, shape_of(seed));
        Rng rng(seed);
        for (const char* policy : policies_of(seed)) {
            SCOPED_TRACE(policy);
            Options options;
            options.requests = rng.between(1, 2);
            options.budget =
                plenty_or(testing::minimum_of(platform, model, policy, options), rng, *model);
            const RunResult r = simulate(platform, model, policy, options).result;
            ASSERT_EQ(r.verdict, Verdict::ok) << r.reason;
            const bool resident = std::string_view(policy) == "direct";
            const double expected = oracle::cold_bound(bound_input(*model, platform, resident));
            EXPECT_NEAR(static_cast<double>(count_ns(r.lower_bound)), expected,
                        costs_are_whole(seed) ? 0 : 1);
            EXPECT_EQ(r.lower_bound_of, BoundOf::latency);
            EXPECT_LE(r.lower_bound, r.policy_bound);
            EXPECT_LE(r.policy_bound, r.latency.min);
        }
        if (HasFailure()) return;
    }
}

// More memory never raises what any policy must take; a policy's own bound is never below it.
TEST(LowerBound, NeverRisesWithTheBudget) {
    SWAPLAB_FOR_SEEDS(seed, 501, kWorlds) {
        const ModelPtr model = random_model(seed, model_shape_of(seed));
        const Platform platform = random_platform(seed, shape_of(seed));
        Rng rng(seed);
        for (const char* policy : {"on-demand", "swapnet", "demand-layering", "pipeload"}) {
            SCOPED_TRACE(policy);
            Options options;
            options.mode = rng.chance(50) ? ArrivalMode::cold : ArrivalMode::stream;
            options.requests = rng.between(1, 4);
            Bytes budget = testing::minimum_of(platform, model, policy, options).value();
            Duration before = Duration::max();
            for (int step = 0; step < 6; ++step) {
                options.budget = Bytes{std::max<std::int64_t>(budget.count, 1)};
                const RunResult r = simulate(platform, model, policy, options).result;
                EXPECT_LE(r.lower_bound, before);
                EXPECT_LE(r.lower_bound, r.policy_bound);
                before = r.lower_bound;
                budget += Bytes{model->parameter_bytes().count / 4};
            }
        }
        if (HasFailure()) return;
    }
}

// A chain of blocks of its own, staged: the copy lane alone takes 10 + 20 + 30, then 7 are
// executed.
TEST(LowerBound, OfAPolicyCountsItsLanes) {
    ModelSpec spec;
    spec.name = "three";
    for (const std::int64_t bytes : {10, 20, 30}) {
        Layer layer;
        layer.name = text("layer{}", bytes);
        layer.parameter_bytes = {bytes};
        layer.parameter_tensors = 1;
        spec.layers.push_back(layer);
    }
    const ModelPtr model = std::make_shared<const Model>(spec);
    Platform platform;
    Node& node = platform.nodes.emplace_back();
    node.compute = ComputeKind::gpu;
    node.read.cost.per_byte = 0.25;
    node.cost(Activity::copy).per_byte = 1;
    node.execute.other.per_layer = 7;
    Options options;
    options.path = SwapPath::staged;
    options.budget = Bytes{1000};
    const RunResult r = simulate(platform, model, "on-demand", options).result;
    EXPECT_EQ(count_ns(r.policy_bound), 10 + 20 + 30 + 7 - 2 * 3);
    EXPECT_EQ(count_ns(r.lower_bound), std::floor(std::max(15.0 + 7, 2.5 + 21)) - 2 * 3);
}

TEST(LowerBound, OfAStreamIsTheFormulaAndHolds) {
    SWAPLAB_FOR_SEEDS(seed, 1001, kWorlds) {
        const ModelPtr model = random_model(seed, model_shape_of(seed));
        const Platform platform = random_platform(seed, shape_of(seed));
        const Node& node = platform.nodes[0];
        const bool whole = costs_are_whole(seed);
        Rng rng(seed);
        for (const char* policy : policies_of(seed)) {
            SCOPED_TRACE(policy);
            Options options;
            options.mode = ArrivalMode::stream;
            options.requests = rng.chance(20) ? 20 : rng.between(2, 5);
            options.account = rng.chance(50) ? Account::all : Account::parameters;
            options.budget =
                plenty_or(testing::minimum_of(platform, model, policy, options), rng, *model);
            const RunResult r = simulate(platform, model, policy, options).result;
            ASSERT_EQ(r.verdict, Verdict::ok) << r.reason;
            EXPECT_EQ(r.lower_bound_of, BoundOf::makespan);
            EXPECT_LE(r.lower_bound, r.makespan) << options.requests << " requests";
            const bool resident = std::string_view(policy) == "direct";
            const oracle::BoundInput in = bound_input(*model, platform, resident);
            const double scale =
                platform.mode.empty() ? 1.0 : node.mode_named(platform.mode)->read_scale;
            bool encoded = false;  // what is read again is smaller than what it fills
            for (const Layer& layer : model->layers()) encoded |= layer.stored_bytes.has_value();
            if (encoded) continue;  // the formula speaks of M - b bytes; see the next test
            const double chain = oracle::stream_chain(
                in, static_cast<double>(options.requests),
                resident ? 0.0 : static_cast<double>(model->parameter_bytes().count),
                static_cast<double>(options.budget->count),
                (node.read.cost.per_byte + least_per_byte(node.read, *model)) *
                    smallest_factor(node, Activity::read) * scale);
            // The page takes off 2 * units ns. Where costs are not whole, the roundings of N
            // requests may add up to more, at most half a ns per read and execution: units * N.
            const auto units = static_cast<double>(model->finest_blocks().size());
            const auto bound = static_cast<double>(count_ns(r.lower_bound));
            const double page = std::max(0.0, std::floor(chain) - 2 * units);
            const double n = static_cast<double>(options.requests);
            EXPECT_LE(bound, page + (whole ? 0 : 1)) << n << " requests";
            EXPECT_GE(bound, whole
                                 ? page
                                 : std::max(0.0, std::floor(chain) - units * std::max(2.0, n)) - 1)
                << n << " requests";
        }
        if (HasFailure()) return;
    }
}

// Several jobs: max(sum of all K, each job's own bound), of the makespan.
TEST(LowerBound, OfSeveralJobsHolds) {
    SWAPLAB_FOR_SEEDS(seed, 3001, kWorlds) {
        ModelShape shape = model_shape_of(seed);
        shape.most_layers = 6;
        const std::vector<ModelPtr> models{random_model(2 * seed, shape),
                                           random_model(2 * seed + 1, shape)};
        const Platform platform = random_platform(seed, shape_of(seed));
        for (const char* policy : policies_of(seed))
            for (const ArrivalMode mode : {ArrivalMode::cold, ArrivalMode::stream}) {
                SCOPED_TRACE(text("{} {}", policy, name_of(mode)));
                Options options;
                options.mode = mode;
                options.requests = 2;
                options.budget = Bytes{std::int64_t{1} << 36};
                const RunResult r =
                    simulate(platform, workload_of(models, options), policy, options).result;
                ASSERT_EQ(r.verdict, Verdict::ok) << r.reason;
                EXPECT_EQ(r.lower_bound_of, BoundOf::makespan);
                EXPECT_LE(r.lower_bound, r.makespan);
                const bool resident = std::string_view(policy) == "direct";
                double kernels = 0, own = 0, units = 0;
                for (const ModelPtr& model : models) {
                    const oracle::BoundInput in = bound_input(*model, platform, resident);
                    double sum = 0;
                    for (const double k : in.kernels) sum += k;
                    kernels += 2 * sum;
                    own = std::max(own, oracle::cold_bound(in));
                    units += 2 * static_cast<double>(in.kernels.size());
                }
                EXPECT_GE(static_cast<double>(count_ns(r.lower_bound)),
                          std::max(own, std::floor(kernels) - 2 * units) - 1);
            }
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace swaplab::laws
