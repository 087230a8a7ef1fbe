// Policies that break a rule are stopped and named; policies that do nothing end in a verdict.
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::simulate;
using testing::Simulation;

// Three layers of 10 bytes, the last one followed by one without parameters. Reading takes 10 ns,
// assembling 1, executing 20, releasing 2.
ModelPtr small_model() {
    ModelSpec spec;
    spec.name = "small";
    for (const std::int64_t bytes : {10, 10, 10, 0}) {
        Layer layer;
        layer.name = text("layer{}", spec.layers.size());
        if (!spec.layers.empty())
            layer.inputs = {LayerId{static_cast<std::uint32_t>(spec.layers.size() - 1)}};
        layer.parameter_bytes = {bytes};
        layer.parameter_tensors = bytes > 0 ? 1 : 0;
        layer.macs = 10;
        spec.layers.push_back(layer);
    }
    return std::make_shared<const Model>(spec);
}

Platform small_platform() {
    Platform platform;
    platform.name = "plain";
    platform.nodes.resize(1);
    Node& node = platform.nodes[0];
    node.memory.capacity = {1 << 20};
    node.read.cost.per_byte = 1;
    node.assemble.per_tensor = 1;
    node.execute.other.per_flop = 1;
    node.release.per_tensor = 2;
    return platform;
}

Deployment small_deployment(const Model& model, Bytes arena = {100}) {
    Deployment deployment;
    JobPlan plan;
    plan.blocks = unit_blocks(model);
    plan.arena = {ArenaKind::counter, arena, 0};
    deployment.jobs.push_back(plan);
    return deployment;
}

Command command(Verb verb, std::uint32_t block, After after = {}, std::uint32_t request = 0) {
    Command c;
    c.verb = verb;
    c.lane = lane_of(verb);
    c.block = {block};
    c.request = {request};
    c.after = after;
    return c;
}

// Calls `decide` of the test; counts the calls.
class Scripted : public Scheduler {
  public:
    using Script = std::function<void(const View&, Moves&, int call)>;
    explicit Scripted(Script script) : script_(std::move(script)) {}
    void decide(const View& view, Moves& moves) override { script_(view, moves, calls_++); }

  private:
    Script script_;
    int calls_ = 0;
};

// Swap in, execute and release one block; returns the ticket of the execution.
Ticket run_block(Moves& moves, std::uint32_t block, After before = {}, std::uint32_t request = 0) {
    const Ticket read = moves.submit(command(Verb::read, block, before, request));
    const Ticket ready = moves.submit(command(Verb::assemble, block, {read}, request));
    const Ticket executed = moves.submit(command(Verb::execute, block, {ready}, request));
    moves.submit(command(Verb::release, block, {executed}, request));
    return executed;
}

struct Case {
    std::string name;
    Scripted::Script script;
    std::vector<std::string> says = {};  // what the message contains besides the policy's name
    Bytes arena{100};
    std::int64_t budget = 100;
};

Simulation run_script(Scripted::Script script, const std::string& name, Bytes arena = {100},
                      std::int64_t budget = 100, std::int64_t requests = 1,
                      ArrivalMode mode = ArrivalMode::cold) {
    const ModelPtr model = small_model();
    Options options;
    options.budget = Bytes{budget};
    options.account = Account::parameters;
    options.requests = requests;
    options.mode = mode;
    Scripted scheduler(std::move(script));
    return simulate(small_platform(), workload_of({model}, options),
                    small_deployment(*model, arena), scheduler, options, name);
}

// The first call submits; later calls do nothing.
Scripted::Script once(std::function<void(Moves&)> body) {
    return [body = std::move(body)](const View&, Moves& moves, int call) {
        if (call == 0) body(moves);
    };
}

