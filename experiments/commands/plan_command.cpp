#include "experiments/cli/exit_code.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/common.h"
#include "experiments/report/plan_report.h"
#include "experiments/report/table_report.h"

namespace swaplab {

namespace {

// The tables do not depend on a budget.
int print_tables(const Options& options, const Scenario& scenario, const Policy& policy,
                 const Console& console) {
    if (!options.budgets.empty()) console.note("--table shows all budgets; -b has no effect");
    const Deployment tables = lookup_tables(request_of(scenario, std::nullopt), policy);
    console.out << (options.json ? table_json(scenario, tables, policy.spec)
                                 : table_report(scenario, tables, policy.spec));
    return exit_ok;
}

}  // namespace

int plan_command(const Options& options, const Console& console) {
    const Scenario scenario = resolve_scenario(options);
    const Policy policy = resolve_policy(options, scenario);
    if (options.table) return print_tables(options, scenario, policy, console);
    const std::optional<Bytes> budget = resolve_budget(options, scenario, policy);
    note_large_budget(console, scenario, budget);

    const RunRequest request = request_of(scenario, budget);
    const PlanOutcome outcome = plan(request, policy);
    const auto* deployment = std::get_if<Deployment>(&outcome);
    // One cold request is what a plan is made for; an infeasible plan ends here, too.
    const PlannedRun planned{scenario, deployment, run(request, policy)};
    console.out << (options.json ? plan_json(planned) : plan_report(planned));
    return exit_code_of(planned.cold.verdict);
}

}  // namespace swaplab
