// The same run twice gives the same spans, decisions and numbers.
#include <gtest/gtest.h>

#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::simulate;
using testing::Simulation;

testing::PlatformShape everything() {
    testing::PlatformShape shape;
    shape.fractional = shape.contention = shape.speed_ups = shape.concurrency = true;
    shape.after_idle = shape.host_time = true;
    shape.most_assemble_lanes = 3;
    return shape;
}

std::string summary_of(const RunResult& r) {
    std::string line = text(
        "{} {} mean {} p50 {} max {} makespan {} busy {} stalls {} {} {} bound {} "
        "peak {} arena {} hole {} read {} events {}",
        name_of(r.verdict), r.policy, count_ns(r.latency.mean), count_ns(r.latency.p50),
        count_ns(r.latency.max), count_ns(r.makespan), count_ns(r.compute_busy),
        count_ns(r.stalls[StallReason::read]), count_ns(r.stalls[StallReason::memory]),
        count_ns(r.stalls[StallReason::other]), count_ns(r.lower_bound), r.memory.peak.count,
        r.memory.arena_bytes.count, r.memory.largest_hole.count, r.swapped_in.count, r.events);
    for (const Bytes bytes : r.memory.peak_by_category) line += text(" {}", bytes.count);
    for (const JobResult& job : r.jobs) line += text(" {} {}", job.model, job.blocks.size());
    return line;
}

TEST(Determinism, TheSameRunTwice) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        for (const char* spec :
             {"direct", "load-all", "on-demand", "standard-swap", "swapnet", "demand-layering",
              "demand-layering:pipeline=async", "demand-layering:pipeline=sync",
              "pipeload:agents=3", "pipeswitch"}) {
            SCOPED_TRACE(text("seed {} {}", seed, spec));
            std::array<std::string, 2> logs, summaries;
            for (std::size_t i = 0; i < 2; ++i) {
                // Built anew: nothing may depend on addresses.
                const std::vector<ModelPtr> models{testing::random_model(seed),
                                                   testing::random_model(seed + 1000)};
                const Platform platform = testing::random_platform(seed, everything());
                Options options;
                options.mode = seed % 2 == 0 ? ArrivalMode::cold : ArrivalMode::stream;
                options.requests = 2;
                options.budget = Bytes{std::int64_t{1} << 36};
                const Simulation run =
                    simulate(platform, workload_of(models, options), spec, options);
                ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
                logs[i] = run.record.log();
                summaries[i] = summary_of(run.result);
            }
            EXPECT_EQ(logs[0], logs[1]);
            EXPECT_EQ(summaries[0], summaries[1]);
            EXPECT_FALSE(logs[0].empty());
        }
}

// Who listens does not change what happens, and what the budget does not bind does not matter.
TEST(Determinism, ObserversAndSpareBudgetChangeNothing) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const ModelPtr model = testing::random_model(seed);
        const Platform platform = testing::random_platform(seed, everything());
        Options options;
        options.budget = Bytes{std::int64_t{1} << 36};
        const Simulation heard = simulate(platform, model, "swapnet", options);
        options.budget = Bytes{std::int64_t{1} << 37};
        const Simulation richer = simulate(platform, model, "swapnet", options);
        EXPECT_EQ(heard.record.log(), richer.record.log());
    }
}

}  // namespace
}  // namespace swaplab
