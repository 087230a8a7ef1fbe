// A recorded run replays through its policy without a difference; a log with one change does not.
#include "experiments/replay/replay.h"

#include <gtest/gtest.h>

#include <functional>
#include <regex>
#include <sstream>

#include "experiments/replay/decision_log.h"
#include "policies/registry.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "tests/experiments/fixtures.h"
#include "tests/support/every_policy.h"

namespace swaplab {
namespace {

using testing::cli;
using testing::CliResult;
using testing::read_file;
using testing::TemporaryFolder;
using testing::write_file;
using Arguments = std::vector<std::string>;
using Lines = std::vector<std::string>;

// Six layers of different sizes and work, one of them without parameters.
std::string model_text(const std::string& name, const std::string& more = "") {
    std::string layers;
    for (int i = 0; i < 6; ++i)
        layers += text(R"({}{{"name": "l{}", "op": "linear", "parameter_bytes": {}, )"
                       R"("parameter_tensors": {}, "macs": {}, "output_bytes": {}}})",
                       i == 0 ? "" : ", ", i, i == 3 ? 0 : 1000 * (i + 2), i == 3 ? 0 : 2,
                       40000 - 3000 * i, 64 * (i + 1));
    return text(R"({{"schema": "swaplab/model/1", "name": "{}", "input_bytes": 64{}, )"
                R"("layers": [{}]}})",
                name, more, layers);
}

// Releases cost nothing: each ends together with its execution.
constexpr const char* kDevice = R"({"schema": "swaplab/device/1", "name": "board", "compute": "cpu",
 "memory": {"capacity_bytes": 1073741824, "unified": true},
 "read": {"ns_per_byte": 10.5, "ns_per_request": 800, "concurrency": [1.0, 1.6]},
 "copy": {"ns_per_byte": 1.0}, "assemble": {"ns_per_tensor": 200},
 "execute": {"*": {"ns_per_flop": 0.5, "ns_per_layer": 100}},
 "contention": {"execute": {"read": 1.05}}, "noise": {"read_cv": 0.1, "execute_cv": 0.1},
 "modes": [{"name": "SLOW", "execute_scale": 1.5, "read_scale": 1.2, "switch_ns": 700}]})";

// A folder with a device and three models, and runs that leave a decision log in it.
class Recorded {
  public:
    Recorded() {
        write_file(folder.file("board.json"), kDevice);
        write_file(folder.file("one.json"), model_text("one"));
        write_file(folder.file("two.json"), model_text("two"));
        write_file(folder.file("talks.json"), model_text("talks", R"(, "tokens": 3)"));
        write_file(folder.file("budgets.csv"),
                   "time_ns,budget_bytes\n300000,60000\n900000,500000\n");
        write_file(folder.file("modes.csv"), "time_ns,mode\n0,SLOW\n300000,\n400001,SLOW\n");
    }
    CliResult run(const std::string& policy, const Arguments& more) const {
        Arguments arguments{"run",         "-d", folder.file("board.json"), "-p", policy,
                            "--decisions", log()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return cli(arguments);
    }
    std::string model(const std::string& name) const { return folder.file(name + ".json"); }
    std::string log() const { return folder.file("log.jsonl"); }
    Lines lines() const {
        std::istringstream stream(read_file(log()));
        Lines all;
        for (std::string line; std::getline(stream, line);) all.push_back(line);
        return all;
    }
    ReplayOutcome replay_of(const Lines& all) const {
        std::string content;
        for (const std::string& line : all) content += line + '\n';
        write_file(folder.file("other.jsonl"), content);
        return replay(folder.file("other.jsonl"));
    }

    TemporaryFolder folder;
};

// As somebody would who hides what was changed.
Lines without_digests(Lines lines) {
    for (std::string& line : lines) line = split_digest(line).content;
    return lines;
}
Lines with_new_digests(Lines lines) {
    std::string digest;
    for (std::string& line : lines) {
        const std::string content = split_digest(line).content;
        digest = chained_digest(content, digest);
        line = content.substr(0, content.size() - 1) + R"(, "digest": ")" + digest + "\"}";
    }
    return lines;
}

