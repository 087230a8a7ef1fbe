#include "experiments/compare/comparison_table.h"

#include <algorithm>

#include "experiments/compare/advice.h"
#include "experiments/compare/headings.h"
#include "experiments/compare/lead_table.h"
#include "experiments/emulate/pace_check.h"
#include "experiments/run/run_report.h"
#include "experiments/shell/message_stream.h"
#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "experiments/text/table.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::string_view kInfeasible = "–";

// Draws one comparison with one metric; holds what all panels share.
class Drawer {
  public:
    Drawer(const Comparison& comparison, Metric metric, const Console& console)
        : comparison_(comparison),
          scenario_(*comparison.scenario),
          metric_(metric),
          console_(console),
          leads_(leads_of(comparison, metric)) {
        for (const ComparedPolicy& policy : comparison.policies)
            specs_.push_back(policy.choice.spec);
        headings_ = headings_for(specs_);
        unit_ = time_unit_for(fastest());
    }

    std::string draw() const {
        std::string table = wrap(scenario_line(scenario_), columns(), 4) + '\n';
        table += wrap(reference_line(), columns(), 4) + "\n\n";
        if (specs_.empty()) return table + notes();
        table += title() + "\n\n";
        const std::size_t each = policies_per_panel();
        for (std::size_t first = 0; first < specs_.size(); first += each)
            table += panel(first, std::min(first + each, specs_.size())).str() + '\n';
        table += key() + lead_table(comparison_, metric_, leads_, unit_);
        const std::string advised = advice(comparison_, metric_, leads_);
        if (!advised.empty()) table += wrap(advised, columns()) + '\n';
        return table + notes();
    }

  private:
    std::size_t columns() const { return static_cast<std::size_t>(console_.terminal.columns); }

    // As few panels as fit the width, about equally full.
    std::size_t policies_per_panel() const {
        const std::size_t all = specs_.size();
        for (std::size_t panels = 1; panels < all; ++panels) {
            const std::size_t each = (all + panels - 1) / panels;
            bool fits = true;
            for (std::size_t first = 0; first < all; first += each)
                fits = fits && panel(first, std::min(first + each, all)).width() <= columns();
            if (fits) return each;
        }
        return 1;
    }

    Duration fastest() const {
        Duration least = Duration::max();
        for (const auto& [result, policy] : comparison_.results())
            if (result->ran()) least = std::min(least, result->latency.mean);
        if (least == Duration::max() && comparison_.full_memory)
            return comparison_.full_memory->latency.mean;
        return least;
    }

    std::string shown(std::size_t row, std::size_t i) const {
        const RunResult& cell = comparison_.cells[row][i];
        if (cell.verdict == Verdict::infeasible) return std::string(kInfeasible) + ' ';
        if (is_stuck(cell.verdict)) return "stuck ";
        if (cell.verdict == Verdict::refused) return "refused ";
        if (cell.verdict == Verdict::interrupted) return "? ";
        std::string mark = cell.verdict == Verdict::deadline_miss ? "!" : "";
        if (late_lanes(cell, scenario_.lateness)) mark += '~';
        const std::optional<double> value = metric_->value(cell);
        if (!value) return mark + '?';
        return mark + metric_->shown(*value, unit_) + spread(row, i);
    }

    // Half of the 95 % interval of the mean over replications.
    std::string spread(std::size_t row, std::size_t i) const {
        const std::vector<double> samples = comparison_.samples(row, i, metric_);
        return samples.empty() ? std::string()
                               : text(" ±{}", metric_->shown(half_width(samples), unit_));
    }

    std::string title() const {
        std::string title = title_of(*metric_, scenario_, unit_);
        if (!replicated(comparison_)) return title;
        return title + text(", ± half of its 95 % interval over {} replications of noise (seed {})",
                            scenario_.replications, scenario_.noise->seed);
    }

    std::string reference_line() const {
        std::string line = text("parameters {}", format_bytes(scenario_.parameter_bytes()));
        if (comparison_.full_memory && comparison_.full_memory->ran())
            line += text("; full memory (direct): latency {}{}, peak {}",
                         late_lanes(*comparison_.full_memory, scenario_.lateness) ? "~" : "",
                         format_duration(comparison_.full_memory->latency.mean),
                         format_bytes(comparison_.full_memory->memory.peak));
        return line;
    }

    std::string budget_text(const ComparedBudget& budget) const {
        if (!budget.bytes) return {};
        return text("{}", mib(*budget.bytes));
    }

    // The policies [first, last), with the budgets on the left and the bound on the right.
    TextTable panel(std::size_t first, std::size_t last) const {
        TextTable table;
        table.add_column({"budget"}, Align::left);
        table.add_column({"MiB"});
        for (std::size_t i = first; i < last; ++i) {
            std::vector<std::string> heading = headings_.lines[i];
            for (std::string& line : heading) line += ' ';  // above the digits, not above the mark
            table.add_column(std::move(heading));
        }
        const bool bound = bounded() && any_bound();
        if (bound) table.add_column({"lower", "bound"});
        for (std::size_t row = 0; row < comparison_.budgets.size(); ++row)
            table.add_row(cells(row, first, last, bound));
        table.add_rule();
        table.add_row(minima(first, last));
        return table;
    }

