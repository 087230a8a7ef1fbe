// A long stream is told of by parts (`Arrivals`): to no policy that makes a difference.
#include <gtest/gtest.h>

#include "policies/run/arrivals.h"
#include "tests/support/every_policy.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::Options;
using testing::simulate;

// The same requests, listed: all are told of at the start. Latencies count from elsewhere.
Workload listed(Workload workload) {
    for (Job& job : workload.jobs) {
        job.mode = ArrivalMode::listed;
        for (std::int64_t r = 0; r < job.requests; ++r) job.arrivals.push_back(kStart);
    }
    return workload;
}

void expect_same(const RunResult& stream, const RunResult& all_at_once) {
    ASSERT_EQ(stream.verdict, Verdict::ok) << stream.reason;
    for (std::size_t j = 0; j < stream.jobs.size(); ++j)
        EXPECT_EQ(stream.jobs[j].turns, all_at_once.jobs[j].turns);
    EXPECT_EQ(stream.makespan, all_at_once.makespan);
    EXPECT_EQ(stream.stalls.sum(), all_at_once.stalls.sum());
    EXPECT_EQ(stream.memory.peak, all_at_once.memory.peak);
    EXPECT_EQ(stream.swapped_in, all_at_once.swapped_in);
    EXPECT_EQ(stream.events, all_at_once.events);
}

TEST(LongStreams, AreAsIfAllWereToldOfAtTheStart) {
    std::uint64_t seed = 0;
    for (const std::string& policy : testing::every_policy()) {
        SCOPED_TRACE(text("{}, seed {}", policy, ++seed));
        testing::ModelShape shape;
        shape.most_layers = 4;
        const ModelPtr model = testing::random_model(seed, shape);
        const Platform platform = testing::random_platform(seed);
        for (const char* dispatch : {"fcfs", "round-robin"}) {
            SCOPED_TRACE(dispatch);
            Options options;
            options.mode = ArrivalMode::stream;
            options.requests = Arrivals::kMostAhead + 500;
            options.dispatch = dispatch;
            const std::vector<ModelPtr> models(seed % 2 + 1, model);
            const Workload stream = workload_of(models, options);
            if (const auto least = testing::minimum_of(platform, model, policy, options))
                options.budget = 4 * *least + Bytes{1};
            expect_same(simulate(platform, stream, policy, options).result,
                        simulate(platform, listed(stream), policy, options).result);
        }
    }
}

}  // namespace
}  // namespace swaplab::laws
