// The oracle boundary: policies see the past and the present. A scheduler that peeks is named.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "policies/registry.h"
#include "tests/support/audit.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"

namespace swaplab {
namespace {

using testing::audit_foresight;
using testing::Options;
using testing::SchedulerMaker;

ModelPtr chain(std::size_t layers) {
    ModelSpec spec;
    spec.name = "chain";
    for (std::size_t i = 0; i < layers; ++i) {
        Layer layer;
        layer.name = text("layer{}", i);
        if (i > 0) layer.inputs = {LayerId{static_cast<std::uint32_t>(i - 1)}};
        layer.parameter_bytes = {10};
        layer.parameter_tensors = 1;
        layer.macs = 10;
        spec.layers.push_back(layer);
    }
    return std::make_shared<const Model>(spec);
}

Platform plain() {
    Platform platform;
    platform.name = "plain";
    platform.nodes.resize(1);
    platform.nodes[0].memory.capacity = {1 << 20};
    platform.nodes[0].read.cost.per_byte = 1;
    platform.nodes[0].execute.other.per_flop = 1;
    return platform;
}

Workload listed(const ModelPtr& model, std::vector<std::int64_t> arrivals) {
    Workload workload;
    Job job;
    job.model = model;
    job.mode = ArrivalMode::listed;
    job.requests = static_cast<std::int64_t>(arrivals.size());
    for (const std::int64_t at : arrivals) job.arrivals.push_back(at_ns(at));
    workload.jobs.push_back(job);
    return workload;
}

// One block: reads it for every request, but keeps it when it knows that the next comes soon.
class Prophet : public Scheduler {
  public:
    // `future` null: honest, never keeps anything.
    explicit Prophet(const Workload* future) : future_(future) {}

    void decide(const View& view, Moves& moves) override {
        for (const Arrival& arrival : view.arrivals) serve(view, moves, arrival.request);
    }

  private:
    static Command command(Verb verb, RequestId request, After after) {
        Command c;
        c.verb = verb;
        c.lane = lane_of(verb);
        c.request = request;
        c.after = after;
        return c;
    }
    void serve(const View& view, Moves& moves, RequestId request) {
        After ready = last_;
        if (!resident_) {
            const Ticket read = moves.submit(command(Verb::read, request, last_));
            ready.add(moves.submit(command(Verb::assemble, request, {read})));
        }
        const Ticket executed = moves.submit(command(Verb::execute, request, ready));
        resident_ = next_is_soon(view.now, request);
        last_ = {executed};
        if (!resident_) last_ = {moves.submit(command(Verb::release, request, {executed}))};
    }
    bool next_is_soon(Time now, RequestId request) const {
        if (future_ == nullptr) return false;
        const auto& arrivals = future_->jobs[{0}].arrivals;
        return request.index + 1 < arrivals.size() &&
               arrivals[{request.index + 1}] - now < nanoseconds(200);
    }

