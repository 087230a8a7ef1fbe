#include "experiments/draw/chart.h"

#include <algorithm>
#include <cmath>

#include "experiments/draw/frame.h"
#include "experiments/draw/stacking.h"
#include "experiments/draw/style.h"

namespace swaplab {

namespace {

constexpr double kLineHeight = 17;
constexpr double kDetailHeight = 13;
constexpr std::string_view kReference = "#333333";

std::string tooltip(const ChartLine& line) {
    return line.detail.empty() ? line.name : line.name + ": " + line.detail;
}

std::vector<Pixel> pixels_of(const ChartLine& line, const Frame& frame) {
    std::vector<Pixel> pixels;
    for (const ChartPoint& point : line.points) pixels.push_back(frame.at(point));
    return pixels;
}

bool coincide(const std::vector<Pixel>& a, const std::vector<Pixel>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Pixel& p, const Pixel& q) {
        return std::abs(p.x - q.x) < 1 && std::abs(p.y - q.y) < 1;
    });
}

// Lines that lie on one another are drawn wider below and thinner above, so that each shows; of
// more than three, the last ones.
double width_of(std::size_t i, const std::vector<std::vector<Pixel>>& lines) {
    constexpr double widest = 8;
    double width = 2;
    for (std::size_t j = i + 1; j < lines.size(); ++j)
        if (coincide(lines[i], lines[j])) width += 3;
    return std::min(width, widest);
}

Stroke reference_stroke(const ChartLine& line) {
    return {kReference, 1.4, line.dotted ? "2 3" : ""};
}

void draw_references(Svg& svg, const Chart& chart, const Frame& frame) {
    for (const ChartLine& line : chart.references) {
        svg.begin_group("reference", line.name);
        if (line.points.size() == 1) {
            const double y = frame.at(line.points.front()).y;
            svg.line({frame.area.left, y}, {frame.area.right, y}, reference_stroke(line));
        } else {
            svg.polyline(pixels_of(line, frame), reference_stroke(line));
        }
        svg.end_group();
    }
}

void draw_lines(Svg& svg, const Chart& chart, const Frame& frame) {
    std::vector<std::vector<Pixel>> lines;
    for (const ChartLine& line : chart.lines) lines.push_back(pixels_of(line, frame));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].empty()) continue;
        const LineStyle style = line_style(i);
        svg.begin_group("line", chart.lines[i].name);
        if (lines[i].size() > 1)
            svg.polyline(lines[i], {style.color, width_of(i, lines), style.dash});
        for (const Pixel& point : lines[i]) draw_marker(svg, point, style);
        svg.end_group();
    }
}

// Labels stand to the right of the plot, each tied to the end of its line.
class Labels {
  public:
    Labels(const Chart& chart, const Frame& frame)
        : frame_(frame), references_(chart.references.size()) {
        for (const ChartLine& line : chart.references) lines_.push_back(&line);
        for (const ChartLine& line : chart.lines) lines_.push_back(&line);
        const double free = middle_of_largest_gap();
        for (const ChartLine* line : lines_)
            places_.push_back({line->points.empty() ? free : end_of(*line), height_of(*line), 0});
        stack(places_, top(), bottom());
    }

    void draw(Svg& svg) const {
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            svg.begin_group("label", tooltip(*lines_[i]));
            draw_one(svg, i);
            svg.end_group();
        }
    }

  private:
    double top() const { return frame_.area.top - 4; }
    double bottom() const { return frame_.area.bottom + 34; }
    double end_of(const ChartLine& line) const { return frame_.at(line.points.back()).y; }
    static double height_of(const ChartLine& line) {
        return kLineHeight + (line.detail.empty() ? 0 : kDetailHeight);
    }

    double middle_of_largest_gap() const;
    void draw_one(Svg& svg, std::size_t i) const;
    void draw_leader(Svg& svg, std::size_t i, double y, std::string_view color) const;

    const Frame& frame_;
    std::size_t references_;
    std::vector<StackedLabel> places_;
    std::vector<const ChartLine*> lines_;
};

// Where the labels of absent lines push the others about least.
double Labels::middle_of_largest_gap() const {
    std::vector<double> ends{top(), bottom()};
    for (const ChartLine* line : lines_)
        if (!line->points.empty()) ends.push_back(end_of(*line));
    std::sort(ends.begin(), ends.end());
    std::size_t widest = 1;
    for (std::size_t i = 2; i < ends.size(); ++i)
        if (ends[i] - ends[i - 1] > ends[widest] - ends[widest - 1]) widest = i;
    return (ends[widest] + ends[widest - 1]) / 2;
}

// From the end of the line to its label.
void Labels::draw_leader(Svg& svg, std::size_t i, double y, std::string_view color) const {
    const ChartLine& line = *lines_[i];
    if (line.points.empty()) return;
    const double edge = frame_.area.right;
    Pixel end = frame_.at(line.points.back());
    if (i < references_ && line.points.size() == 1) end.x = edge;
    svg.polyline(
        {{std::min(end.x + 6, edge), end.y}, {edge, end.y}, {edge + 16, y}, {edge + 20, y}},
        {color, 0.8, "", 0.6});
}

void Labels::draw_one(Svg& svg, std::size_t i) const {
    const ChartLine& line = *lines_[i];
    const StackedLabel& place = places_[i];
    const bool reference = i < references_;
    const bool absent = line.points.empty();
    const LineStyle style = reference
                                ? LineStyle{kReference, reference_stroke(line).dash, Marker::circle}
                                : line_style(i - references_);
    const double y = place.middle - (line.detail.empty() ? 0 : kDetailHeight / 2);
    const double left = frame_.area.right + 22;
    draw_leader(svg, i, y, style.color);
    svg.line({left, y}, {left + 24, y}, {style.color, reference ? 1.4 : 2, style.dash});
    if (!reference) draw_marker(svg, {left + 12, y}, style);
    const double width = kChartWidth - left - 34;
    svg.text({left + 30, y + 4}, fitted(line.name, width, 12),
             {12, absent ? "#777777" : "#111111"});
    if (!line.detail.empty())
        svg.text({left + 30, y + 4 + kDetailHeight}, fitted(line.detail, width, 10.5),
                 {10.5, "#666666"});
}

}  // namespace

std::string draw(const Chart& chart) {
    const Frame frame = frame_of(chart);
    Svg svg(kChartWidth, kChartHeight, chart.title);
    draw_titles(svg, chart, frame);
    draw_axes(svg, chart, frame);
    draw_references(svg, chart, frame);
    draw_lines(svg, chart, frame);
    Labels(chart, frame).draw(svg);
    return svg.str();
}

}  // namespace swaplab
