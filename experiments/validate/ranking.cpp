#include "experiments/validate/ranking.h"

#include <algorithm>
#include <map>

#include "experiments/validate/sample.h"

namespace swaplab {

namespace {

// Of one policy, by budget as it was asked for ("min" is another one for each policy and is left
// out); ascending.
using Column = std::vector<const Configuration*>;

std::vector<Column> columns_of(const Study& study) {
    std::vector<Column> columns;
    std::string policy;
    for (const Configuration& configuration : study.configurations) {
        if (columns.empty() || configuration.policy.spec != policy) columns.emplace_back();
        policy = configuration.policy.spec;
        if (configuration.budget.kind != BudgetChoice::Kind::minimum)
            columns.back().push_back(&configuration);
    }
    return columns;
}

struct Difference {
    const Configuration* a = nullptr;
    const Configuration* b = nullptr;
    double predicted = 0, measured = 0;  // a - b; both 0 where measured is within noise
};

// At the budgets at which both ran.
std::vector<Difference> differences(const Column& first, const Column& second) {
    std::vector<Difference> all;
    for (const Configuration* a : first)
        for (const Configuration* b : second) {
            if (a->budget.text != b->budget.text || !a->compared() || !b->compared()) continue;
            Difference d{a, b, 0, 0};
            if (differ(a->measured_ns(), b->measured_ns())) {
                d.predicted = a->predicted_ns() - b->predicted_ns();
                d.measured = a->measured_median_ns() - b->measured_median_ns();
            }
            all.push_back(d);
        }
    return all;
}

void count_pairs(Assessment& assessment, const std::vector<Difference>& all) {
    for (const Difference& d : all) {
        if (d.measured == 0)
            ++assessment.pairs_left_out;
        else
            assessment.pairs.push_back({d.predicted, d.measured});
    }
}

// Both lists of crossings of one pair of policies, a crossing that both see at one place as one.
void add_crossovers(Assessment& assessment, const std::vector<Difference>& all) {
    std::vector<double> predicted;
    std::vector<double> measured;
    for (const Difference& d : all) {
        predicted.push_back(d.predicted);
        measured.push_back(d.measured);
    }
    const std::vector<std::size_t> in_simulation = sign_changes(predicted);
    const std::vector<std::size_t> in_measurement = sign_changes(measured);
    std::map<std::size_t, Crossover> found;
    const auto at = [&](std::size_t i) -> Crossover& {
        Crossover& crossover = found[i];
        crossover.first = all[i].a->policy.spec;
        crossover.second = all[i].b->policy.spec;
        std::size_t before = i - 1;  // a crossing has a difference of the other sign before it
        while (all[before].measured == 0) --before;
        crossover.before = all[before].a->budget.text;
        crossover.after = all[i].a->budget.text;
        return crossover;
    };
    for (const std::size_t i : in_simulation) at(i).predicted = true;
    for (const std::size_t i : in_measurement) at(i).measured = true;
    for (auto& [index, crossover] : found) assessment.crossovers.push_back(std::move(crossover));
    const std::size_t both = matched(in_simulation, in_measurement, 1);
    assessment.crossings_matched += static_cast<std::int64_t>(both);
    assessment.crossings +=
        static_cast<std::int64_t>(in_simulation.size() + in_measurement.size() - both);
}

void add_choice(Assessment& assessment, const Study& study, const std::string& budget,
                const std::vector<const Configuration*>& at_budget) {
    if (at_budget.size() < 2) return;
    const auto* chosen = *std::ranges::min_element(
        at_budget, {}, [](const Configuration* c) { return c->predicted_ns(); });
    const auto* best = *std::ranges::min_element(
        at_budget, {}, [](const Configuration* c) { return c->measured_median_ns(); });
    assessment.choices.push_back({study.scenario->models_text(), budget, chosen->policy.spec,
                                  best->policy.spec,
                                  chosen->measured_median_ns() / best->measured_median_ns() - 1});
}

}  // namespace

void add_ranking(Assessment& assessment, const Study& study) {
    const std::vector<Column> columns = columns_of(study);
    std::vector<std::pair<std::string, std::vector<const Configuration*>>> by_budget;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        for (const Configuration* configuration : columns[i]) {
            if (!configuration->compared()) continue;
            auto row = std::ranges::find(by_budget, configuration->budget.text,
                                         [](const auto& entry) { return entry.first; });
            if (row == by_budget.end())
                row = by_budget.insert(row, {configuration->budget.text, {}});
            row->second.push_back(configuration);
        }
        for (std::size_t j = i + 1; j < columns.size(); ++j) {
            const std::vector<Difference> all = differences(columns[i], columns[j]);
            count_pairs(assessment, all);
            add_crossovers(assessment, all);
        }
    }
    for (const auto& [budget, at_budget] : by_budget)
        add_choice(assessment, study, budget, at_budget);
}

void finish_ranking(Assessment& assessment) {
    if (!assessment.pairs.empty()) assessment.tau = kendall_tau(assessment.pairs);
    if (assessment.crossings > 0)
        assessment.crossovers_matched = static_cast<double>(assessment.crossings_matched) /
                                        static_cast<double>(assessment.crossings);
}

}  // namespace swaplab
