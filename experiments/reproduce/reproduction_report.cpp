#include "experiments/reproduce/reproduction_report.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/text/layout.h"
#include "experiments/text/table.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::size_t kWidth = 100;

// Four digits: bands are narrower than a per cent of what they bound.
std::string digits(double value) {
    return std::abs(value) >= 1000 ? text("{:.0f}", value) : text("{:.4g}", value);
}

std::string interval_text(const FigureRange& interval) {
    if (interval.low == interval.high) return digits(interval.low);
    if (interval.low == 0) return text("<= {}", digits(interval.high));
    return text("{}..{}", digits(interval.low), digits(interval.high));
}

// What is below a millionth of the published figure is rounding.
std::string difference_text(const Figure& figure) {
    const double difference = figure.published->distance(figure.simulated);
    if (std::abs(difference) <= 1e-6 * std::abs(figure.published->high)) return "0";
    return text("{}{:.3g}", difference > 0 ? "+" : "", difference);
}

// "holds (3.3..3.7)": with the band where it is a gate.
std::string verdict_text(const Figure& figure) {
    const std::string_view verdict = verdict_of(figure);
    return figure.gated ? text("{} ({})", verdict, interval_text(*figure.band))
                        : std::string(verdict);
}

// Remarks as footnotes; the same one is written once.
class Footnotes {
  public:
    // " [1]", or nothing.
    std::string mark(const std::string& remark) {
        if (remark.empty()) return {};
        auto found = std::ranges::find(remarks_, remark);
        if (found == remarks_.end()) found = remarks_.insert(found, remark);
        return text(" [{}]", found - remarks_.begin() + 1);
    }
    std::string str() const {
        std::string lines;
        for (std::size_t i = 0; i < remarks_.size(); ++i)
            lines += definition(text("[{}]", i + 1), remarks_[i], 8, kWidth);
        return lines;
    }

  private:
    std::vector<std::string> remarks_;
};

std::string figure_table(const Reproduction& reproduction) {
    TextTable table;
    table.add_column({""}, Align::left);
    for (const char* heading : {"published", "simulated", "off by"}) table.add_column({heading});
    table.add_column({"verdict"}, Align::left);
    Footnotes footnotes;
    for (const Figure& figure : reproduction.figures)
        table.add_row(
            {figure.unit.empty() ? figure.what : text("{} ({})", figure.what, figure.unit),
             figure.published ? interval_text(*figure.published) : std::string("-"),
             digits(figure.simulated), figure.published ? difference_text(figure) : std::string(),
             verdict_text(figure) + footnotes.mark(figure.remark)});
    return table.str(2) + footnotes.str();
}

constexpr std::string_view kLegend =
    "off by: to the nearest end of a published range, 0 inside it; of % in points. In brackets "
    "the band of a gate. holds: as published, or within the band around a single figure; in band: "
    "the gate holds, but not the published range; no gate: shown only.";

// How many figures came out how.
std::string tally(const Reproduction& reproduction) {
    std::map<std::string_view, int> counts;
    for (const Figure& figure : reproduction.figures) ++counts[verdict_of(figure)];
    std::vector<std::string> parts;
    for (const auto& [verdict, count] : counts) parts.push_back(text("{} {}", count, verdict));
    return join(parts, ", ");
}

std::string assumption_lines(const Reproduction& reproduction) {
    std::string lines;
    for (const Assumption& assumption : reproduction.assumptions)
        lines += definition(
            name_of(assumption.origin),
            text("{}{}{}", assumption.what, assumption.value.empty() ? "" : ": ", assumption.value),
            13, kWidth);
    return lines;
}

}  // namespace

std::string reproduction_report(const Publication& publication, const Reproduction& reproduction) {
    std::string report =
        text("{}: {}\n{}\n\n", publication.name, publication.summary, publication.source);
    report += figure_table(reproduction) + wrap(kLegend, kWidth, 2) + '\n';
    report += "\nAssumed constants, and whose they are\n" + assumption_lines(reproduction) + '\n';
    for (const std::string& caveat : reproduction.caveats) report += wrap(caveat, kWidth) + '\n';
    report += text("\n{} figures: {}\n", reproduction.figures.size(), tally(reproduction));
    return report;
}

namespace {

void write_interval(JsonWriter& json, std::string_view key,
                    const std::optional<FigureRange>& interval) {
    json.key(key);
    if (!interval)
        json.null();
    else
        json.begin_array().value(interval->low).value(interval->high).end_array();
}

void write_figure(JsonWriter& json, const Figure& figure) {
    json.begin_object().member("what", figure.what).member("unit", figure.unit);
    write_interval(json, "published", figure.published);
    json.member("published_by", name_of(figure.origin)).member("simulated", figure.simulated);
    json.key("difference");
    if (figure.published)
        json.value(figure.published->distance(figure.simulated));
    else
        json.null();
    write_interval(json, "band", figure.band);
    json.member("gated", figure.gated).member("verdict", verdict_of(figure));
    json.member("remark", figure.remark).end_object();
}

}  // namespace

void write_reproduction(JsonWriter& json, const Publication& publication,
                        const Reproduction& reproduction) {
    json.begin_object().member("name", publication.name).member("source", publication.source);
    json.member("kind", "simulated").member("holds", reproduction.holds());
    json.key("figures").begin_array();
    for (const Figure& figure : reproduction.figures) write_figure(json, figure);
    json.end_array().key("assumptions").begin_array();
    for (const Assumption& assumption : reproduction.assumptions)
        json.begin_object()
            .member("what", assumption.what)
            .member("value", assumption.value)
            .member("origin", name_of(assumption.origin))
            .end_object();
    json.end_array().key("caveats").begin_array();
    for (const std::string& caveat : reproduction.caveats) json.value(caveat);
    json.end_array().end_object();
}

}  // namespace swaplab
