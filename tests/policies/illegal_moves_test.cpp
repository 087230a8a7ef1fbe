// Policies that break a rule are stopped and named.
#include <gtest/gtest.h>

#include <array>

#include "tests/policies/scripted.h"

namespace swaplab {
namespace {

using testing::command;
using testing::once;
using testing::run_block;
using testing::run_script;
using testing::Scripted;

struct Case {
    std::string name;
    Scripted::Script script;
    std::vector<std::string> says = {};  // what the message contains besides the policy's name
    Bytes arena{100};
    std::int64_t budget = 100;
    SwapPath path = SwapPath::zero_copy;
};

Command copy_of(std::uint32_t block, After after, std::uint8_t which = 0) {
    Command c = command(Verb::copy, block, after);
    c.copy = which;
    return c;
}

TEST(IllegalMoves, AnHonestScriptRuns) {
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
        {"block 0", "resident already"});
    add("assembles-nothing", [](Moves& m) { m.submit(command(Verb::assemble, 0)); }, {"block 0"});
    add("assembles-twice",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            const Ticket ready = m.submit(command(Verb::assemble, 0, {read}));
            m.submit(command(Verb::assemble, 0, {ready}));
        },
        {"block 0"});
    // Submitted in the right order, but started without waiting for what it needs.
    add("races-the-assembly",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            m.submit(command(Verb::assemble, 0, {read}));
            m.submit(command(Verb::execute, 0));
        },
        {"block 0"});
    add("races-the-read",
        [](Moves& m) {
            m.submit(command(Verb::read, 0));
            m.submit(command(Verb::assemble, 0));
        },
        {"block 0"});
    add("races-the-execution",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            const Ticket ready = m.submit(command(Verb::assemble, 0, {read}));
            m.submit(command(Verb::execute, 0, {ready}));
            m.submit(command(Verb::release, 0, {ready}));
            m.submit(command(Verb::read, 1, {ready}));
        },
        {"block 0"});
    add("races-the-release",
        [](Moves& m) {
            const Ticket executed = run_block(m, 0);
            m.submit(command(Verb::read, 0, {executed}));
        },
        {"block 0"});
    add("executes-what-is-gone",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            const Ticket ready = m.submit(command(Verb::assemble, 0, {read}));
            const Ticket gone = m.submit(command(Verb::release, 0, {ready}));
            m.submit(command(Verb::execute, 0, {gone}));
        },
        {"block 0"});
    add("copies-on-zero-copy",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            m.submit(command(Verb::copy, 0, {read}));
        },
        {"block 0",
         "it is not the next step of its swap-in (read, assemble), of which 1 are done"});
    add("reads-no-parameters", [](Moves& m) { m.submit(command(Verb::read, 3)); },
        {"block 3", "nothing to swap"});
    add("releases-a-copy",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            Command release = command(Verb::release, 0, {read});
            release.copy = 1;
            m.submit(release);
        },
        {"block 0", "copy 1"});
    add("skips-the-copy",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            m.submit(command(Verb::assemble, 0, {read}));
        },
        {"block 0", "(read, copy, assemble), of which 1 are done: assemble"})
        .path = SwapPath::staged;
    add("copies-the-wrong-copy",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            m.submit(copy_of(0, {read}, 1));
        },
        {"block 0", "(read, copy, assemble), of which 1 are done: copy 1"})
        .path = SwapPath::staged;
    add("copies-twice",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            const Ticket copied = m.submit(copy_of(0, {read}));
            m.submit(copy_of(0, {copied}));
        },
        {"block 0", "of which 2 are done: copy"})
        .path = SwapPath::staged;
    add("races-the-copy",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            m.submit(copy_of(0, {read}));
            m.submit(command(Verb::assemble, 0, {read}));
        },
        {"block 0", "before the step of the swap-in"})
        .path = SwapPath::staged;
    add("assembles-before-the-last-copy",
        [](Moves& m) {
            const Ticket read = m.submit(command(Verb::read, 0));
            m.submit(copy_of(0, {read}, 1));
        },
        {"block 0", "it is not the next step"})
        .path = SwapPath::standard;
    // Taking back what a later command stands behind.
    for (const std::size_t behind : {std::size_t{0}, std::size_t{1}, std::size_t{2}})
        add(text("takes-back-step-{}", behind),
            [behind](Moves& m) {
                constexpr std::array verbs{Verb::read, Verb::assemble, Verb::release, Verb::read};
                std::vector<Ticket> tickets;
                After after;
                for (std::size_t i = 0; i < behind + 2; ++i) {
                    tickets.push_back(m.submit(command(verbs[i], 0, after)));
                    after = {tickets.back()};
                }
                m.cancel(tickets[behind]);
            },
            {"block 0", "it is taken back although a later command stands behind it"});
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

TEST(IllegalMoves, AreStoppedAndNamed) {
    for (const Case& c : illegal_cases()) {
        SCOPED_TRACE(c.name);
        try {
            const auto run =
                run_script(c.script, c.name, c.arena, c.budget, 1, ArrivalMode::cold, c.path);
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
TEST(IllegalMoves, ARequestThatHasNotArrivedIsUnknown) {
    EXPECT_THROW(run_script(once([](Moves& moves) {
                                run_block(moves, 0);
                                moves.submit(command(Verb::read, 1, {}, 1));
                            }),
                            "impatient", {100}, 100, 2),
                 PolicyError);
}

}  // namespace
}  // namespace swaplab
