#include "experiments/cli/exit_code.h"
#include "experiments/commands/commands.h"
#include "experiments/replay/replay.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

std::string replay_json(const ReplayOutcome& outcome) {
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/replay/1").member("policy", outcome.policy);
    json.member("decisions", outcome.decisions).member("commands", outcome.commands);
    json.member("digests", outcome.digested).key("divergence");
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
    std::string report = text("{}:{}: policy {} diverges ({})\n", path, divergence.line,
                              outcome.policy, name_of(divergence.kind));
    report += text("  recorded  {}\n", divergence.recorded);
    report += text("  found     {}\n", divergence.found);
    return report + text("{} decisions and {} commands before it agree\n", outcome.decisions,
                         outcome.commands);
}

}  // namespace

int replay_command(const Options& options, const Console& console) {
    if (options.name.empty())
        throw InputError(
            "which log? `swaplab replay DECISIONS.jsonl`, written by `swaplab run "
            "--decisions DECISIONS.jsonl`");
    const ReplayOutcome outcome = replay(options.name);
    console.out << (options.json ? replay_json(outcome) : replay_report(outcome, options.name));
    return outcome.divergence ? exit_failed : exit_ok;
}

}  // namespace swaplab
