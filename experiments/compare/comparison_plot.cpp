#include "experiments/compare/comparison_plot.h"

#include <algorithm>
#include <cmath>

#include "experiments/draw/svg.h"
#include "experiments/request/backends.h"
#include "experiments/run/run_report.h"
#include "experiments/text/figures.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

double in_mib(Bytes bytes) { return static_cast<double>(bytes.count) / 1048576; }

// The largest unit of which the slowest latency is several.
TimeUnit unit_of(const Comparison& comparison) {
    Duration slowest{};
    for (const auto& [result, policy] : comparison.results())
        if (result->ran()) slowest = std::max(slowest, result->latency.mean);
    if (comparison.full_memory) slowest = std::max(slowest, comparison.full_memory->latency.mean);
    return time_unit_for(slowest);
}

// Collects the lines of one comparison in one unit of time.
class Plotter {
  public:
    explicit Plotter(const Comparison& comparison)
        : comparison_(comparison), scenario_(*comparison.scenario), unit_(unit_of(comparison)) {
        find_range();
    }

    Chart chart() const {
        Chart chart;
        chart.title = text("{} on {}: latency against budget", scenario_.models_text(),
                           scenario_.device_text());
        chart.subtitle = subtitle();
        chart.x_label = "Memory budget (MiB)";
        chart.y_label =
            text("{} ({})", scenario_.has_several_requests() ? "Mean latency" : "Latency", unit_.name);
        chart.x_low = in_mib(low_);
        chart.x_high = in_mib(high_);
        chart.x_unit = in_mib(scenario_.parameter_bytes());
        chart.x_unit_label = "of the parameters";
        for (std::size_t i = 0; i < comparison_.policies.size(); ++i)
            chart.lines.push_back(line(i));
        add_references(chart);
        add_shade(chart);
        return chart;
    }

  private:
    double value(Duration d) const { return static_cast<double>(count_ns(d)) / unit_.ns; }

    Bytes budget(std::size_t row, std::size_t column) const {
        return comparison_.budgets[row].bytes.value_or(comparison_.policies[column].minimum);
    }

    void find_range() {
        low_ = Bytes{INT64_MAX};
        for (std::size_t row = 0; row < comparison_.budgets.size(); ++row) {
            for (std::size_t i = 0; i < comparison_.policies.size(); ++i) {
                low_ = std::min(low_, budget(row, i));
                high_ = std::max(high_, budget(row, i));
            }
        }
        if (high_ < low_) low_ = high_ = scenario_.parameter_bytes();
    }

    std::string subtitle() const {
        std::string subtitle =
            text("account {} · {} · {} · {}", name_of(scenario_.account), scenario_.arrival_text(),
                 scenario_.requests_text(), scenario_.backend->kind);
        if (scenario_.replications > 1)
            subtitle += text(" · means of {} replications", scenario_.replications);
        else if (scenario_.noise)
            subtitle += " · one draw of noise";
        if (!scenario_.measured()) subtitle += " · unvalidated (device not measured)";
        return subtitle;
    }

    ChartLine line(std::size_t i) const {
        const ComparedPolicy& policy = comparison_.policies[i];
        ChartLine line;
        const std::size_t colon = policy.choice.spec.find(':');
        line.name = policy.choice.spec.substr(0, colon);
        if (colon != std::string::npos) line.detail = policy.choice.spec.substr(colon + 1);
        const bool begins_inside = low_ <= policy.minimum && policy.minimum <= high_;
        if (policy.at_minimum && policy.at_minimum->ran() && begins_inside)
            line.points.push_back({in_mib(policy.minimum), value(policy.at_minimum->latency.mean)});
        for (std::size_t row = 0; row < comparison_.cells.size(); ++row) {
            const RunResult& cell = comparison_.cells[row][i];
            if (cell.ran())
                line.points.push_back({in_mib(budget(row, i)), value(cell.latency.mean)});
        }
        std::stable_sort(line.points.begin(), line.points.end(),
                         [](const auto& a, const auto& b) { return a.x < b.x; });
        const auto same_x = [](const auto& a, const auto& b) { return a.x == b.x; };
        line.points.erase(std::unique(line.points.begin(), line.points.end(), same_x),
                          line.points.end());
        if (line.points.empty())
            line.detail += text("{}needs {:.0f} MiB", line.detail.empty() ? "" : ", ",
                                std::ceil(in_mib(policy.minimum)));
        return line;
    }

    void add_references(Chart& chart) const {
        if (comparison_.full_memory && comparison_.full_memory->ran()) {
            const double y = value(comparison_.full_memory->latency.mean);
            chart.references.push_back({"full memory (direct)", "", {{chart.x_low, y}}});
        }
        ChartLine bound{"lower bound", "", {}, true};
        bool level = true;
        for (std::size_t row = 0; row < comparison_.cells.size(); ++row) {
            const std::optional<Duration> of_row = latency_bound(comparison_.cells[row]);
            if (!of_row) continue;
            const Bytes budget = comparison_.budgets[row].bytes.value_or(low_);
            bound.points.push_back({in_mib(budget), value(*of_row)});
            level = level && bound.points.back().y == bound.points.front().y;
        }
        if (bound.points.empty()) return;
        if (level) bound.points.resize(1);
        chart.references.push_back(std::move(bound));
    }

    void add_shade(Chart& chart) const {
        const auto least =
            std::min_element(comparison_.policies.begin(), comparison_.policies.end(),
                             [](const auto& a, const auto& b) { return a.minimum < b.minimum; });
        if (least == comparison_.policies.end() || least->minimum <= low_) return;
        chart.shaded_until = in_mib(least->minimum);
        chart.shaded_text = least->minimum > high_
                                ? text("no policy fits these budgets: {} needs {}",
                                       least->choice.spec, format_bytes(least->minimum))
                                : std::string("no policy fits");
    }

    const Comparison& comparison_;
    const Scenario& scenario_;
    TimeUnit unit_;
    Bytes low_;
    Bytes high_;
};

}  // namespace

Chart comparison_chart(const Comparison& comparison) { return Plotter(comparison).chart(); }

std::string comparison_drawing(const std::vector<Comparison>& comparisons) {
    std::vector<std::string> drawings;
    for (const Comparison& comparison : comparisons)
        drawings.push_back(draw(comparison_chart(comparison)));
    if (drawings.size() == 1) return drawings.front();
    return stacked(drawings, kChartWidth, kChartHeight, "Latency against budget");
}

}  // namespace swaplab