    const Workload* future_;
    bool resident_ = false;
    After last_;
};

Deployment one_block(const Model& model) {
    Deployment deployment;
    JobPlan plan({}, SwapPath::zero_copy, {model.whole()});
    plan.at_start().arena = {ArenaKind::counter, Bytes{1000}, 0};
    deployment.jobs.push_back(plan);
    return deployment;
}

std::string audit(const SchedulerMaker& make, const std::string& name) {
    const ModelPtr model = chain(1);
    Options options;
    options.budget = Bytes{1000};
    return audit_foresight(name, make, plain(), one_block(*model), listed(model, {0, 150}),
                           listed(model, {0, 900}), at_ns(150), options);
}

TEST(Foresight, AProphetIsNamed) {
    const std::string verdict =
        audit([](const Workload& workload,
                 const SchedulerSetup&) { return std::make_unique<Prophet>(&workload); },
              "prophet");
    EXPECT_EQ(verdict.rfind("prophet knew the future", 0), 0U) << verdict;
    EXPECT_NE(verdict.find("at 0 ns"), std::string::npos) << verdict;
}

TEST(Foresight, AnHonestSchedulerIsNot) {
    EXPECT_EQ(audit([](const Workload&,
                       const SchedulerSetup&) { return std::make_unique<Prophet>(nullptr); },
                    "honest"),
              "");
}

// Every policy of the registry decides the same before the workloads differ, whatever comes later:
// when the next request arrives, and how many do.
TEST(Foresight, NoPolicyOfTheRegistryPeeks) {
    constexpr std::int64_t differ_at = 4'000'000;
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        testing::ModelShape shape;
        shape.most_layers = 6;
        const ModelPtr model = testing::random_model(seed, shape);
        const Platform platform = testing::random_platform(seed);
        for (const char* spec :
             {"direct", "load-all", "on-demand", "standard-swap", "swapnet", "demand-layering",
              "demand-layering:pipeline=async", "demand-layering:pipeline=sync",
              "demand-layering:pipeline=sequential", "pipeload", "pipeswitch"}) {
            Options options;
            options.budget = Bytes{std::int64_t{1} << 36};
            const PlanOutcome outcome = testing::plan_of(platform, model, spec, options);
            ASSERT_TRUE(std::holds_alternative<Deployment>(outcome));
            const Policy policy = make_policy(spec);
            const SchedulerMaker make = [&](const Workload&, const SchedulerSetup& setup) {
                return policy.make_scheduler(setup);
            };
            const Workload one = listed(model, {0, 0, differ_at, 3 * differ_at});
            for (const Workload& other :
                 {listed(model, {0, 0, 2 * differ_at}), listed(model, {0, 0})})
                EXPECT_EQ(audit_foresight(spec, make, platform, std::get<Deployment>(outcome), one,
                                          other, at_ns(differ_at), options),
                          "")
                    << "seed " << seed;
        }
    }
}

// Two jobs with random requests, under every dispatcher, kept blocks among them: from some instant
// on all that comes is something else, and nothing before it is.
TEST(Foresight, PerturbingTheFutureChangesNoDecision) {
    constexpr std::array dispatchers{"fcfs", "round-robin", "priority", "edf"};
    std::size_t audited = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        std::mt19937_64 random(seed);
        testing::ModelShape shape;
        shape.most_layers = 5;
        const Platform platform = testing::random_platform(seed);
        std::array<Workload, 2> both;
        const Time differ_at = at_ns(static_cast<std::int64_t>(10'000'000 + random() % 20'000'000));
        for (std::uint64_t j = 0; j < 2; ++j) {
            const ModelPtr model = testing::random_model(2 * seed + j, shape);
            std::vector<std::int64_t> common, one, other;
            std::int64_t at = 0;
            while (at < count_ns(differ_at)) {
                common.push_back(at);
                at += static_cast<std::int64_t>(random() % 9'000'000);
            }
            for (std::vector<std::int64_t>* later : {&one, &other}) {
                *later = common;
                std::int64_t next = count_ns(differ_at);
                for (std::uint64_t n = random() % 6; n > 0; --n) {
                    next += static_cast<std::int64_t>(random() % 9'000'000);
                    later->push_back(next);
                }
            }
            both[0].jobs.push_back(listed(model, one).jobs.front());
            both[1].jobs.push_back(listed(model, other).jobs.front());
        }
        for (const char* spec : {"on-demand:keep=auto", "swapnet:keep=auto", "pipeload",
                                 "demand-layering:keep=auto", "load-all", "pipeswitch"}) {
            Options options;
            options.budget = Bytes{std::int64_t{1} << 36};
            options.dispatch = dispatchers[seed % dispatchers.size()];
            const PlanOutcome outcome = testing::plan_of(platform, both[0], spec, options);
            ASSERT_TRUE(std::holds_alternative<Deployment>(outcome));
            const Policy policy = make_policy(spec);
            const SchedulerMaker make = [&](const Workload&, SchedulerSetup setup) {
                setup.dispatch = make_dispatch(options.dispatch);
                return policy.make_scheduler(setup);
            };
            EXPECT_EQ(audit_foresight(spec, make, platform, std::get<Deployment>(outcome), both[0],
                                      both[1], differ_at, options),
                      "");
            ++audited;
        }
    }
    EXPECT_EQ(audited, 360U);
}

}  // namespace
}  // namespace swaplab