struct Workloads {
    const char* name;
    std::function<Arguments(const Recorded&)> arguments;
};
const std::vector<Workloads>& workloads() {
    static const std::vector<Workloads> all{
        {"cold",
         [](const Recorded& r) {
             return Arguments{"-m", r.model("one"), "--requests", "3"};
         }},
        {"stream",
         [](const Recorded& r) {
             return Arguments{"-m", r.model("one"), "--requests", "4", "--mode", "stream"};
         }},
        {"several",
         [](const Recorded& r) {
             return Arguments{"-m",         r.model("one"),
                              "-m",         r.model("two") + ":weight=2",
                              "--requests", "3",
                              "--mode",     "stream",
                              "--noise",    "--seed",
                              "7"};
         }},
        {"round robin",
         [](const Recorded& r) {
             return Arguments{"-m", r.model("one"), "-m",         r.model("two"), "--requests",
                              "3",  "--dispatch",   "round-robin"};
         }},
        {"generative",
         [](const Recorded& r) {
             return Arguments{"-m", r.model("talks"), "--requests", "2"};
         }},
        {"budget trace",
         [](const Recorded& r) {
             return Arguments{
                 "-m", r.model("one"), "-m",     r.model("two"),   "--requests",
                 "6",  "--mode",       "stream", "--budget-trace", r.folder.file("budgets.csv")};
         }},
        {"mode trace",
         [](const Recorded& r) {
             return Arguments{"-m",           r.model("one"), "-m",
                              r.model("two"), "--requests",   "6",
                              "--noise",      "--mode-trace", r.folder.file("modes.csv")};
         }},
    };
    return all;
}

TEST(Replay, EveryPolicyDecidesAgainAsItDid) {
    const Recorded recorded;
    int replayed = 0;
    for (const std::string& policy : testing::every_policy()) {
        for (const Workloads& workload : workloads()) {
            Arguments arguments = workload.arguments(recorded);
            if (make_policy(policy).needs_budget)
                arguments.insert(arguments.end(), {"-b", "300000"});
            const CliResult run = recorded.run(policy, arguments);
            if (run.code == 77) continue;  // no lookup tables, or no generation
            ASSERT_EQ(run.code, 0) << policy << ", " << workload.name << ": " << run.err << run.out;
            const ReplayOutcome outcome = replay(recorded.log());
            EXPECT_FALSE(outcome.divergence)
                << policy << ", " << workload.name << ", line " << outcome.divergence->line << ": "
                << outcome.divergence->found;
            EXPECT_EQ(outcome.decisions + 2, std::ssize(recorded.lines()));
            EXPECT_TRUE(outcome.complete);
            EXPECT_TRUE(outcome.verdict == "ok" || outcome.verdict == "deadline-miss");
            EXPECT_GT(outcome.commands, 0);
            EXPECT_TRUE(outcome.digested);
            ++replayed;
        }
    }
    EXPECT_GT(replayed, 30);
}

// Replaces the first match in the first line, from the second on, that has one; the line's number.
struct Altered {
    Lines lines;
    std::int64_t line = 0;
};
using Replacement = std::function<std::string(const std::smatch&)>;
Altered alter(Lines lines, const std::string& pattern, const Replacement& with) {
    const std::regex regex(pattern);
    for (std::size_t i = 1; i < lines.size(); ++i) {
        std::smatch match;
        if (!std::regex_search(lines[i], match, regex)) continue;
        const std::string replacement = with(match);
        lines[i] = std::string(match.prefix()) + replacement + std::string(match.suffix());
        return {std::move(lines), static_cast<std::int64_t>(i) + 1};
    }
    ADD_FAILURE() << "no line matches " << pattern;
    return {std::move(lines), 0};
}

const std::string kCompletion = R"(\{"ticket": \d+, "verb": "[a-z_]+"[^{}]*"end_ns": \d+[^{}]*\})";

std::string plus_one(const std::smatch& match) {
    return match[1].str() + std::to_string(std::stoll(match[2].str()) + 1);
}

