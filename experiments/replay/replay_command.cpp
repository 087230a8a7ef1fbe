#include "experiments/replay/replay.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

std::string replay_json(const ReplayOutcome& outcome) {
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/replay/1").member("policy", outcome.policy);
    json.member("decisions", outcome.decisions).member("commands", outcome.commands);
    json.member("digests", outcome.digested).member("complete", outcome.complete);
    json.key("verdict");
    if (outcome.complete)
        json.value(outcome.verdict);
    else
        json.null();
    json.key("divergence");
    if (!outcome.divergence) return json.null().end_object().str() + '\n';
    const Divergence& divergence = *outcome.divergence;
    json.begin_object().member("kind", name_of(divergence.kind)).member("line", divergence.line);
    json.member("recorded", divergence.recorded).member("found", divergence.found).end_object();
    return json.end_object().str() + '\n';
}

std::string replay_report(const ReplayOutcome& outcome, const std::string& path) {
    if (!outcome.divergence)
        return text("{} decisions, {} commands: no divergence{}\n", outcome.decisions,
                    outcome.commands, outcome.digested ? "" : " (the log carries no digests)");
    const Divergence& divergence = *outcome.divergence;
    if (divergence.kind == DivergenceKind::end)
        return text("{}:{}: {} (expected {})\n{} decisions and {} commands before it agree\n", path,
                    divergence.line, divergence.found, divergence.recorded, outcome.decisions,
                    outcome.commands);
    std::string report = text("{}:{}: policy {} diverges ({})\n", path, divergence.line,
                              outcome.policy, name_of(divergence.kind));
    report += text("  recorded  {}\n", divergence.recorded);
    report += text("  found     {}\n", divergence.found);
    return report + text("{} decisions and {} commands before it agree\n", outcome.decisions,
                         outcome.commands);
}

struct Options {
    std::string log;
};

constexpr CommandText kText{
    "replay", "a decision log through its policy again", "DECISIONS.jsonl",
    "Makes the plan and the scheduler of a recorded run again, feeds it what was observed, and "
    "compares every command. Exit code 1 at the first line that was changed, cannot have "
    "happened, or on which the policy decides otherwise, and for a log that ends early.",
    "swaplab replay decisions.jsonl\n"
    "swaplab replay decisions.jsonl --json"};

void declare(Flags& flags, Options& options) { flags.argument("log", into(options.log)); }

int run_replay(const Options& options, const Console& console) {
    if (options.log.empty())
        throw InputError(
            "which log? `swaplab replay DECISIONS.jsonl`, written by `swaplab run "
            "--decisions DECISIONS.jsonl`");
    const ReplayOutcome outcome = replay(options.log);
    if (!outcome.complete && !outcome.divergence)
        console.note(
            "the log is of swaplab/decisions/1, which has no end: whether lines are missing behind "
            "the last is not known");
    console.out << (console.json ? replay_json(outcome) : replay_report(outcome, options.log));
    return outcome.divergence ? exit_failed : exit_ok;
}

}  // namespace

CliCommand replay_command() { return {kText, declare, run_replay}; }

}  // namespace swaplab
