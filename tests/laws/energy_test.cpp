// The energy of random runs against power integrated over time, which shares no code with it.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/laws/oracle/energy.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::Options;
using testing::Rng;

constexpr std::uint64_t kRuns = SWAPLAB_SANITIZED ? 100 : 500;

struct Spec {
    const char* policy;
    std::optional<SwapPath> path;
};
constexpr std::array kSpecs{
    Spec{"on-demand", {}},
    Spec{"on-demand", SwapPath::staged},
    Spec{"standard-swap", SwapPath::standard},
    Spec{"swapnet", SwapPath::standard},
    Spec{"load-all", SwapPath::staged},
    Spec{"direct", {}},
    Spec{"demand-layering:pipeline=async", {}},
    Spec{"demand-layering:pipeline=sync", {}},
    Spec{"pipeload:agents=3", {}},
    Spec{"pipeload:agents=4", {}},
    Spec{"pipeswitch", SwapPath::staged},
};

constexpr std::array<const char*, 4> kOnLanes{"read", "copy", "assemble", "execute"};

PowerSpec random_power(Rng& rng) {
    PowerSpec power;
    power.idle_w = rng.chance(20) ? 0 : 10 * rng.unit();
    for (const ActivityRow& row : kActivityTable)
        if (draws_power(row) && !rng.chance(15))
            power.active_w[index_of(row.activity)] = 20 * rng.unit();
    // In proportion to runs of microseconds.
    power.read_j_per_byte = rng.chance(30) ? 0 : 1e-9 * rng.unit();
    power.dram_j_per_byte = rng.chance(30) ? 0 : 1e-9 * rng.unit();
    return power;
}

oracle::Watts watts_of(const PowerSpec& power, double scale = 1) {
    oracle::Watts watts{power.idle_w, {}, power.read_j_per_byte, power.dram_j_per_byte};
    for (const char* what : kOnLanes)
        watts.above_idle[what] = scale * power.active_w[index_of(*activity_named(what))];
    return watts;
}

// The device's own mode, one that scales its power, one with its own.
void add_modes(Rng& rng, Platform& platform, std::map<std::string, oracle::Watts>& watts) {
    Node& node = platform.nodes[0];
    node.power = random_power(rng);
    watts[""] = watts_of(*node.power);
    Mode scaled{
        .name = "SCALED", .execute_scale = 0.5 + rng.unit(), .read_scale = 0.5 + rng.unit()};
    scaled.power_scale = 0.1 + 2 * rng.unit();
    scaled.switching = nanoseconds(rng.between(0, 100));
    watts["SCALED"] = watts_of(*node.power, scaled.power_scale);
    Mode own{.name = "OWN", .execute_scale = 0.5 + rng.unit(), .copy_scale = 0.5 + rng.unit()};
    own.power = random_power(rng);
    watts["OWN"] = watts_of(*own.power);
    node.modes = {std::move(scaled), std::move(own)};
}

oracle::Ran ran_of(const Completion& span, const Model& model, const Deployment& plan) {
    oracle::Ran ran{std::string(name_of(span.command.verb)), count_ns(span.start - kStart),
                    count_ns(span.end - kStart), 0};
    for (const UnitId unit : plan.jobs[span.command.job].blocks[span.command.block]) {
        if (ran.what == "read") ran.bytes += model.unit(unit).bytes_on_storage.count;
        if (ran.what == "copy") ran.bytes += model.unit(unit).parameter_bytes.count;
    }
    return ran;
}

TEST(EnergyOracle, IsPowerIntegratedOverTime) {
    int changed = 0, parallel = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, kRuns) {
        Rng rng(seed * 17 + 3);
        const Spec spec = kSpecs[seed % kSpecs.size()];
        SCOPED_TRACE(spec.policy);
        testing::PlatformShape shape;
        shape.positive = true;
        shape.concurrency = true;
        shape.contention = rng.chance(50);
        shape.host_time = rng.chance(30);
        shape.after_idle = rng.chance(30);
        shape.most_assemble_lanes = 2;
        Platform platform = testing::random_platform(seed, shape);
        testing::ModelShape model_shape;
        model_shape.percent_stored = rng.chance(30) ? 50 : 0;
        const ModelPtr model = testing::random_model(seed, model_shape);
        oracle::EnergyRun run;
        add_modes(rng, platform, run.watts);
        constexpr std::array<const char*, 3> names{"", "SCALED", "OWN"};
        platform.mode = names[static_cast<std::size_t>(rng.between(0, 2))];
        Options options;
        options.path = spec.path;
        options.requests = rng.between(1, 3);
        options.mode = rng.chance(50) ? ArrivalMode::cold : ArrivalMode::stream;
        options.budget = Bytes{4 * model->parameter_bytes().count + (std::int64_t{1} << 30)};
        Workload workload = testing::workload_of({model}, options);
        const std::int64_t length =
            count_ns(testing::simulate(platform, workload, spec.policy, options).result.makespan);
        std::vector<std::int64_t> instants;
        for (std::int64_t n = rng.between(0, 5); n > 0; --n)
            instants.push_back(rng.between(0, 3 * length / 2));
        std::ranges::sort(instants);
        run.modes = {{-1, platform.mode}};
        for (const std::int64_t at : instants) {
            const std::string mode = names[static_cast<std::size_t>(rng.between(0, 2))];
            workload.mode_changes.push_back({kStart + nanoseconds(at), mode});
            run.modes.emplace_back(at, mode);
        }
        const PlanOutcome outcome = testing::plan_of(platform, workload, spec.policy, options);
        const testing::Simulation simulation =
            testing::simulate(platform, workload, spec.policy, options);
        ASSERT_EQ(simulation.result.verdict, Verdict::ok) << simulation.result.reason;
        for (const Completion& span : simulation.record.spans)
            if (takes_time(span.command.verb))
                run.all.push_back(ran_of(span, *model, std::get<Deployment>(outcome)));
        for (const oracle::Ran& ran : run.all)
            if (ran.what == "execute") run.makespan = std::max(run.makespan, ran.end);
        const double expected = oracle::integral_of_power(run) + oracle::energy_of_bytes(run);
        EXPECT_NEAR(simulation.result.energy_j.value(), expected, 1e-9 * expected);
        changed += !instants.empty() && instants.front() < run.makespan ? 1 : 0;
        for (const oracle::Ran& a : run.all)
            for (const oracle::Ran& b : run.all)
                if (a.what == "read" && b.what == "read" && a.start < b.start && b.start < a.end)
                    ++parallel;
    }
    // The runs had what they are to be tested with.
    EXPECT_GT(changed, static_cast<int>(kRuns) / 4);
    EXPECT_GT(parallel, static_cast<int>(kRuns) / 4);
}

}  // namespace
}  // namespace swaplab::laws
