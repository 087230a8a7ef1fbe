// Closed loops and runs until a given time: who sends when, and when it is over.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "policies/lanes/closed_loop.h"
#include "policies/registry.h"
#include "policies/run/arrivals.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

// What arrived and what ended, in order.
class Visits final : public Observer {
  public:
    Interests interests() const override { return {false, false, true}; }
    DeviceInterests device_interests() const override { return {}; }
    void on_arrival(const Arrival& arrival) override {
        arrivals.push_back(arrival);
        most_open = std::max(most_open, ++open);
    }
    void on_request_end(const RequestEnd& end) override {
        ends.push_back(end);
        --open;
    }
    std::vector<Arrival> arrivals;
    std::vector<RequestEnd> ends;
    std::int64_t open = 0, most_open = 0;
};

struct Visited {
    RunResult result;
    Visits visits;
};

Visited visit(const Platform& platform, const Workload& workload, const std::string& spec,
              std::optional<Bytes> budget) {
    Visited visited;
    const Policy policy = make_policy(spec, std::nullopt);
    RunRequest request{.platform = platform, .workload = workload, .budget = budget};
    request.device = &make_sim_device;
    request.observer = &visited.visits;
    visited.result = run(request, policy);
    return visited;
}

Workload closed(const ModelPtr& model, ClosedLoop loop, std::int64_t requests,
                std::optional<Time> until = {}) {
    Workload workload;
    Job& job = workload.jobs.emplace_back();
    job.model = model;
    job.mode = ArrivalMode::closed;
    job.loop = loop;
    job.requests = requests;
    job.until = until;
    return workload;
}

// Every client's next request comes exactly when its last has ended and it has thought; never are
// more open than there are clients; there are as many as were asked for.
TEST(ClosedLoops, ClientsWaitThinkAndSend) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        const ModelPtr model = random_model(seed);
        const Platform platform = random_platform(seed);
        const ClosedLoop loop{.clients = 1 + static_cast<std::int64_t>(seed % 5),
                              .offset = Duration{static_cast<std::int64_t>(seed) * 1000},
                              .think = Duration{static_cast<std::int64_t>(seed % 3) * 5'000'000},
                              .jitter = Duration{seed % 2 == 0 ? 0 : 3'000'000},
                              .seed = seed,
                              .stream = 0};
        for (const char* spec : {"direct", "on-demand", "load-all", "pipeload"}) {
            const Visits visits =
                visit(platform, closed(model, loop, 23), spec, Bytes{std::int64_t{1} << 36}).visits;
            ASSERT_EQ(std::ssize(visits.ends), 23) << spec;
            EXPECT_LE(visits.most_open, loop.clients) << spec;
            // By hand: clients with the number of what they sent, and when they send it.
            std::map<std::pair<Time, std::uint32_t>, std::uint32_t> due;
            for (std::uint32_t c = 0; c < std::min<std::int64_t>(loop.clients, 23); ++c)
                due[{kStart + loop.offset + jitter_of(loop, c, 0), c}] = 0;
            for (std::size_t r = 0; r < visits.arrivals.size(); ++r) {
                ASSERT_FALSE(due.empty());
                // Whoever sends next may depend on ends before then; all of these are known.
                const auto [at, client] = due.begin()->first;
                const std::uint32_t sent = due.begin()->second;
                due.erase(due.begin());
                ASSERT_EQ(visits.arrivals[r].at, at) << spec << " request " << r;
                const Time end = visits.ends[r].end + loop.think;
                due[{end + jitter_of(loop, client, sent + 1), client}] = sent + 1;
            }
        }
    }
}

// One client that does not think: a request after the other, so the makespan is the sum of the
// latencies. Little's law for N clients, R(N) + Z = N / X, holds up to the first and last requests.
TEST(ClosedLoops, LittlesLaw) {
    const ModelPtr model = random_model(7);
    const Platform platform = random_platform(7);
    const auto alone = visit(platform, closed(model, {}, 50), "direct", std::nullopt).result;
    Duration sum{};
    for (const Duration latency : alone.jobs[0].latencies) sum += latency;
    EXPECT_EQ(alone.makespan, sum);

    constexpr std::int64_t requests = 2000;
    for (const std::int64_t clients : {2, 5, 9}) {
        const Duration think = 3 * alone.latency.mean;
        const auto many = visit(platform,
                                closed(model, {.clients = clients, .think = think}, requests),
                                "direct", std::nullopt)
                              .result;
        const double throughput =
            static_cast<double>(requests) / static_cast<double>(count_ns(many.makespan));
        const double cycle = static_cast<double>(count_ns(many.latency.mean + think));
        EXPECT_NEAR(throughput * cycle / static_cast<double>(clients), 1, 0.01) << clients;
    }
}

