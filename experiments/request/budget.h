// Budgets as people write them: `843MiB`, `0.4x` of the parameter bytes, `min` of the policy.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/base/units.h"

namespace swaplab {

struct BudgetChoice {
    enum class Kind : std::uint8_t {
        bytes,    // `bytes`
        factor,   // `factor` of the parameter bytes of all models of the run
        minimum,  // the smallest budget with which the policy would do
    };
    Kind kind = Kind::bytes;
    Bytes bytes;
    double factor = 0;
    std::string text;  // as it was written
};

// Throws `InputError` for anything that is not a positive budget.
BudgetChoice parse_budget(std::string_view text);
// Adds a budget unless it is there already, as it was written.
void add_budget(std::vector<BudgetChoice>& budgets, BudgetChoice budget);
// Adds those of a comma-separated list. Throws likewise.
void add_budgets(std::vector<BudgetChoice>& budgets, std::string_view list);
// 0.2x, 0.3x, ... 1.0x: what `compare` uses when nothing is asked for.
std::vector<BudgetChoice> default_budgets();

// The budget in bytes (rounded down, positive), or nullopt for `min`.
std::optional<Bytes> resolve(const BudgetChoice& choice, Bytes parameter_bytes);

}  // namespace swaplab