TEST(Misbehaving, AnHonestScriptRuns) {
    const auto run = run_script(once([](Moves& moves) {
                                    run_block(moves, 0);
                                    run_block(moves, 1);
                                    const Ticket last = run_block(moves, 2);
                                    moves.submit(command(Verb::execute, 3, {last}));
                                }),
                                "honest");
    EXPECT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    // Reads 0-10-20-30, assembled one later each; executions 11-31-51-71-91.
    EXPECT_EQ(run.result.makespan, nanoseconds(91));
}

std::vector<Case> illegal_cases() {
    std::vector<Case> cases;
    const auto add = [&](std::string name, std::function<void(Moves&)> body,
                         std::vector<std::string> says = {}) -> Case& {
        cases.push_back({std::move(name), once(std::move(body)), std::move(says)});
        return cases.back();
    };
    add("over-budget",
        [](Moves& m) {
            run_block(m, 0);
            run_block(m, 1);
        },
        {"budget", "15"})
        .budget = 15;
    add("unassembled", [](Moves& m) { m.submit(command(Verb::execute, 0)); }, {"block 0"});
    add("only-read",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            m.submit(command(Verb::execute, 0, {read}));
        },
        {"block 0"});
    add("out-of-order",
        [](Moves& m) {
            run_block(m, 1);
            run_block(m, 0);
        },
        {"block 1"});
    add("skips-a-block",
        [](Moves& m) {
            run_block(m, 0);
            run_block(m, 2);
        },
        {"block 2"});
    add("executes-twice",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            const Ticket ready = m.submit(command(Verb::assemble, 0, {read}));
            const Ticket executed = m.submit(command(Verb::execute, 0, {ready}));
            m.submit(command(Verb::execute, 0, {executed}));
        },
        {"block 0"});
    add("pulls-the-rug",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            const Ticket ready = m.submit(command(Verb::assemble, 0, {read}));
            m.submit(command(Verb::execute, 0, {ready}));
            m.submit(command(Verb::release, 0, {ready}));
        },
        {"block 0"});
    add("releases-nothing", [](Moves& m) { m.submit(command(Verb::release, 1)); }, {"block 1"});
    add("releases-twice",
        [](Moves& m) {
            const Ticket executed = run_block(m, 0);
            m.submit(command(Verb::release, 0, {executed}));
        },
        {"block 0"});
    add("reads-twice",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            m.submit(command(Verb::read, 0, {read}));
        },
        {"block 0"});
    add("assembles-nothing", [](Moves& m) { m.submit(command(Verb::assemble, 0)); }, {"block 0"});
    add("assembles-twice",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            const Ticket ready = m.submit(command(Verb::assemble, 0, {read}));
            m.submit(command(Verb::assemble, 0, {ready}));
        },
        {"block 0"});
    add("copies-on-zero-copy",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            m.submit(command(Verb::copy, 0, {read}));
        },
        {"block 0"});
    add("reads-no-parameters", [](Moves& m) { m.submit(command(Verb::read, 3)); }, {"block 3"});
    add("unknown-block", [](Moves& m) { m.submit(command(Verb::read, 99)); }, {"99"});
    add("unknown-job",
        [](Moves& m) {
            Command c = command(Verb::read, 0);
            c.job = {7};
            m.submit(c);
        },
        {"7"});
    add("unknown-node",
        [](Moves& m) {
            Command c = command(Verb::read, 0);
            c.node = {5};
            m.submit(c);
        },
        {"5"});
    add("unknown-lane",
        [](Moves& m) {
            Command c = command(Verb::read, 0);
            c.lane = static_cast<Lane>(9);
            m.submit(c);
        },
        {"lane"});
    add("wrong-lane",
        [](Moves& m) {
            Command c = command(Verb::read, 0);
            c.lane = Lane::compute;
            m.submit(c);
        },
        {"lane"});
    add("unknown-ticket", [](Moves& m) { m.submit(command(Verb::read, 0, {Ticket{1000}})); },
        {"1000"});
    add("waits-for-itself", [](Moves& m) { m.submit(command(Verb::read, 0, {Ticket{0}})); }, {"0"});
    add("request-of-the-future", [](Moves& m) { m.submit(command(Verb::read, 0, {}, 3)); }, {"3"});
    add("too-large", [](Moves& m) { m.submit(command(Verb::read, 0)); }, {"block 0"}).arena = {5};
    return cases;
}

