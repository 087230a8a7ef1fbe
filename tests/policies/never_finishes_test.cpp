// Policies that do nothing, or the same for ever, end in a verdict that says who and why; and what
// a policy may do with alarms and by taking commands back.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/policies/scripted.h"

namespace swaplab {
namespace {

using testing::command;
using testing::once;
using testing::run_block;
using testing::run_script;
using testing::Scripted;

TEST(NeverFinishes, NeverSubmittingIsStuck) {
    const auto run = run_script([](const View&, Moves&, int) {}, "sleeper");
    EXPECT_EQ(run.result.verdict, Verdict::stuck);
    EXPECT_NE(run.result.reason.find("sleeper"), std::string::npos) << run.result.reason;
}

TEST(NeverFinishes, StoppingHalfWayIsStuck) {
    const auto run = run_script(once([](Moves& moves) { run_block(moves, 0); }), "quitter");
    EXPECT_EQ(run.result.verdict, Verdict::stuck);
    EXPECT_NE(run.result.reason.find("quitter"), std::string::npos) << run.result.reason;
}

// Room for one block, and the first is never released: the second waits for its place, and the
// verdict says so.
TEST(NeverFinishes, WaitingForAPlaceForeverNamesThePlace) {
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
TEST(NeverFinishes, StuckNamesEveryWaitingCommand) {
    const auto run = run_script(once([](Moves& moves) {
                                    moves.submit(command(Verb::read, 0));  // 0: fills the arena
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
TEST(NeverFinishes, AlarmsForeverNeverFinish) {
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
TEST(NeverFinishes, SwappingForeverNeverFinishes) {
    const std::string end = end_of(
        [](const View& view, Moves& moves, int call) {
            if (call > 0 &&
                (view.completions.empty() || view.completions.back().command.verb != Verb::release))
                return;
            const Ticket read = moves.submit(command(Verb::read, 0));
            const Ticket ready = moves.submit(command(Verb::assemble, 0, {read}));
            moves.submit(command(Verb::release, 0, {ready}));
        },
        "treadmill");
    EXPECT_NE(end.find("treadmill"), std::string::npos) << end;
}

// An alarm in the past is not an alarm.
TEST(NeverFinishes, AlarmsInThePastAreIllegal) {
    EXPECT_THROW(run_script(
                     [](const View& view, Moves& moves, int) {
                         Command alarm;
                         alarm.verb = Verb::wake_at;
                         alarm.lane = Lane::none;
                         alarm.at = view.now - nanoseconds(1);
                         moves.submit(alarm);
                     },
                     "nostalgic"),
                 PolicyError);
}

// An alarm rings at its time and in order; one in the past is illegal.
TEST(NeverFinishes, AlarmsRingInOrder) {
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

TEST(NeverFinishes, CancelTakesBackOnlyWhatHasNotStarted) {
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