struct Alteration {
    const char* name;
    std::string pattern;
    Replacement with;
    // What finds it where no digest does; nothing: nothing can, since no policy looks at it.
    std::optional<DivergenceKind> found_by;
    bool at_its_line = true;  // else later, when the policy would have needed it
};

const std::vector<Alteration>& alterations() {
    static const std::vector<Alteration> all{
        {"a completion is missing", R"("completions": \[)" + kCompletion + R"((, )?)",
         [](const std::smatch&) { return std::string(R"("completions": [)"); },
         DivergenceKind::observation, true},
        {"two are swapped", "(" + kCompletion + "), (" + kCompletion + ")",
         [](const std::smatch& m) { return m[2].str() + ", " + m[1].str(); },
         DivergenceKind::observation},
        {"another ticket", R"(("completions": \[\{"ticket": )(\d+))", plus_one,
         DivergenceKind::observation},
        {"another time", R"((^\{"t_ns": )([1-9]\d*))", plus_one, DivergenceKind::observation},
        {"another end", R"(("end_ns": )(\d+))", plus_one, DivergenceKind::observation},
        {"other bytes in use", R"(("memory_in_use_bytes": )(\d+))", plus_one,
         DivergenceKind::observation},
        {"another peak", R"(("peak_bytes": )(\d+))", plus_one, std::nullopt},
        {"a command waits for less", R"("after": \[\d+, (\d+)\])",
         [](const std::smatch& m) { return "\"after\": [" + m[1].str() + "]"; },
         DivergenceKind::decision},
        {"another block is read",
         R"(("verb": "read", "job": 0, "request": 0, "block": )(\d+)(?=, "lane"))", plus_one,
         DivergenceKind::decision},
    };
    return all;
}

// Of which the rest is told of later (`Arrivals`), though all of it arrives at the start.
TEST(Replay, ALongStreamDecidesAgainAsItDid) {
    const Recorded recorded;
    const CliResult run = recorded.run(
        "load-all",
        {"-m", recorded.model("one"), "-b", "300000", "--mode", "stream", "--requests", "4200"});
    ASSERT_EQ(run.code, 0) << run.err;
    const CliResult again = cli({"replay", recorded.log()});
    EXPECT_EQ(again.code, 0) << again.out << again.err;
}

// Intact digests find every change, at its line.
TEST(Replay, OneChangeIsReportedAtItsLine) {
    const Recorded recorded;
    const std::string half = "300000";
    ASSERT_EQ(
        recorded
            .run("pipeload:agents=2", {"-m", recorded.model("one"), "-m", recorded.model("two"),
                                       "-b", half, "--requests", "3", "--mode", "stream"})
            .code,
        0);
    const Lines lines = recorded.lines();
    for (const Alteration& alteration : alterations()) {
        SCOPED_TRACE(alteration.name);
        const Altered altered = alter(lines, alteration.pattern, alteration.with);
        const ReplayOutcome outcome = recorded.replay_of(altered.lines);
        ASSERT_TRUE(outcome.divergence);
        EXPECT_EQ(outcome.divergence->kind, DivergenceKind::digest);
        EXPECT_EQ(outcome.divergence->line, altered.line);
        for (const Lines& hidden :
             {without_digests(altered.lines), with_new_digests(altered.lines)}) {
            const ReplayOutcome found = recorded.replay_of(hidden);
            EXPECT_EQ(found.divergence.has_value(), alteration.found_by.has_value());
            if (!found.divergence || !alteration.found_by) continue;
            EXPECT_EQ(found.divergence->kind, *alteration.found_by) << found.divergence->found;
            EXPECT_EQ(found.divergence->line, altered.line) << found.divergence->found;
            EXPECT_NE(found.divergence->recorded, found.divergence->found);
        }
    }
    EXPECT_FALSE(recorded.replay_of(without_digests(lines)).divergence);
    EXPECT_FALSE(recorded.replay_of(with_new_digests(lines)).divergence);
}