TEST(Misbehaving, IllegalMovesAreStoppedAndNamed) {
    for (const Case& c : illegal_cases()) {
        SCOPED_TRACE(c.name);
        try {
            const auto run = run_script(c.script, c.name, c.arena, c.budget);
            ADD_FAILURE() << "verdict " << name_of(run.result.verdict) << " " << run.result.reason;
        } catch (const PolicyError& error) {
            const std::string message = error.what();
            const std::string named = "policy " + c.name + ": ";
            EXPECT_EQ(message.rfind(named, 0), 0U) << "does not begin with the name: " << message;
            for (const std::string& part : c.says)
                EXPECT_NE(message.find(part, named.size()), std::string::npos)
                    << "no '" << part << "' in: " << message;
        }
    }
}

// The second request of a cold job has not arrived while the first runs, whoever asks for it.
TEST(Misbehaving, ARequestThatHasNotArrivedIsUnknown) {
    EXPECT_THROW(run_script(once([](Moves& moves) {
                                run_block(moves, 0);
                                moves.submit(command(Verb::read, 1, {}, 1));
                            }),
                            "impatient", {100}, 100, 2),
                 PolicyError);
}

TEST(Misbehaving, NeverSubmittingIsStuck) {
    const auto run = run_script([](const View&, Moves&, int) {}, "sleeper");
    EXPECT_EQ(run.result.verdict, Verdict::stuck);
    EXPECT_NE(run.result.reason.find("sleeper"), std::string::npos) << run.result.reason;
}

TEST(Misbehaving, StoppingHalfWayIsStuck) {
    const auto run = run_script(once([](Moves& moves) { run_block(moves, 0); }), "quitter");
    EXPECT_EQ(run.result.verdict, Verdict::stuck);
    EXPECT_NE(run.result.reason.find("quitter"), std::string::npos) << run.result.reason;
}

// Room for one block, and the first is never released: the second waits for its place, and the
// verdict says so.
TEST(Misbehaving, WaitingForAPlaceForeverNamesThePlace) {
    const auto run = run_script(once([](Moves& moves) {
                                    const Ticket read = moves.submit(command(Verb::read, 0));
                                    const Ticket ready =
                                        moves.submit(command(Verb::assemble, 0, {read}));
                                    moves.submit(command(Verb::execute, 0, {ready}));
                                    run_block(moves, 1);
                                }),
                                "hoarder", {15});
    EXPECT_EQ(run.result.verdict, Verdict::stuck);
    EXPECT_EQ(run.result.policy, "hoarder");
    for (const char* part : {"block 1", "place", "10"})
        EXPECT_NE(run.result.reason.find(part), std::string::npos)
            << "no '" << part << "' in: " << run.result.reason;
}

// Every command that waits is named, with the ticket that it waits for.
TEST(Misbehaving, StuckNamesEveryWaitingCommand) {
    const auto run = run_script(once([](Moves& moves) {
                                    moves.submit(command(Verb::read, 0));    // 0: fills the arena
                                    const Ticket blocked = moves.submit(command(Verb::read, 1));
                                    const Ticket ready =
                                        moves.submit(command(Verb::assemble, 1, {blocked}));
                                    static_cast<void>(ready);
                                }),
                                "hoarder", {10});
    EXPECT_EQ(run.result.verdict, Verdict::stuck);
    EXPECT_NE(run.result.reason.find("read"), std::string::npos) << run.result.reason;
    EXPECT_NE(run.result.reason.find("assemble"), std::string::npos) << run.result.reason;
    EXPECT_NE(run.result.reason.find("ticket 1"), std::string::npos) << run.result.reason;
}

