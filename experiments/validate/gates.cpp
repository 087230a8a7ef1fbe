#include "experiments/validate/gates.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/text/figures.h"
#include "experiments/text/spec.h"
#include "experiments/validate/sample.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using Value = std::optional<double>;
enum class In : std::uint8_t { percent, points, number };

struct Kind {
    const char* name;
    const char* what;
    In unit;
    bool at_least;
    const char* target;  // TARGETS: Fidelity; null: shown only where it is asked for
    Value (*value)(const Assessment&);
};

Value if_any(const Assessment& a, double value) {
    return a.points.empty() ? std::nullopt : Value(value);
}

double share_of_points(const Assessment& a, std::size_t count) {
    return static_cast<double>(count) / static_cast<double>(a.points.size());
}

// The share of the points of which something is known for which it is true.
template <class Known>
Value share_true(const Assessment& a, Known known) {
    std::vector<double> all;
    for (const Point& point : a.points)
        if (const std::optional<bool> yes = known(point)) all.push_back(*yes ? 1 : 0);
    return all.empty() ? std::nullopt : Value(mean(all));
}

Value worst_peak(const Assessment& a) {
    Value worst;
    for (const Point& point : a.points)
        worst = std::max(worst.value_or(0), std::abs(point.peak_error()));
    return worst;
}

Value worst_reads(const Assessment& a) {
    Value worst;
    for (const Point& point : a.points)
        if (point.read_ratio) worst = std::max(worst.value_or(0), std::abs(*point.read_ratio - 1));
    return worst;
}

Value worst_error(const Assessment& a) {
    Value worst;
    for (const std::vector<Point>* points : {&a.points, &a.references})
        for (const Point& point : *points)
            worst = std::max(worst.value_or(0), std::abs(point.error));
    return worst;
}

// Over all that was compared, `direct` included.
Value share_same(const Assessment& a, bool Point::*same) {
    std::vector<double> all;
    for (const std::vector<Point>* points : {&a.points, &a.references})
        for (const Point& point : *points) all.push_back(point.*same ? 1 : 0);
    return all.empty() ? std::nullopt : Value(mean(all));
}

Value outputs_equal(const Assessment& a) {
    if (!a.inputs_differ) return 0.0;  // equality would say nothing
    return share_true(a, [](const Point& p) { return p.outputs_equal; });
}

using A = const Assessment&;
constexpr std::array kKinds{
    Kind{"median", "median error of latency", In::percent, false, "3%",
         [](A a) { return if_any(a, a.median_error); }},
    Kind{"p95", "95th percentile of that", In::percent, false, "7%",
         [](A a) { return if_any(a, a.p95_error); }},
    Kind{"overhead", "median error of the overhead", In::points, false, "1.5",
         [](A a) { return if_any(a, 100 * a.median_overhead); }},
    Kind{"overhead-p95", "95th percentile of that", In::points, false, "4",
         [](A a) { return if_any(a, 100 * a.p95_overhead); }},
    Kind{"tau", "Kendall's tau beyond noise", In::number, true, "0.95", [](A a) { return a.tau; }},
    Kind{"regret", "worst regret of choosing by simulation", In::percent, false, "1%",
         [](A a) { return a.choices.empty() ? std::nullopt : Value(a.worst_regret()); }},
    Kind{"skill", "skill over the best simple predictor", In::number, true, "0.7",
         [](A a) { return a.skill; }},
    Kind{"floor", "error over what repeats differ by", In::number, false, "2",
         [](A a) { return a.noise_floor; }},
    Kind{"noisy", "configurations that vary more than 3 %", In::percent, false, "10%",
         [](A a) { return if_any(a, share_of_points(a, a.noisy.size())); }},
    Kind{"peak", "worst error of the accounted peak", In::percent, false, "1%", worst_peak},
    Kind{"reads", "worst error of bytes read from storage", In::percent, false, "1%", worst_reads},
    Kind{"outputs", "share with the outputs of direct", In::number, true, "1", outputs_equal},
    Kind{"memory", "share within budget (+ 5 % + 8 MiB in VmHWM)", In::number, true, "1",
         [](A a) { return share_true(a, [](const Point& p) { return p.within_budget(); }); }},
    Kind{"worst", "worst error of latency, direct included", In::percent, false, nullptr,
         worst_error},
    Kind{"bytes", "share with exactly the bytes and the peak", In::number, true, nullptr,
         [](A a) { return share_same(a, &Point::same_bytes); }},
    Kind{"order", "share with the same order of decisions", In::number, true, nullptr,
         [](A a) { return share_same(a, &Point::same_order); }},
};

const Kind& kind_named(const std::string& name) {
    std::vector<std::string> names;
    for (const Kind& kind : kKinds) {
        if (kind.name == name) return kind;
        names.emplace_back(kind.name);
    }
    require_known("gate", name, names);
    return kKinds.front();  // not reached
}

double parse_limit(const Kind& kind, const std::string& wanted) {
    std::string number = wanted;
    const bool percent = number.ends_with('%');
    if (percent) number.pop_back();
    const std::optional<double> value = parse_number(number);
    if (!value || !(*value >= 0) || !std::isfinite(*value) || percent != (kind.unit == In::percent))
        throw InputError(text("gate '{}': expected {}, found '{}'", kind.name,
                              kind.unit == In::percent  ? "a percentage such as 3%"
                              : kind.unit == In::points ? "percentage points such as 1.5"
                                                        : "a number such as 0.95",
                              wanted));
    return percent ? *value / 100 : *value;
}

Gate gate_of(const Kind& kind, const std::string& wanted, bool asked) {
    return {kind.name, kind.what, wanted, parse_limit(kind, wanted), kind.at_least, asked, {}};
}

}  // namespace

std::string Gate::value_text() const {
    if (!value) return "unknown";
    switch (kind_named(name).unit) {
        case In::percent: return text("{:.2f} %", 100 * *value);
        case In::points: return text("{:.2f} points", *value);
        case In::number: return text("{:.3f}", *value);
    }
    return {};
}

std::vector<Gate> parse_gates(const std::string& list) {
    std::vector<Gate> gates;
    if (list.empty())
        for (const Kind& kind : kKinds)
            if (kind.target != nullptr) gates.push_back(gate_of(kind, kind.target, false));
    if (list.empty()) return gates;
    for (const std::string& item : split(list, ',')) {
        const std::size_t equals = item.find('=');
        if (equals == std::string::npos)
            throw InputError(
                text("--gate: expected NAME=VALUE such as median=3%, found '{}'", item));
        const Kind& kind = kind_named(item.substr(0, equals));
        if (std::ranges::any_of(gates, [&](const Gate& g) { return g.name == kind.name; }))
            throw InputError(text("--gate: '{}' comes twice", kind.name));
        gates.push_back(gate_of(kind, item.substr(equals + 1), true));
    }
    return gates;
}

void judge(std::vector<Gate>& gates, const Assessment& assessment) {
    for (Gate& gate : gates) gate.value = kind_named(gate.name).value(assessment);
}

}  // namespace swaplab
