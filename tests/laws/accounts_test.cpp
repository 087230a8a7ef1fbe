// Accounts of requests against the page read literally: every request's time cut at every instant
// at which anything starts or ends, and each piece put where the first rule that holds puts it.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "experiments/explain/request_accounts.h"
#include "policies/registry.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

class Everything final : public Observer {
  public:
    Interests interests() const override { return {true, false, true}; }
    DeviceInterests device_interests() const override { return {}; }
    void on_span(const Completion& span) override { spans.push_back(span); }
    void on_request_end(const RequestEnd& end) override { ends.push_back(end); }
    std::vector<Completion> spans;
    std::vector<RequestEnd> ends;
};

class Both final : public Observer {
  public:
    Both(Observer& a, Observer& b) : a_(a), b_(b) {}
    Interests interests() const override { return a_.interests() | b_.interests(); }
    DeviceInterests device_interests() const override { return {}; }
    void on_start(const DeviceSetup& setup, const Workload& workload) override {
        a_.on_start(setup, workload);
    }
    void on_end() override { a_.on_end(); }
    void on_span(const Completion& span) override {
        a_.on_span(span);
        b_.on_span(span);
    }
    void on_decision(const Decision& decision) override { a_.on_decision(decision); }
    void on_arrival(const Arrival& arrival) override { a_.on_arrival(arrival); }
    void on_request_end(const RequestEnd& end) override {
        a_.on_request_end(end);
        b_.on_request_end(end);
    }

  private:
    Observer& a_;
    Observer& b_;
};

// Parts by name; of what blocked, by job, with the blocks.
struct Parts {
    std::map<std::string, Duration> own;
    std::map<std::uint32_t, Duration> blocked;
    std::map<std::uint32_t, std::set<std::uint32_t>> blocks;
};

Parts by_hand(const std::vector<Completion>& spans, const RequestEnd& request) {
    std::set<Time> cuts{request.arrival, request.end};
    std::vector<const Completion*> near;
    for (const Completion& span : spans) {
        if (span.command.lane == Lane::none || span.end <= request.arrival ||
            span.start >= request.end || span.start == span.end)
            continue;
        near.push_back(&span);
        for (const Time at : {span.start, span.end})
            if (at > request.arrival && at < request.end) cuts.insert(at);
    }
    Parts parts;
    for (auto from = cuts.begin(); std::next(from) != cuts.end(); ++from) {
        const Time to = *std::next(from);
        const Duration length = to - *from;
        const Completion* executes = nullptr;
        const Completion* oldest = nullptr;
        std::set<Verb> mine;
        for (const Completion* span : near) {
            if (span->start > *from || span->end < to) continue;
            const Action& of = span->command;
            if (of.verb == Verb::execute) {
                executes = span;
                continue;
            }
            if (of.job == request.job && of.request == request.request) mine.insert(of.verb);
            if (oldest == nullptr ||
                std::pair(span->start, span->ticket) < std::pair(oldest->start, oldest->ticket))
                oldest = span;
        }
        const auto block = [&](const Completion* by) {
            parts.blocked[by->command.job.index] += length;
            parts.blocks[by->command.job.index].insert(by->command.block.index);
        };
        if (executes != nullptr && executes->command.job == request.job &&
            executes->command.request == request.request)
            parts.own["compute"] += length;
        else if (executes != nullptr)
            block(executes);
        else if (!mine.empty())
            parts.own[std::string(name_of(*mine.begin()))] += length;
        else if (oldest != nullptr)
            block(oldest);
        else
            parts.own["other"] += length;
    }
    return parts;
}

Workload random_requests(std::uint64_t seed, std::mt19937_64& random) {
    Workload workload;
    ModelShape shape;
    shape.most_layers = 5;
    const std::uint64_t jobs = 1 + seed % 3;
    for (std::uint64_t j = 0; j < jobs; ++j) {
        Job& job = workload.jobs.emplace_back();
        job.model = random_model(seed * 10 + j, shape);
        job.weight = static_cast<double>(1 + random() % 3);
        job.requests = 6;
        job.deadline = Duration{static_cast<std::int64_t>(random() % 30'000'000 + 1)};
        job.mode = static_cast<ArrivalMode>(random() % 4);
        job.loop = {.clients = 2, .think = Duration{1'000'000}};
        std::int64_t at = 0;
        for (int r = 0; r < 6; ++r) {
            at += static_cast<std::int64_t>(random() % 8'000'000);
            job.arrivals.push_back(at_ns(at));
        }
    }
    return workload;
}

TEST(Accounts, EveryPieceIsWhereThePagePutsIt) {
    constexpr std::array policies{"direct",     "load-all", "on-demand",       "swapnet",
                                  "pipeswitch", "pipeload", "demand-layering:pipeline=async"};
    constexpr std::array dispatchers{"fcfs", "round-robin", "priority", "edf"};
    std::size_t compared = 0, blocked = 0, waited = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        std::mt19937_64 random(seed);
        const Workload workload = random_requests(seed, random);
        PlatformShape shape;
        shape.contention = shape.concurrency = seed % 2 == 0;
        const Platform platform = random_platform(seed, shape);
        const char* spec = policies[seed % policies.size()];
        Everything all;
        std::vector<RequestAccount> accounts;
        RequestAccounts observer([&](const RequestAccount& a) { accounts.push_back(a); });
        Both both(observer, all);
        RunRequest request{
            .platform = platform, .workload = workload, .budget = Bytes{std::int64_t{1} << 36}};
        request.device = &make_sim_device;
        request.observer = &both;
        request.dispatch = make_dispatch(dispatchers[seed % dispatchers.size()]);
        const RunResult result = run(request, make_policy(spec, std::nullopt));
        ASSERT_TRUE(result.ran()) << result.reason;
        ASSERT_EQ(accounts.size(), all.ends.size());
        for (const RequestAccount& account : accounts) {
            const auto end = std::ranges::find_if(all.ends, [&](const RequestEnd& e) {
                return e.job == account.job && e.request == account.request;
            });
            ASSERT_NE(end, all.ends.end());
            Parts parts = by_hand(all.spans, *end);
            EXPECT_EQ(account.compute, parts.own["compute"]);
            EXPECT_EQ(account.reads, parts.own["read"]);
            EXPECT_EQ(account.copies, parts.own["copy"]);
            EXPECT_EQ(account.assemblies, parts.own["assemble"]);
            EXPECT_EQ(account.other, parts.own["other"]);
            EXPECT_EQ(account.missed, end->missed);
            ASSERT_EQ(account.blocked.size(), parts.blocked.size());
            for (const Blocker& blocker : account.blocked) {
                EXPECT_EQ(blocker.time, parts.blocked[blocker.job.index]);
                const auto& blocks = parts.blocks[blocker.job.index];
                ASSERT_TRUE(blocker.blocks.has_value());
                EXPECT_EQ(blocker.blocks->first.index, *blocks.begin());
                EXPECT_EQ(blocker.blocks->second.index, *blocks.rbegin());
            }
            blocked += account.blocked.size();
            waited += account.other > Duration::zero();
            ++compared;
        }
    }
    EXPECT_GT(compared, 3000U);
    EXPECT_GT(blocked, 2000U);
    EXPECT_GT(waited, 100U);
}

}  // namespace
}  // namespace swaplab::testing