// How a run ended that should not go on: the verdict's reason or the error's message. A script that
// is still asked after so many calls was not caught.
constexpr int kPatience = 1'500'000;

std::string end_of(const Scripted::Script& script, const std::string& name) {
    try {
        const auto run = run_script(
            [&](const View& view, Moves& moves, int call) {
                if (call == kPatience) throw std::runtime_error("nobody stopped it");
                script(view, moves, call);
            },
            name);
        EXPECT_EQ(run.result.verdict, Verdict::stuck);
        return run.result.reason;
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

// Alarms without end are no work: the run ends, and says who did not finish.
TEST(Misbehaving, AlarmsForeverNeverFinish) {
    for (const std::int64_t gap : {0, 1000000}) {
        if (SWAPLAB_SANITIZED && gap == 0) continue;  // two seconds each
        const std::string end = end_of(
            [gap](const View& view, Moves& moves, int) {
                Command alarm;
                alarm.verb = Verb::wake_at;
                alarm.lane = Lane::none;
                alarm.at = view.now + nanoseconds(gap);
                moves.submit(alarm);
            },
            "snoozer");
        EXPECT_NE(end.find("snoozer"), std::string::npos) << gap << ": " << end;
    }
}

// Nor is moving the same block in and out.
TEST(Misbehaving, SwappingForeverNeverFinishes) {
    const std::string end = end_of(
        [](const View& view, Moves& moves, int call) {
            if (call > 0 && (view.completions.empty() ||
                             view.completions.back().command.verb != Verb::release))
                return;
            const Ticket read = moves.submit(command(Verb::read, 0));
            const Ticket ready = moves.submit(command(Verb::assemble, 0, {read}));
            moves.submit(command(Verb::release, 0, {ready}));
        },
        "treadmill");
    EXPECT_NE(end.find("treadmill"), std::string::npos) << end;
}

// An alarm rings at its time and in order; one in the past is illegal.
TEST(Misbehaving, AlarmsRingInOrder) {
    std::vector<std::int64_t> woken;
    const auto run = run_script(
        [&](const View& view, Moves& moves, int call) {
            for (const Completion& done : view.completions)
                if (done.command.verb == Verb::wake_at) woken.push_back(count_ns(view.now));
            if (call == 0)
                for (const std::int64_t at : {300, 100, 200}) {
                    Command alarm;
                    alarm.verb = Verb::wake_at;
                    alarm.lane = Lane::none;
                    alarm.at = at_ns(at);
                    moves.submit(alarm);
                }
            if (woken.size() == 3 && count_ns(view.now) == 300) {
                run_block(moves, 0);
                run_block(moves, 1);
                const Ticket last = run_block(moves, 2);
                moves.submit(command(Verb::execute, 3, {last}));
            }
        },
        "alarmed");
    EXPECT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    EXPECT_EQ(woken, (std::vector<std::int64_t>{100, 200, 300}));
    EXPECT_EQ(run.result.makespan, nanoseconds(391));
}

TEST(Misbehaving, CancelTakesBackOnlyWhatHasNotStarted) {
    bool running = true, waiting = false;
    const auto run = run_script(
        [&](const View&, Moves& moves, int call) {
            if (call == 0) {
                run_block(moves, 0);
                run_block(moves, 1);
            }
            if (call == 1) {  // the first read has ended, the second (ticket 4) runs
                running = moves.cancel(Ticket{4});
                const Ticket extra = moves.submit(command(Verb::read, 2));
                waiting = moves.cancel(extra);
                const Ticket last = run_block(moves, 2);
                moves.submit(command(Verb::execute, 3, {last}));
            }
        },
        "regretful");
    EXPECT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    EXPECT_FALSE(running);
    EXPECT_TRUE(waiting);
    EXPECT_EQ(run.result.makespan, nanoseconds(91));
}

}  // namespace
}  // namespace swaplab
