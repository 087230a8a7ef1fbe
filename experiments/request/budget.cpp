#include "experiments/request/budget.h"

#include <algorithm>
#include <cmath>

#include "experiments/text/spec.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

[[noreturn]] void refuse(std::string_view budget, std::string_view why) {
    throw InputError(text(
        "budget '{}': {} (a budget is a size such as 843MiB, a share of the parameter bytes such "
        "as 0.4x, or min)",
        budget, why));
}

BudgetChoice parse_factor(std::string_view budget) {
    const std::optional<double> factor = parse_number(budget.substr(0, budget.size() - 1));
    if (!factor) refuse(budget, "expected a number before the x");
    if (!(*factor > 0)) refuse(budget, "must be positive");
    return {BudgetChoice::Kind::factor, {}, *factor, std::string(budget)};
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "0,9x" and "1,5GiB" are lists, with a first budget of a few bytes that nobody means.
void refuse_decimal_commas(std::string_view list) {
    const std::vector<std::string> items = split(list, ',');
    for (std::size_t i = 0; i + 1 < items.size(); ++i) {
        const std::string& before = items[i];
        const std::string& behind = items[i + 1];
        if (!all_digits(before) || before.size() > 2 || behind.empty()) continue;
        if (!all_digits(behind.substr(0, 1)) || all_digits(behind.substr(behind.size() - 1)))
            continue;
        refuse(text("{},{}", before, behind),
               text("a comma separates budgets; did you mean {}.{}?", before, behind));
    }
}

}  // namespace

BudgetChoice parse_budget(std::string_view budget) {
    if (budget.empty()) refuse(budget, "is empty");
    if (budget == "min") return {BudgetChoice::Kind::minimum, {}, 0, "min"};
    if (budget.back() == 'x') return parse_factor(budget);
    if (budget.front() == '-') refuse(budget, "must be positive");
    Bytes bytes;
    try {
        bytes = parse_bytes(budget);
    } catch (const InputError& error) {
        throw InputError(text("budget: {}; or a share of the parameter bytes such as 0.4x, or min",
                              error.what()));
    }
    if (bytes.count <= 0) refuse(budget, "must be positive");
    return {BudgetChoice::Kind::bytes, bytes, 0, std::string(budget)};
}

void add_budget(std::vector<BudgetChoice>& budgets, BudgetChoice budget) {
    const bool known = std::any_of(budgets.begin(), budgets.end(), [&](const BudgetChoice& other) {
        return other.text == budget.text;
    });
    if (!known) budgets.push_back(std::move(budget));
}

void add_budgets(std::vector<BudgetChoice>& budgets, std::string_view list) {
    refuse_decimal_commas(list);
    for (const std::string& item : split(list, ',')) add_budget(budgets, parse_budget(item));
}

std::vector<BudgetChoice> default_budgets() {
    std::vector<BudgetChoice> budgets;
    for (int tenths = 2; tenths <= 10; ++tenths)
        budgets.push_back(parse_budget(text("{}.{}x", tenths / 10, tenths % 10)));
    return budgets;
}

std::optional<Bytes> resolve(const BudgetChoice& choice, Bytes parameter_bytes) {
    if (choice.kind == BudgetChoice::Kind::minimum) return std::nullopt;
    if (choice.kind == BudgetChoice::Kind::bytes) return choice.bytes;
    const double bytes = std::floor(choice.factor * static_cast<double>(parameter_bytes.count));
    if (!(bytes < 0x1p63)) refuse(choice.text, "is beyond 2^63-1 bytes");
    if (bytes < 1)
        refuse(choice.text,
               text("is less than one byte of {} parameter bytes", parameter_bytes.count));
    return Bytes{static_cast<std::int64_t>(bytes)};
}

}  // namespace swaplab