// What only the policy can notice: it would have shared the memory out otherwise, or have taken
// the other request first.
TEST(Replay, ThePolicyNoticesWhatItDecidesBy) {
    const Recorded recorded;
    ASSERT_EQ(recorded
                  .run("swapnet", {"-m", recorded.model("one"), "-m", recorded.model("two"), "-b",
                                   "300000", "--requests", "6", "--mode", "stream",
                                   "--budget-trace", recorded.folder.file("budgets.csv")})
                  .code,
              0);
    const Altered budget =
        alter(recorded.lines(), R"("budget_bytes": 60000)",
              [](const std::smatch&) { return std::string(R"("budget_bytes": 19000)"); });
    const ReplayOutcome shared = recorded.replay_of(with_new_digests(budget.lines));
    ASSERT_TRUE(shared.divergence);
    EXPECT_EQ(shared.divergence->kind, DivergenceKind::decision);
    EXPECT_GE(shared.divergence->line, budget.line);

    ASSERT_EQ(recorded
                  .run("on-demand", {"-m", recorded.model("one") + ":deadline=9ms,period=1ms", "-m",
                                     recorded.model("two") + ":deadline=8ms,period=1ms", "-b",
                                     "300000", "--requests", "2", "--dispatch", "edf"})
                  .code,
              0);
    const Altered deadline =
        alter(recorded.lines(), R"("deadline_at_ns": 9000000)",
              [](const std::smatch&) { return std::string(R"("deadline_at_ns": 7000000)"); });
    const ReplayOutcome first = recorded.replay_of(without_digests(deadline.lines));
    ASSERT_TRUE(first.divergence);
    EXPECT_EQ(first.divergence->kind, DivergenceKind::decision);
    EXPECT_EQ(first.divergence->line, deadline.line);
}

// A mode that the device does not have cannot come; nor any in a run without changes.
TEST(Replay, ModesAreThoseOfTheDevice) {
    const Recorded recorded;
    ASSERT_EQ(recorded
                  .run("on-demand", {"-m", recorded.model("one"), "-b", "300000", "--requests", "3",
                                     "--mode-trace", recorded.folder.file("modes.csv")})
                  .code,
              0);
    const auto changed = [&](const std::string& pattern, const std::string& replacement) {
        return recorded.replay_of(
            with_new_digests(alter(recorded.lines(), pattern, [&](const std::smatch&) {
                                 return replacement;
                             }).lines));
    };
    const ReplayOutcome unknown = changed(R"("device_mode": "SLOW")", R"("device_mode": "FAST")");
    ASSERT_TRUE(unknown.divergence);
    EXPECT_EQ(unknown.divergence->kind, DivergenceKind::observation);
    EXPECT_EQ(unknown.divergence->found, "the device changes to the mode 'FAST', which it cannot");
    const ReplayOutcome hidden = changed(R"(, "device_mode": "SLOW")", "");
    ASSERT_TRUE(hidden.divergence);
    EXPECT_EQ(hidden.divergence->kind, DivergenceKind::observation);
    Lines lines = recorded.lines();
    lines[0] = std::regex_replace(lines[0], std::regex(R"("device_mode_may_change": true)"),
                                  R"("device_mode_may_change": false)");
    const ReplayOutcome never = recorded.replay_of(with_new_digests(lines));
    ASSERT_TRUE(never.divergence);
    EXPECT_EQ(never.divergence->kind, DivergenceKind::observation);
}

// On hardware a completion is seen some time after its end, and several at once.
TEST(Replay, HardwareIsSeenLate) {
    const Recorded recorded;
    ASSERT_EQ(recorded.run("swapnet", {"-m", recorded.model("one"), "-b", "300000"}).code, 0);
    Lines lines = recorded.lines();
    lines[0] =
        std::regex_replace(lines[0], std::regex(R"("backend": "sim")"), R"("backend": "cpu")");
    for (std::size_t i = 2; i + 1 < lines.size(); ++i) {
        std::smatch match;
        const std::string line = lines[i];
        ASSERT_TRUE(std::regex_search(line, match, std::regex(R"(^(\{"t_ns": )(\d+))")));
        const long long late = std::stoll(match[2].str()) + 1000 + static_cast<long long>(i);
        lines[i] = match[1].str() + std::to_string(late) + std::string(match.suffix());
    }
    EXPECT_FALSE(recorded.replay_of(with_new_digests(lines)).divergence);
    // But not before its end.
    const Altered early = alter(lines, R"(("end_ns": )(\d+))", [](const std::smatch& m) {
        return m[1].str() + std::to_string(std::stoll(m[2].str()) + 5000);
    });
    const ReplayOutcome outcome = recorded.replay_of(with_new_digests(early.lines));
    ASSERT_TRUE(outcome.divergence);
    EXPECT_EQ(outcome.divergence->line, early.line);
}

