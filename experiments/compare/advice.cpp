#include "experiments/compare/advice.h"

#include <algorithm>
#include <cmath>

#include "experiments/text/layout.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr double kWorthMore = 0.02;
constexpr std::size_t kMostSpans = 3;

// Rows one after the other that the same policies lead.
struct Span {
    std::vector<std::size_t> policies;
    std::size_t first = 0, last = 0;
};

class Adviser {
  public:
    Adviser(const Comparison& comparison, Metric metric, const std::vector<RowLeads>& leads)
        : comparison_(comparison), metric_(metric), leads_(leads) {
        for (std::size_t row = 0; row < leads.size(); ++row)
            if (leads[row].leader) rows_.push_back(row);
    }

    std::string line() const {
        if (rows_.size() < 2 || comparison_.interrupted) return {};
        std::vector<std::string> parts{who_is_best()};
        for (std::string part : {what_fits_below(), enough()})
            if (!part.empty()) parts.push_back(std::move(part));
        return join(parts, "; ");
    }

  private:
    const std::string& budget(std::size_t row) const {
        return comparison_.budgets[row].choice.text;
    }
    const std::string& name(std::size_t policy) const {
        return comparison_.policies[policy].choice.spec;
    }
    double best(std::size_t row) const {
        return *metric_->value(comparison_.cells[row][*leads_[row].leader]);
    }
    std::string names(const std::vector<std::size_t>& policies) const {
        std::vector<std::string> all;
        for (const std::size_t policy : policies) all.push_back(name(policy));
        return alternatives(all, ", ");
    }
    std::vector<std::size_t> feasible(std::size_t row) const {
        std::vector<std::size_t> all;
        for (std::size_t i = 0; i < comparison_.policies.size(); ++i)
            if (comparison_.cells[row][i].ran()) all.push_back(i);
        return all;
    }

    // Where nobody leads alone, those that tie; of a single draw the one with the least value.
    std::vector<std::size_t> leaders(std::size_t row) const {
        std::vector<std::size_t> all;
        for (std::size_t i = 0; i < leads_[row].standings.size(); ++i)
            if (leads_[row].standings[i] != Standing::none) all.push_back(i);
        return all.empty() ? std::vector<std::size_t>{*leads_[row].leader} : all;
    }

    // Rows in which one policy alone fits say nothing of who is best.
    std::vector<Span> spans() const {
        std::vector<Span> all;
        for (const std::size_t row : rows_) {
            if (feasible(row).size() < 2) continue;
            std::vector<std::size_t> now = leaders(row);
            if (all.empty() || all.back().policies != now)
                all.push_back({std::move(now), row, row});
            else
                all.back().last = row;
        }
        return all;
    }

    std::string who_is_best() const {
        const std::vector<Span> all = spans();
        if (all.empty()) return text("only {} fits", names(feasible(rows_.front())));
        if (all.size() == 1 && all.front().first == rows_.front())
            return text("{} is best at every budget", names(all.front().policies));
        return backwards(all);
    }
    std::string range(const Span& span, bool last) const {
        if (last) return text("from {}", budget(span.first));
        if (span.first == span.last) return text("at {}", budget(span.first));
        return text("from {} to {}", budget(span.first), budget(span.last));
    }
    // The largest budgets first: they are what most are about.
    std::string backwards(const std::vector<Span>& all) const {
        std::vector<std::string> said;
        for (std::size_t i = all.size(); i-- > 0 && said.size() < kMostSpans;)
            said.push_back(text("{}{} {}", names(all[i].policies), said.empty() ? " is best" : "",
                                range(all[i], i + 1 == all.size())));
        std::string line = join(said, ", ");
        return all.size() > kMostSpans ? line + ", below that it changes" : line;
    }

    std::string what_fits_below() const {
        const std::size_t lowest = rows_.front();
        std::string nothing;
        if (lowest > 0 && feasible(lowest - 1).empty())
            nothing = text("nothing fits {}", budget(lowest - 1));
        std::size_t row = lowest;
        while (row < comparison_.budgets.size() && feasible(row).size() == 1 &&
               feasible(row) == feasible(lowest))
            ++row;
        if (row == lowest || row == comparison_.budgets.size()) return nothing;
        std::string only = text("below {} only {} fits", budget(row), names(feasible(lowest)));
        return nothing.empty() ? only : only + ", " + nothing;
    }

    // The smallest budget from which on nobody gains much.
    std::string enough() const {
        const double most = best(rows_.back());
        std::size_t from = rows_.back();
        for (auto row = rows_.rbegin(); row != rows_.rend(); ++row) {
            if (best(*row) > most + kWorthMore * std::abs(most)) break;
            from = *row;
        }
        if (from == rows_.back()) return {};
        return text("more than {} buys less than {:.0f} %", budget(from), 100 * kWorthMore);
    }

    const Comparison& comparison_;
    Metric metric_;
    const std::vector<RowLeads>& leads_;
    std::vector<std::size_t> rows_;  // that are ranked
};

}  // namespace

std::string advice(const Comparison& comparison, Metric metric,
                   const std::vector<RowLeads>& leads) {
    return Adviser(comparison, metric, leads).line();
}

}  // namespace swaplab
