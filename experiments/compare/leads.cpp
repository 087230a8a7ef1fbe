#include "experiments/compare/leads.h"

#include <algorithm>

#include "experiments/emulate/pace_check.h"

namespace swaplab {

namespace {

// One row: who is ranked, and by what.
class Row {
  public:
    Row(const Comparison& comparison, std::size_t number, Metric metric)
        : comparison_(comparison),
          number_(number),
          cells_(comparison.cells[number]),
          metric_(metric) {
        for (const RunResult& cell : cells_) {
            const bool counts = cell.ran() && !late_lanes(cell, comparison.scenario->lateness);
            values_.push_back(counts ? metric->value(cell) : std::nullopt);
        }
    }

    RowLeads leads(bool random) const {
        RowLeads row;
        row.standings.assign(cells_.size(), Standing::none);
        if (!ranked()) return row;
        for (std::size_t i = 0; i < cells_.size(); ++i)
            if (values_[i] && (!row.leader || *values_[i] < *values_[*row.leader])) row.leader = i;
        if (!row.leader) return row;
        if (random)
            compare_samples(row);
        else
            compare_values(row);
        return row;
    }

  private:
    // Policies with budgets of their own (`min`) are not ranked against one another; of one alone
    // there is nothing to say.
    bool ranked() const {
        std::optional<Bytes> budget;
        for (const RunResult& cell : cells_) {
            if (!cell.ran()) continue;
            if (budget && cell.budget != budget) return false;
            budget = cell.budget;
        }
        return cells_.size() > 1;
    }
    void compare_values(RowLeads& row) const {
        const auto best = std::ranges::count(values_, values_[*row.leader]);
        for (std::size_t i = 0; i < cells_.size(); ++i)
            if (values_[i] == values_[*row.leader])
                row.standings[i] = best > 1 ? Standing::tied : Standing::leads;
    }
    void compare_samples(RowLeads& row) const {
        const std::vector<double> leader = comparison_.samples(number_, *row.leader, metric_);
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            if (i == *row.leader || !values_[i]) continue;
            const std::vector<double> other = comparison_.samples(number_, i, metric_);
            if (other.size() != leader.size() || leader.empty()) continue;
            row.over.push_back({i, paired_difference(leader, other), false});
        }
    }

    const Comparison& comparison_;
    std::size_t number_;
    const std::vector<RunResult>& cells_;
    Metric metric_;
    std::vector<std::optional<double>> values_;
};

void judge(std::vector<RowLeads>& rows) {
    std::vector<LeadOver*> all;
    std::vector<double> p_values;
    for (RowLeads& row : rows)
        for (LeadOver& lead : row.over) {
            all.push_back(&lead);
            p_values.push_back(lead.difference.p_value);
        }
    const std::vector<bool> real = holm_rejects(p_values);
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i]->real = real[i] && all[i]->difference.mean < 0;
}

void take_standings(RowLeads& row, bool judged) {
    if (!row.leader || !judged) return;
    bool alone = true;
    for (const LeadOver& lead : row.over) {
        if (lead.real) continue;
        row.standings[lead.other] = Standing::tied;
        alone = false;
    }
    row.standings[*row.leader] = alone ? Standing::leads : Standing::tied;
}

}  // namespace

std::optional<std::size_t> best_of(const Comparison& comparison, std::size_t row, Metric metric) {
    std::optional<std::size_t> best;
    double least = 0;
    for (std::size_t i = 0; i < comparison.cells[row].size(); ++i) {
        const RunResult& cell = comparison.cells[row][i];
        const std::optional<double> value = cell.ran() ? metric->value(cell) : std::nullopt;
        if (!value || (best && *value >= least)) continue;
        best = i;
        least = *value;
    }
    return best;
}

std::vector<RowLeads> leads_of(const Comparison& comparison, Metric metric) {
    const bool random = is_random(*comparison.scenario);
    std::vector<RowLeads> rows;
    for (std::size_t row = 0; row < comparison.cells.size(); ++row)
        rows.push_back(Row(comparison, row, metric).leads(random));
    if (!random) return rows;
    judge(rows);
    for (RowLeads& row : rows) take_standings(row, comparison.scenario->replications > 1);
    return rows;
}

}  // namespace swaplab