TEST(Replay, NamesTheLineAndFieldOfABadLog) {
    const Recorded recorded;
    ASSERT_EQ(recorded.run("on-demand", {"-m", recorded.model("one"), "-b", "300000"}).code, 0);
    const Lines lines = recorded.lines();
    const auto refusal = [&](Lines altered) {
        try {
            recorded.replay_of(altered);
        } catch (const InputError& error) {
            return std::string(error.what());
        }
        return std::string("not refused");
    };
    const auto with = [&](std::size_t line, const std::string& pattern, const std::string& other) {
        Lines altered = lines;
        altered[line] = std::regex_replace(altered[line], std::regex(pattern), other);
        return refusal(altered);
    };
    EXPECT_NE(with(2, R"("end_ns": \d+)", R"("end_ns": 1.5)").find("other.jsonl:3:"),
              std::string::npos);
    EXPECT_NE(with(2, R"("end_ns": \d+)", R"("end_ns": 1.5)").find("end_ns"), std::string::npos);
    EXPECT_NE(with(1, "\"verb\"", "\"vreb\"").find("vreb"), std::string::npos);
    EXPECT_NE(with(3, R"(\}$)", "").find("other.jsonl:4:"), std::string::npos);
    EXPECT_NE(with(0, "\"start\"", "\"stop\"").find("expected 'start'"), std::string::npos);
    EXPECT_NE(refusal({}).find("is empty"), std::string::npos);
    EXPECT_EQ(cli({"replay", recorded.folder.file("none.jsonl")}).code, 2);
    EXPECT_EQ(cli({"replay"}).code, 2);
}

TEST(Replay, SaysWhichFileHasChanged) {
    const Recorded recorded;
    ASSERT_EQ(recorded.run("on-demand", {"-m", recorded.model("one"), "-b", "300000"}).code, 0);
    write_file(recorded.model("one"), model_text("other"));
    const CliResult model = cli({"replay", recorded.log()});
    EXPECT_EQ(model.code, 2);
    EXPECT_NE(model.err.find("one.json' has changed"), std::string::npos) << model.err;
    write_file(recorded.model("one"), model_text("one"));
    write_file(recorded.folder.file("board.json"),
               std::regex_replace(std::string(kDevice), std::regex("10.5"), "10.6"));
    const CliResult device = cli({"replay", recorded.log()});
    EXPECT_EQ(device.code, 2);
    EXPECT_NE(device.err.find("board.json' has changed"), std::string::npos) << device.err;
}

// The plan is made again as it was, rehearsals included: by its closed form alone it is another.
TEST(Replay, APlanThatWasRehearsedIsRehearsedAgain) {
    const TemporaryFolder folder;
    const std::string log = folder.file("log.jsonl");
    const CliResult run = cli({"run", "-m", "resnet101", "-d", "jetson-xavier-nx", "-p", "swapnet",
                               "-b", "0.7x", "-q", "--decisions", log});
    ASSERT_EQ(run.code, 0) << run.err;
    const CliResult again = cli({"replay", log});
    EXPECT_EQ(again.code, 0) << again.out << again.err;
}

TEST(Replay, OnTheCommandLine) {
    const Recorded recorded;
    ASSERT_EQ(recorded.run("swapnet", {"-m", recorded.model("one"), "-b", "300000"}).code, 0);
    const CliResult clean = cli({"replay", recorded.log()});
    EXPECT_EQ(clean.code, 0);
    EXPECT_NE(clean.out.find("commands: no divergence"), std::string::npos) << clean.out;
    const Altered altered = alter(recorded.lines(), R"(("end_ns": )(\d+))", plus_one);
    static_cast<void>(recorded.replay_of(altered.lines));
    const CliResult found = cli({"replay", recorded.folder.file("other.jsonl")});
    EXPECT_EQ(found.code, 1);
    EXPECT_NE(found.out.find("other.jsonl:3: policy swapnet diverges (digest)"), std::string::npos)
        << found.out;
    const CliResult json = cli({"replay", recorded.folder.file("other.jsonl"), "--json"});
    EXPECT_NE(json.out.find("\"line\": 3"), std::string::npos) << json.out;
}

