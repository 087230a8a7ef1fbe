// The cells of a scenario: policies x budgets. Whoever runs an experiment goes through these.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "experiments/request/experiment.h"

namespace swaplab {

// A policy made for a scenario.
struct System {
    PolicyChoice choice;
    std::shared_ptr<const Policy> policy;
    // The smallest budget with which it would do; absent of one that takes none.
    std::optional<Bytes> minimum;
};

// One run to be.
struct Cell {
    const System* system;
    const BudgetChoice* budget;  // null of a policy that takes none
    std::optional<Bytes> bytes;  // of the budget
};

class Cells {
  public:
    // Policies that take no budget have one cell, the others one for each
    // budget. Asks every policy for its minimum where `min` is one of the budgets, or
    // `with_minima`. Throws what `policy_for` and `minimum_budget` throw.
    Cells(const Scenario& scenario, const std::vector<PolicyChoice>& policies,
          std::vector<BudgetChoice> budgets, bool with_minima = false);
    Cells(const Cells&) = delete;  // cells point into it
    Cells& operator=(const Cells&) = delete;

    const std::vector<System>& systems() const { return systems_; }
    const std::vector<BudgetChoice>& budgets() const { return budgets_; }
    // Policy after policy, in the order asked for, each by budget.
    const std::vector<Cell>& all() const { return cells_; }

  private:
    std::vector<System> systems_;
    std::vector<BudgetChoice> budgets_;
    std::vector<Cell> cells_;
};

// The only policy, and the only cell, of an experiment whose command takes one. Throw `InputError`
// where there is none, or more.
const PolicyChoice& only_policy_of(const Experiment& asked);
Cells only_cell_of(const Experiment& asked, const Scenario& scenario);

}  // namespace swaplab