    std::vector<std::string> cells(std::size_t row, std::size_t first, std::size_t last,
                                   bool with_bound) const {
        std::vector<std::string> cells{comparison_.budgets[row].choice.text,
                                       budget_text(comparison_.budgets[row])};
        for (std::size_t i = first; i < last; ++i) cells.push_back(cell(row, i));
        if (with_bound) cells.push_back(bound(comparison_.cells[row]));
        return cells;
    }

    std::string cell(std::size_t row, std::size_t i) const {
        const std::vector<RunResult>& results = comparison_.cells[row];
        if (!results[i].ran()) return shown(row, i);
        const Standing standing = leads_[row].standings[i];
        if (standing == Standing::none) return shown(row, i) + ' ';
        const std::string marked = shown(row, i) + (standing == Standing::leads ? '*' : '=');
        return console_.color ? text("{}{}{}", kBold, marked, kPlain) : marked;
    }

    std::string bound(const std::vector<RunResult>& row) const {
        const std::optional<Duration> bound = latency_bound(row);
        if (!bound) return std::string(kInfeasible);
        if (metric_->of_time) return in_unit(*bound, unit_);
        const Duration full =
            comparison_.full_memory ? comparison_.full_memory->latency.mean : Duration::zero();
        return full > Duration::zero() ? text("{:.3f}", share(*bound, full)) : std::string();
    }

    // The lower bound is one of time.
    bool bounded() const { return metric_->of_latency; }

    bool any_bound() const {
        return std::any_of(comparison_.cells.begin(), comparison_.cells.end(),
                           [](const auto& row) { return latency_bound(row).has_value(); });
    }

    std::vector<std::string> minima(std::size_t first, std::size_t last) const {
        std::vector<std::string> cells{"needs", "MiB"};
        for (std::size_t i = first; i < last; ++i)
            cells.push_back(mib(comparison_.policies[i].minimum) + ' ');
        return cells;
    }

    std::string key() const {
        std::string key;
        for (const auto& [number, spec] : headings_.key) key += text("{} {}\n", number, spec);
        return key;
    }

    bool any(Verdict verdict) const {
        const auto all = comparison_.results();
        return std::any_of(all.begin(), all.end(),
                           [&](const ComparedResult& r) { return r.result->verdict == verdict; });
    }

    bool any_tie() const {
        return std::ranges::any_of(leads_, [](const RowLeads& row) {
            return std::ranges::count(row.standings, Standing::tied) > 0;
        });
    }

    std::string first_refusal() const {
        for (const auto& [result, policy] : comparison_.results())
            if (result->verdict == Verdict::refused) return result->reason;
        return {};
    }

    std::string notes() const {
        std::vector<std::string> legend;
        if (specs_.size() > 1) {
            const bool sampled = replicated(comparison_);
            if (is_random(scenario_) && !sampled)
                legend.emplace_back(
                    "of one draw of noise nobody is known to be best "
                    "(--replications 10)");
            else
                legend.emplace_back(sampled ? "* best of the row, by more than chance"
                                            : "* best of the row");
            if (any_tie())
                legend.emplace_back(sampled ? "= cannot be told from the best" : "= equally good");
        }
        if (any(Verdict::infeasible)) legend.push_back(text("{} infeasible", kInfeasible));
        if (!specs_.empty()) legend.emplace_back("needs: the smallest budget of the policy");
        if (any(Verdict::interrupted)) legend.emplace_back("? interrupted");
        if (any(Verdict::refused)) legend.push_back("refused: " + first_refusal());
        if (any(Verdict::deadline_miss)) legend.emplace_back("! deadlines missed");
        const auto all = comparison_.results();
        if (std::ranges::any_of(all, [&](const ComparedResult& r) {
                return late_lanes(*r.result, scenario_.lateness).has_value();
            }))
            legend.emplace_back("~ invalid: later than the device by more than --lateness");
        std::string notes =
            legend.empty() ? std::string() : wrap(join(legend, "; "), columns()) + '\n';
        return notes + provenance_note(scenario_);
    }

    const Comparison& comparison_;
    const Scenario& scenario_;
    Metric metric_;
    const Console& console_;
    std::vector<RowLeads> leads_;
    std::vector<std::string> specs_;
    Headings headings_;
    TimeUnit unit_{"ns", 1};
};

}  // namespace

std::string comparison_table(const Comparison& comparison, Metric metric, const Console& console) {
    return Drawer(comparison, metric, console).draw();
}

std::string comparison_tables(const std::vector<Comparison>& comparisons, Metric metric,
                              const Console& console) {
    std::string tables;
    for (const Comparison& comparison : comparisons) {
        if (!tables.empty()) tables += '\n';
        tables += comparison_table(comparison, metric, console);
    }
    return tables;
}

}  // namespace swaplab
