#include "experiments/request/cells.h"

#include <algorithm>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

bool asks_for_minimum(const std::vector<BudgetChoice>& budgets) {
    return std::ranges::any_of(budgets, [](const BudgetChoice& budget) {
        return budget.kind == BudgetChoice::Kind::minimum;
    });
}

System system_for(const PolicyChoice& choice, const Scenario& scenario, bool with_minimum) {
    System system{choice, std::make_shared<const Policy>(policy_for(choice, scenario)), {}};
    if (with_minimum && choice.needs_budget)
        system.minimum = minimum_budget(planning_request_of(scenario), *system.policy);
    return system;
}

}  // namespace

Cells::Cells(const Scenario& scenario, const std::vector<PolicyChoice>& policies,
             std::vector<BudgetChoice> budgets, bool with_minima)
    : budgets_(std::move(budgets)) {
    with_minima = with_minima || asks_for_minimum(budgets_);
    for (const PolicyChoice& choice : policies)
        systems_.push_back(system_for(choice, scenario, with_minima));
    const Bytes parameters = scenario.parameter_bytes();
    for (const System& system : systems_) {
        if (!system.choice.needs_budget) {
            cells_.push_back({&system, nullptr, std::nullopt});
            continue;
        }
        for (const BudgetChoice& budget : budgets_) {
            const std::optional<Bytes> bytes = resolve(budget, parameters);
            cells_.push_back({&system, &budget, bytes ? bytes : system.minimum});
        }
    }
}

const PolicyChoice& only_policy_of(const Experiment& asked) {
    if (asked.policies.empty())
        throw InputError(
            "a policy is needed: -p NAME[:key=value,...] (`swaplab list policies` shows the "
            "names)");
    if (asked.policies.size() > 1)
        throw InputError("one -p only; `swaplab compare` takes several policies");
    return asked.policies.front();
}

Cells only_cell_of(const Experiment& asked, const Scenario& scenario) {
    const PolicyChoice& policy = only_policy_of(asked);
    if (asked.budgets.size() > 1)
        throw InputError("one budget only; `swaplab compare` takes several budgets");
    if (asked.budgets.empty() && policy.needs_budget)
        throw InputError(
            text("policy '{}' needs a budget: -b 843MiB, -b 0.4x or -b min", policy.spec));
    return Cells(scenario, asked.policies, asked.budgets);
}

}  // namespace swaplab
