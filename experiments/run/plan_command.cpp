#include "experiments/request/cells.h"
#include "experiments/run/notes.h"
#include "experiments/run/plan_report.h"
#include "experiments/run/table_report.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/scenario_flags.h"

namespace swaplab {

namespace {

struct Options {
    Experiment asked;
    bool table = false;
};

// The tables do not depend on a budget.
int print_tables(const Options& options, const Scenario& scenario, const PolicyChoice& choice,
                 const Console& console) {
    if (!options.asked.budgets.empty()) console.note("--table shows all budgets; -b has no effect");
    const Deployment tables =
        lookup_tables(planning_request_of(scenario), policy_for(choice, scenario));
    console.out << (console.json ? table_json(scenario, tables, choice.spec, console.command_line)
                                 : table_report(scenario, tables, choice.spec));
    return exit_ok;
}

constexpr CommandText kText{
    "plan", "the deployment only: blocks, peak, predicted latency",
    "-m MODEL... -d DEVICE -p POLICY -b BUDGET",
    "Shows the blocks that the policy cuts, and what one cold request would take.",
    "swaplab plan -m vgg19 -d jetson-xavier-nx -p swapnet -b 0.9x\n"
    "swaplab plan -m yolov3 -d jetson-xavier-nx -p swapnet --table"};

void declare(Flags& flags, Options& options) {
    declare_one_policy(flags, options.asked);
    declare_scenario(flags, options.asked);
    declare_backend(flags, options.asked);
    flags.on(FlagGroup::output, "--table",
             "the lookup table of every model, over all budgets, instead of one plan",
             options.table);
}

int run_plan(const Options& options, const Console& console) {
    Scenario scenario = only_scenario_of(options.asked, "compare");
    // The backend has not refused this; what a plan predicts is simulated.
    scenario.backend = &simulation();
    note_shadowed(console, options.asked);
    if (options.table)
        return print_tables(options, scenario, only_policy_of(options.asked), console);
    const Cells cells = only_cell_of(options.asked, scenario);
    const Cell& cell = cells.all().front();
    const Policy& policy = *cell.system->policy;
    note_large_budget(console, scenario, cell.bytes);

    const PlanOutcome outcome = plan(planning_request_of(scenario, cell.bytes), policy);
    const auto* deployment = std::get_if<Deployment>(&outcome);
    // One cold request is what a plan is made for; an infeasible plan ends here, too.
    const RunRequest cold = request_of(scenario, simulated_testbed(), cell.bytes);
    const PlannedRun planned{scenario, cell.system->choice, deployment, run(cold, policy),
                             console.command_line};
    note_extrapolation(console, scenario, planned.cold);
    console.out << (console.json ? plan_json(planned) : plan_report(planned));
    return exit_code_of(planned.cold.verdict);
}

}  // namespace

CliCommand plan_command() { return {kText, declare, run_plan}; }

}  // namespace swaplab