// Nothing arrives at the end or later; what has arrived is served; without a limit the run goes on
// until then.
TEST(Durations, NothingArrivesAfterwards) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        const ModelPtr model = random_model(seed);
        const Platform platform = random_platform(seed);
        const std::optional<Bytes> budget{Bytes{std::int64_t{1} << 36}};
        Workload cold = closed(model, {}, 1);
        cold.jobs.front().mode = ArrivalMode::cold;
        const RunResult one = visit(platform, cold, "on-demand", budget).result;
        const Time until = kStart + 10 * one.makespan + Duration{1};
        for (const ArrivalMode mode : {ArrivalMode::cold, ArrivalMode::closed}) {
            Workload workload = closed(model, {.clients = 3}, Job::kAnyNumber, until);
            workload.jobs.front().mode = mode;
            const Visited visited = visit(platform, workload, "on-demand", budget);
            EXPECT_EQ(visited.result.verdict, Verdict::ok);
            EXPECT_EQ(visited.visits.open, 0);
            ASSERT_FALSE(visited.visits.arrivals.empty());
            for (const Arrival& arrival : visited.visits.arrivals) EXPECT_LT(arrival.at, until);
            EXPECT_GE(visited.visits.ends.back().end + one.latency.mean * 3, until);
            EXPECT_LE(visited.result.lower_bound, mode == ArrivalMode::cold
                                                      ? visited.result.latency.mean
                                                      : visited.result.makespan);
            EXPECT_GT(visited.result.slowdown(), 0.0);
        }
    }
}

// The same arrivals, one after the other of all jobs, whatever their modes.
TEST(Arrivals, ComeInOrderOfTimeRequestJob) {
    const ModelPtr model = random_model(1);
    Workload workload;
    for (int j = 0; j < 3; ++j) {
        Job& job = workload.jobs.emplace_back();
        job.model = model;
        job.mode = j == 1 ? ArrivalMode::stream : ArrivalMode::listed;
        job.requests = 3;
        for (const std::int64_t at : {0, 0, 7 - j}) job.arrivals.push_back(at_ns(at));
    }
    Arrivals arrivals(workload);
    std::vector<Arrival> taken;
    arrivals.take(kStart, taken);
    std::string order;
    for (const Arrival& arrival : taken)
        order += text("{}.{} ", arrival.request.index, arrival.job.index);
    EXPECT_EQ(order, "0.0 0.1 0.2 1.0 1.1 1.2 2.1 ");
    EXPECT_TRUE(arrivals.more());
    EXPECT_EQ(arrivals.next(), at_ns(5));
    arrivals.take(at_ns(7), taken);
    EXPECT_EQ(taken[7].job.index, 2U);
    EXPECT_EQ(taken[8].job.index, 0U);
    EXPECT_FALSE(arrivals.more());
    EXPECT_EQ(arrivals.arrived(), 9);
}

// A long stream is told of by parts; all of it has arrived at the start.
TEST(Arrivals, OfAStreamMoreFollowAsRequestsEnd) {
    Workload workload;
    Job& job = workload.jobs.emplace_back();
    job.model = random_model(1);
    job.mode = ArrivalMode::stream;
    job.requests = 3 * Arrivals::kMostAhead + 5;
    Arrivals arrivals(workload);
    std::vector<Arrival> taken;
    for (std::int64_t ended = 0; ended < job.requests; ++ended) {
        arrivals.take(at_ns(ended), taken);
        const std::int64_t ahead = std::ssize(taken) - ended;
        EXPECT_LE(ahead, Arrivals::kMostAhead);
        EXPECT_GE(ahead, std::min(job.requests - ended, Arrivals::kMostAhead / 2));
        EXPECT_EQ(arrivals.more(), std::ssize(taken) < job.requests);
        arrivals.end_streamed_request({0});
    }
    ASSERT_EQ(std::ssize(taken), job.requests);
    for (std::uint32_t r = 0; r < taken.size(); ++r) {
        EXPECT_EQ(taken[r].request.index, r);
        EXPECT_EQ(taken[r].at, kStart);
    }
}

}  // namespace
}  // namespace swaplab::testing
