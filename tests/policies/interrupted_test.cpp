// A run that somebody asks to end: it ends at the next instant, with what had ended until then.
#include <gtest/gtest.h>

#include <atomic>

#include "policies/registry.h"
#include "policies/run/runner.h"
#include "sim/sim_device.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::SpanRecorder;

// Asks for the end when it has seen so many spans; the device itself knows nothing of it.
class AsksForTheEnd final : public SpanRecorder {
  public:
    explicit AsksForTheEnd(std::size_t after) : after_(after) {}
    void on_span(const Completion& span) override {
        SpanRecorder::on_span(span);
        if (spans.size() == after_) stop.store(true);
    }
    std::atomic<bool> stop{false};

  private:
    std::size_t after_;
};

struct Setting {
    Platform platform = testing::random_platform(3);
    testing::Options options;
    Workload workload;
    Policy policy = make_policy("swapnet");

    explicit Setting(std::int64_t requests) {
        options.requests = requests;
        options.mode = ArrivalMode::stream;
        workload = testing::workload_of({testing::random_model(3)}, options);
    }
    RunRequest request(Observer* observer, const std::atomic<bool>* stop) const {
        RunRequest request{platform, workload, std::nullopt};
        request.budget = minimum_budget(request, policy);
        request.device = make_sim_device;
        request.observer = observer;
        request.stop = stop;
        return request;
    }
};

// After every span of the run: verdict, requests, latencies and decisions are those of the whole
// run up to there, and `direct` does not run.
TEST(Interrupted, IsThePartThatHadEnded) {
    const Setting setting(4);
    SpanRecorder whole;
    const RunResult complete = run(setting.request(&whole, nullptr), setting.policy);
    ASSERT_EQ(complete.verdict, Verdict::ok);
    ASSERT_EQ(complete.requests, 4);
    ASSERT_GT(whole.spans.size(), 20U);

    std::int64_t interrupted = 0;
    for (std::size_t after = 1; after <= whole.spans.size(); ++after) {
        AsksForTheEnd record(after);
        const RunResult part = run(setting.request(&record, &record.stop), setting.policy);
        const auto ended = static_cast<std::size_t>(part.requests);
        ASSERT_EQ(part.latency.count, part.requests);
        for (std::size_t r = 0; r < ended; ++r)
            EXPECT_EQ(part.jobs[0].latencies[r], complete.jobs[0].latencies[r]);
        ASSERT_LE(record.decisions.size(), whole.decisions.size());
        for (std::size_t d = 0; d < record.decisions.size(); ++d)
            EXPECT_EQ(record.decisions[d].at, whole.decisions[d].at);
        EXPECT_LE(part.memory.peak, complete.memory.peak);
        EXPECT_LE(part.makespan, complete.makespan);
        EXPECT_EQ(part.full_memory_latency, Duration::zero());
        if (part.requests == 4) {
            EXPECT_EQ(part.verdict, Verdict::ok) << after;
            continue;
        }
        ++interrupted;
        EXPECT_EQ(part.verdict, Verdict::interrupted) << after;
        EXPECT_EQ(part.lower_bound, Duration::zero()) << "of the makespan of requests not run";
        // The instant in which it was asked for is complete.
        EXPECT_GE(record.spans.size(), after);
        for (const Completion& span : record.spans)
            EXPECT_LE(span.end, whole.spans[after - 1].end) << after;
    }
    EXPECT_GT(interrupted, 20);
}

TEST(Interrupted, BeforeAnythingEnded) {
    const Setting setting(1);
    const std::atomic<bool> stop{true};
    const RunResult result = run(setting.request(nullptr, &stop), setting.policy);
    EXPECT_EQ(result.verdict, Verdict::interrupted);
    EXPECT_EQ(name_of(result.verdict), "interrupted");
    EXPECT_EQ(result.requests, 0);
    EXPECT_EQ(result.latency.count, 0);
    EXPECT_EQ(result.latency.max, Duration::zero());
    EXPECT_EQ(result.deadline_miss_ratio, 0);
}

// Replications that are complete count; the one that was interrupted does not change their figures.
TEST(Interrupted, OfReplicationsTheCompleteOnesCount) {
    Setting setting(2);
    setting.platform.nodes[0].noise.cv[static_cast<std::size_t>(Activity::read)] = 0.2;
    const auto request = [&](AsksForTheEnd& record, std::int64_t replications) {
        RunRequest asked = setting.request(&record, &record.stop);
        asked.noise = NoiseKey{7, 0};
        asked.replications = replications;
        asked.with_reference = false;
        return asked;
    };
    AsksForTheEnd never(0);
    const RunResult one = run(request(never, 1), setting.policy);
    // The observer sees the first replication only, whose last span asks for the end.
    AsksForTheEnd record(never.spans.size());
    const RunResult result = run(request(record, 5), setting.policy);
    EXPECT_EQ(result.verdict, Verdict::interrupted);
    EXPECT_EQ(result.replications.count, 1);
    EXPECT_EQ(result.latency.mean, one.latency.mean);
    EXPECT_EQ(result.requests, 2);
}

}  // namespace
}  // namespace swaplab
