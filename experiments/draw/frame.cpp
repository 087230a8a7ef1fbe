#include "experiments/draw/frame.h"

#include <algorithm>
#include <limits>

#include "experiments/text/layout.h"

namespace swaplab {

namespace {

constexpr std::string_view kGrid = "#e4e4e4";
constexpr std::string_view kAxis = "#777777";
constexpr std::string_view kFaint = "#666666";
constexpr std::string_view kShade = "#f1efec";
constexpr double kSpanForLogarithm = 20;

struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    void add(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    bool empty() const { return low > high; }
};

Range values_of(const Chart& chart) {
    Range range;
    for (const auto* lines : {&chart.lines, &chart.references})
        for (const ChartLine& line : *lines)
            for (const ChartPoint& point : line.points) range.add(point.y);
    return range;
}

// Leaves some air above and below, where the shade's text and the markers go.
Scale y_scale(const Chart& chart, const PlotArea& area) {
    const Range range = values_of(chart);
    if (range.empty()) return {Scale::Kind::linear, 0, 1, area.bottom, area.top};
    if (range.low > 0 && range.high > kSpanForLogarithm * range.low)
        return {Scale::Kind::logarithmic, range.low * 0.8, range.high * 1.4, area.bottom, area.top};
    double span = range.high - range.low;
    if (span < 0.02 * range.high) span = 0.02 * range.high;  // equal values are not magnified
    const double low = std::max(0.0, range.low - 0.10 * span);
    return {Scale::Kind::linear, low, range.high + 0.14 * span, area.bottom, area.top};
}

Scale x_scale(const Chart& chart, const PlotArea& area) {
    const double margin =
        chart.x_high > chart.x_low ? 0.025 * (chart.x_high - chart.x_low) : 0.2 * chart.x_high;
    if (chart.x_low > 0 && chart.x_high > kSpanForLogarithm * 2 * chart.x_low)
        return {Scale::Kind::logarithmic, chart.x_low * 0.9, chart.x_high * 1.1, area.left,
                area.right};
    return {Scale::Kind::linear, std::max(0.0, chart.x_low - margin), chart.x_high + margin,
            area.left, area.right};
}

std::string axis_label(const std::string& label, const Scale& scale) {
    return scale.kind() == Scale::Kind::linear ? label : label + ", log scale";
}

void draw_x_axis(Svg& svg, const Chart& chart, const Frame& frame) {
    const PlotArea& area = frame.area;
    for (const double tick : frame.x.ticks(7)) {
        const double x = frame.x(tick);
        svg.line({x, area.top}, {x, area.bottom}, {kGrid});
        svg.line({x, area.bottom}, {x, area.bottom + 5}, {kAxis});
        svg.text({x, area.bottom + 20}, tick_text(tick), {12, "#222222", Anchor::middle});
    }
    svg.text({(area.left + area.right) / 2, area.bottom + 44}, axis_label(chart.x_label, frame.x),
             {13, "#222222", Anchor::middle});
    if (!(chart.x_unit > 0)) return;
    const Scale above(frame.x.kind(), frame.x.low() / chart.x_unit, frame.x.high() / chart.x_unit,
                      area.left, area.right);
    for (const double tick : above.ticks(9)) {
        const double x = above(tick);
        svg.line({x, area.top - 4}, {x, area.top}, {kAxis});
        svg.text({x, area.top - 8}, tick_text(tick) + "x", {11, kFaint, Anchor::middle});
    }
    svg.text({area.right + 14, area.top - 8}, chart.x_unit_label, {11, kFaint});
}

void draw_y_axis(Svg& svg, const Chart& chart, const Frame& frame) {
    const PlotArea& area = frame.area;
    for (const double tick : frame.y.ticks(7)) {
        const double y = frame.y(tick);
        svg.line({area.left, y}, {area.right, y}, {kGrid});
        svg.line({area.left - 5, y}, {area.left, y}, {kAxis});
        svg.text({area.left - 9, y + 4}, tick_text(tick), {12, "#222222", Anchor::end});
    }
    svg.text({22, (area.top + area.bottom) / 2}, axis_label(chart.y_label, frame.y),
             {13, "#222222", Anchor::middle, false, true});
}

void draw_shade(Svg& svg, const Chart& chart, const Frame& frame) {
    if (!chart.shaded_until) return;
    const PlotArea& area = frame.area;
    const double right = std::clamp(frame.x(*chart.shaded_until), area.left, area.right);
    svg.begin_group("infeasible", chart.shaded_text);
    svg.rectangle({area.left, area.top}, right - area.left, area.bottom - area.top, kShade);
    svg.end_group();
}

// Drawn after the grid. Too narrow a shade is left to its tooltip.
void draw_shade_text(Svg& svg, const Chart& chart, const Frame& frame) {
    if (!chart.shaded_until) return;
    const PlotArea& area = frame.area;
    const double right = std::clamp(frame.x(*chart.shaded_until), area.left, area.right);
    const double needed = 6.4 * static_cast<double>(display_width(chart.shaded_text)) + 12;
    if (right - area.left >= needed)
        svg.text({(area.left + right) / 2, area.top + 18}, chart.shaded_text,
                 {12, kFaint, Anchor::middle});
    else if (right - area.left >= 20)
        svg.text({(area.left + right) / 2 + 4, area.top + 12}, chart.shaded_text,
                 {12, kFaint, Anchor::end, false, true});
}

}  // namespace

std::string fitted(const std::string& text, double width, double font_size) {
    const auto most = static_cast<std::size_t>(std::max(1.0, width / (0.53 * font_size)));
    if (display_width(text) <= most) return text;
    std::string cut;
    std::size_t shown = 0;
    for (const char c : text) {
        const bool starts = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
        if (starts && ++shown == most) break;
        cut += c;
    }
    return cut + "…";
}

Frame frame_of(const Chart& chart) {
    const PlotArea area;
    return {area, x_scale(chart, area), y_scale(chart, area)};
}

void draw_titles(Svg& svg, const Chart& chart, const Frame& frame) {
    const double width = kChartWidth - frame.area.left - 20;
    svg.text({frame.area.left, 32}, fitted(chart.title, width, 20),
             {17, "#111111", Anchor::start, true});
    svg.text({frame.area.left, 54}, fitted(chart.subtitle, width, 12), {12, kFaint});
}

void draw_axes(Svg& svg, const Chart& chart, const Frame& frame) {
    draw_shade(svg, chart, frame);
    draw_x_axis(svg, chart, frame);
    draw_y_axis(svg, chart, frame);
    const PlotArea& area = frame.area;
    svg.line({area.left, area.top}, {area.left, area.bottom}, {kAxis});
    svg.line({area.left, area.bottom}, {area.right, area.bottom}, {kAxis});
    draw_shade_text(svg, chart, frame);
}

}  // namespace swaplab