// Wherever a log is cut, whatever of it was made anew: its end is missing.
TEST(Replay, ALogThatWasCutEndsEarly) {
    const Recorded recorded;
    ASSERT_EQ(recorded.run("swapnet", {"-m", recorded.model("one"), "-b", "300000"}).code, 0);
    const Lines lines = recorded.lines();
    ASSERT_GT(lines.size(), 5U);
    for (std::size_t kept = 1; kept < lines.size(); ++kept) {
        const Lines cut(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(kept));
        for (const Lines& each : {cut, without_digests(cut), with_new_digests(cut)}) {
            const ReplayOutcome outcome = recorded.replay_of(each);
            ASSERT_TRUE(outcome.divergence) << kept;
            EXPECT_EQ(outcome.divergence->kind, DivergenceKind::end);
            EXPECT_EQ(outcome.divergence->line, static_cast<std::int64_t>(kept) + 1);
            EXPECT_FALSE(outcome.complete);
        }
    }
    const std::string whole = read_file(recorded.log());
    for (const std::size_t missing : {2U, 30U, 70U, 150U}) {  // in the last line, and before it
        write_file(recorded.folder.file("cut.jsonl"), whole.substr(0, whole.size() - missing));
        const CliResult cut = cli({"replay", recorded.folder.file("cut.jsonl")});
        EXPECT_EQ(cut.code, 1) << missing << cut.err;
        EXPECT_NE(cut.out.find("the log ends early"), std::string::npos) << cut.out << cut.err;
    }
    Lines fewer = lines;
    fewer.erase(fewer.end() - 2);
    EXPECT_EQ(recorded.replay_of(with_new_digests(fewer)).divergence->kind, DivergenceKind::end);
    Lines more = lines;
    more.push_back(lines.back());
    EXPECT_EQ(recorded.replay_of(more).divergence->kind, DivergenceKind::end);
}

// Logs of version 1 have no end.
TEST(Replay, OldLogsAreReadWithANote) {
    const Recorded recorded;
    ASSERT_EQ(recorded.run("swapnet", {"-m", recorded.model("one"), "-b", "300000"}).code, 0);
    Lines lines = recorded.lines();
    lines.pop_back();
    lines[0] = std::regex_replace(lines[0], std::regex("decisions/2"), "decisions/1");
    const ReplayOutcome outcome = recorded.replay_of(with_new_digests(lines));
    EXPECT_FALSE(outcome.divergence);
    EXPECT_FALSE(outcome.complete);
    const CliResult noted = cli({"replay", recorded.folder.file("other.jsonl")});
    EXPECT_EQ(noted.code, 0);
    EXPECT_NE(noted.err.find("swaplab/decisions/1, which has no end"), std::string::npos);
}

// Digests are of text: a change of a blank is a change.
TEST(Replay, DigestsChain) {
    const std::string first = chained_digest("{}", "");
    EXPECT_NE(chained_digest("{}", first), first);
    const DigestedLine parts = split_digest(R"({"a": 1, "digest": ")" + first + "\"}");
    EXPECT_EQ(parts.content, R"({"a": 1})");
    EXPECT_EQ(parts.digest, first);
    EXPECT_FALSE(split_digest(R"({"a": 1})").digest);
}

// Reading a folder fails as a bad disk does, after it was opened: no log that is empty, or ends early.
TEST(Replay, AFileThatCannotBeReadIsNoEmptyOne) {
    const TemporaryFolder folder;
    const CliResult result = cli({"replay", folder.path()});
    EXPECT_EQ(result.code, 2);
    EXPECT_NE(result.err.find("cannot read '"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("Is a directory"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace swaplab
