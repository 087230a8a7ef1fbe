#include "experiments/compare/what_if.h"

#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "experiments/text/spec.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

Wish parse_wish(const std::string& given) {
    const std::size_t equals = given.find('=');
    const std::string key = given.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : given.substr(equals + 1);
    Wish wish;
    wish.text = given;
    wish.faster = activity_named(key);
    if (wish.faster) {
        wish.factor = parse_times(text("--what-if {}", key), value);
        return wish;
    }
    std::vector<std::string> keys{"budget"};
    for (const ActivityRow& row : kActivityTable) keys.emplace_back(row.name);
    require_known("--what-if", key, keys);
    if (!value.starts_with('+'))
        throw InputError(
            text("--what-if budget: expected how much more, such as +64MiB, found '{}'", value));
    wish.more = parse_bytes(value.substr(1));
    return wish;
}

std::string called(const Wish& wish) {
    if (!wish.faster) return text("{} more", format_bytes(wish.more));
    std::string what(name_of(*wish.faster));
    if (wish.faster == Activity::read) what = "storage";
    if (wish.faster == Activity::execute) what = "compute";
    return text("{} {} as fast", what, wish.text.substr(wish.text.find('=') + 1));
}

RunResult granted(const Wish& wish, const Scenario& scenario, const PolicyChoice& choice,
                  Bytes budget, const Testbed& testbed) {
    Scenario changed = scenario;
    if (wish.faster) speed_up(changed, {*wish.faster, wish.factor, wish.text});
    const Policy policy = policy_for(choice, changed);
    return run(request_of(changed, testbed, budget + wish.more), policy);
}

}  // namespace

std::vector<Wish> parse_wishes(const std::string& given) {
    std::vector<Wish> wishes;
    for (const std::string& one : split(given, ',')) wishes.push_back(parse_wish(one));
    return wishes;
}

std::string what_if_report(const Comparison& comparison, Metric metric,
                           const std::vector<Wish>& wishes, const Testbed& testbed) {
    std::string report = text("What if, for the {} of the best policy:\n", metric->name);
    for (std::size_t row = 0; row < comparison.cells.size(); ++row)
        for (std::size_t i = 0; i < comparison.policies.size(); ++i) {
            const RunResult& cell = comparison.cells[row][i];
            const std::optional<double> before = cell.ran() ? metric->value(cell) : std::nullopt;
            if (!before || best_of(comparison, row, metric) != i) continue;
            std::vector<std::string> changes;
            for (const Wish& wish : wishes) {
                const RunResult after =
                    granted(wish, *comparison.scenario, comparison.policies[i].choice, *cell.budget,
                            testbed);
                const auto value = after.ran() ? metric->value(after) : std::nullopt;
                changes.push_back(text("{} {}", called(wish),
                                       value && *before != 0
                                           ? text("{:+.1f} %", 100 * (*value / *before - 1))
                                           : std::string(name_of(after.verdict))));
            }
            report += text("{}, {}: {}\n", comparison.budgets[row].choice.text, cell.policy,
                           join(changes, ", "));
        }
    return report;
}

}  // namespace swaplab
