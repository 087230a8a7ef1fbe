#include "experiments/trace/gantt.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "experiments/draw/frame.h"
#include "experiments/draw/scale.h"
#include "experiments/draw/style.h"
#include "experiments/draw/svg.h"
#include "experiments/text/layout.h"

namespace swaplab {

namespace {

constexpr double kWidth = 1200;
constexpr double kLeft = 104;
constexpr double kRight = 1056;  // the legends stand to the right
constexpr double kTop = 84;
constexpr double kBarHeight = 24;
constexpr double kLaneHeight = 30;
constexpr double kLayersHeight = 130;
constexpr double kGap = 26;  // between lanes and layers, and between panels
constexpr double kAxisHeight = 56;
constexpr double kLabelSize = 11;

constexpr std::string_view kGrid = "#e4e4e4";
constexpr std::string_view kAxis = "#777777";
constexpr std::string_view kFaint = "#666666";
// By what compute waits for: memory, reads, copies, assemblies, (nothing,) other things.
constexpr std::array<std::string_view, 6> kGreys{"#4d4d4d", "#9a9a9a", "#7c8797",
                                                 "#b3a78f", "#eeeeee", "#cccccc"};
constexpr std::array<std::string_view, 2> kTicks{"#111111", "#d00000"};  // deadlines: met, missed
constexpr std::array<std::string_view, 7> kLayerColors{"#9ecae1", "#fdd0a2", "#fdae6b", "#a1d99b",
                                                       "#c7e9c0", "#dadaeb", "#d9d9d9"};

// Where a panel lies, from above to below.
struct PanelArea {
    double lanes = 0;
    double layers = 0;
    double bottom = 0;
};

class Drawing {
  public:
    explicit Drawing(const Gantt& gantt);
    std::string draw();

  private:
    void draw_time_axis();
    void draw_legend();
    void draw_lane(const GanttLane& lane, double top);
    void draw_bar(const GanttLane& lane, const GanttBar& bar, double top);
    void draw_label(const GanttBar& bar, double left, double right, double top,
                    std::string_view fill);
    void draw_layers(const GanttPanel& panel, const PanelArea& area);
    void draw_sample(const GanttSample& sample, double until, const Scale& y);
    void draw_limits(const GanttPanel& panel, const Scale& y);
    void draw_layer_names(const GanttPanel& panel, const PanelArea& area);
    double x(double at) const { return time_(std::clamp(at, gantt_.from, gantt_.to)); }

    const Gantt& gantt_;
    std::vector<PanelArea> areas_;
    double bottom_;
    Scale time_;
    Svg svg_;
};

// The panels below one another.
std::vector<PanelArea> areas_of(const Gantt& gantt) {
    std::vector<PanelArea> areas;
    double bottom = kTop;
    for (const GanttPanel& panel : gantt.panels) {
        PanelArea area;
        area.lanes = bottom + (areas.empty() ? 0 : kGap) + (gantt.panels.size() > 1 ? 18 : 0);
        area.layers = area.lanes + kLaneHeight * static_cast<double>(panel.lanes.size()) + kGap;
        area.bottom = area.layers + (panel.samples.empty() ? -kGap : kLayersHeight);
        bottom = area.bottom;
        areas.push_back(area);
    }
    return areas;
}

Drawing::Drawing(const Gantt& gantt)
    : gantt_(gantt),
      areas_(areas_of(gantt)),
      bottom_(areas_.empty() ? kTop : areas_.back().bottom),
      time_(Scale::Kind::linear, gantt.from, gantt.to, kLeft, kRight),
      svg_(static_cast<int>(kWidth), static_cast<int>(bottom_ + kAxisHeight), gantt.title) {}

std::string Drawing::draw() {
    svg_.text({kLeft, 30}, fitted(gantt_.title, kWidth - kLeft - 20, 17),
              {17, "#111111", Anchor::start, true});
    svg_.text({kLeft, 50}, fitted(gantt_.subtitle, kWidth - kLeft - 20, 12), {12, kFaint});
    draw_time_axis();
    draw_legend();
    for (std::size_t p = 0; p < areas_.size(); ++p) {
        const GanttPanel& panel = gantt_.panels[p];
        if (areas_.size() > 1)
            svg_.text({kLeft, areas_[p].lanes - 8}, panel.name,
                      {12, "#111111", Anchor::start, true});
        std::vector<const GanttLane*> lanes;
        for (const GanttLane& lane : panel.lanes) lanes.push_back(&lane);
        std::ranges::stable_sort(lanes, {}, &GanttLane::rank);
        for (std::size_t i = 0; i < lanes.size(); ++i)
            draw_lane(*lanes[i], areas_[p].lanes + kLaneHeight * static_cast<double>(i));
        if (!panel.samples.empty()) draw_layers(panel, areas_[p]);
    }
    return svg_.str();
}

void Drawing::draw_time_axis() {
    for (const double tick : time_.ticks(10)) {
        svg_.line({time_(tick), kTop - 4}, {time_(tick), bottom_}, {kGrid});
        svg_.line({time_(tick), bottom_}, {time_(tick), bottom_ + 5}, {kAxis});
        svg_.text({time_(tick), bottom_ + 20}, tick_text(tick), {12, "#222222", Anchor::middle});
    }
    svg_.line({kLeft, bottom_}, {kRight, bottom_}, {kAxis});
    svg_.text({(kLeft + kRight) / 2, bottom_ + 42}, gantt_.x_label,
              {13, "#222222", Anchor::middle});
}

void Drawing::draw_legend() {
    double y = kTop + 14;
    const auto entry = [&](const std::string& name, std::string_view color) {
        if (name.empty()) return;
        svg_.rectangle({kRight + 14, y - 10}, 12, 12, color);
        svg_.text({kRight + 32, y}, fitted(name, kWidth - kRight - 40, 12), {12});
        y += 18;
    };
    for (std::size_t i = 0; i < gantt_.legend.size(); ++i)
        entry(gantt_.legend[i], line_style(i).color);
    for (std::size_t i = 0; i < gantt_.greys.size(); ++i)
        entry(gantt_.greys[i], kGreys[i % kGreys.size()]);
}

void Drawing::draw_lane(const GanttLane& lane, double top) {
    svg_.text({kLeft - 10, top + kBarHeight / 2 + 4}, fitted(lane.name, kLeft - 14, 12),
              {12, "#222222", Anchor::end});
    svg_.line({kLeft, top + kBarHeight + 2}, {kRight, top + kBarHeight + 2}, {kGrid, 0.8});
    for (const GanttBar& bar : lane.bars) draw_bar(lane, bar, top);
}

void Drawing::draw_bar(const GanttLane& lane, const GanttBar& bar, double top) {
    if (bar.to < gantt_.from || bar.from > gantt_.to) return;
    const double left = x(bar.from);
    const double right = x(bar.to);
    const std::string_view fill =
        lane.grey ? kGreys[bar.color % kGreys.size()] : line_style(bar.color).color;
    svg_.begin_group("bar", bar.tooltip);
    if (bar.tick) {
        svg_.line({left, top - 2}, {left, top + kBarHeight + 2},
                  {kTicks[std::min<std::size_t>(bar.color, 1)], 2});
        svg_.end_group();
        return;
    }
    if (right - left < 0.4) {
        svg_.line({left, top}, {left, top + kBarHeight}, {fill, 0.8});
    } else {
        const double seam = right - left > 3 ? 0.8 : 0;  // shows where one ends and the next begins
        svg_.rectangle({left, top}, right - left - seam, kBarHeight, fill);
        draw_label(bar, left, right, top, fill);
    }
    svg_.end_group();
}

void Drawing::draw_label(const GanttBar& bar, double left, double right, double top,
                         std::string_view fill) {
    const double room = right - left - 6;
    const auto width_of = [](std::string_view label) {
        return 0.56 * kLabelSize * static_cast<double>(display_width(label));
    };
    std::string label = bar.label;
    if (width_of(label) > room) label = label.substr(0, label.find(' '));
    if (width_of(label) > room) return;
    svg_.text({(left + right) / 2, top + kBarHeight / 2 + 4}, label,
              {kLabelSize, fill == kGreys[5] ? "#222222" : "#ffffff", Anchor::middle});
}

double highest(const GanttPanel& panel) {
    double high = 0;
    for (const GanttLimit& limit : panel.limits) high = std::max(high, limit.value);
    for (const GanttSample& sample : panel.samples)
        high = std::max(high, std::accumulate(sample.layers.begin(), sample.layers.end(), 0.0));
    return high;
}

void Drawing::draw_layers(const GanttPanel& panel, const PanelArea& area) {
    const Scale y(Scale::Kind::linear, 0, highest(panel) * 1.06, area.bottom, area.layers);
    for (const double tick : y.ticks(4)) {
        svg_.line({kLeft, y(tick)}, {kRight, y(tick)}, {kGrid});
        svg_.text({kLeft - 9, y(tick) + 4}, tick_text(tick), {11, "#222222", Anchor::end});
    }
    for (std::size_t i = 0; i < panel.samples.size(); ++i)
        draw_sample(panel.samples[i],
                    i + 1 < panel.samples.size() ? panel.samples[i + 1].at : gantt_.to, y);
    draw_limits(panel, y);
    svg_.line({kLeft, area.layers}, {kLeft, area.bottom}, {kAxis});
    svg_.line({kLeft, area.bottom}, {kRight, area.bottom}, {kAxis});
    svg_.text({24, (area.layers + area.bottom) / 2}, gantt_.y_label,
              {12, "#222222", Anchor::middle, false, true});
    draw_layer_names(panel, area);
}

void Drawing::draw_sample(const GanttSample& sample, double until, const Scale& y) {
    const double left = x(sample.at);
    const double right = x(until);
    if (right <= left) return;
    double sum = 0;
    for (std::size_t layer = 0; layer < sample.layers.size(); ++layer) {
        const double value = sample.layers[layer];
        if (value <= 0) continue;
        const double top = y(sum + value);
        svg_.rectangle({left, top}, right - left + 0.3, y(sum) - top,
                       kLayerColors[layer % kLayerColors.size()]);
        sum += value;
    }
}

void Drawing::draw_limits(const GanttPanel& panel, const Scale& y) {
    for (std::size_t i = 0; i < panel.limits.size(); ++i) {
        const double until = i + 1 < panel.limits.size() ? panel.limits[i + 1].at : gantt_.to;
        const double height = y(panel.limits[i].value);
        svg_.line({x(panel.limits[i].at), height}, {x(until), height}, {"#333333", 1.4, "7 4"});
    }
    if (!panel.limits.empty())
        svg_.text({kRight + 14, y(panel.limits.back().value) + 4}, panel.limit_name,
                  {12, "#333333"});
}

// Of the layers that ever held something, in the order in which they lie on one another.
void Drawing::draw_layer_names(const GanttPanel& panel, const PanelArea& area) {
    double y = area.bottom - 4;
    for (std::size_t layer = 0; layer < panel.layers.size(); ++layer) {
        const bool used = std::ranges::any_of(
            panel.samples, [&](const GanttSample& s) { return s.layers[layer] > 0; });
        if (!used) continue;
        svg_.rectangle({kRight + 14, y - 10}, 12, 12, kLayerColors[layer % kLayerColors.size()]);
        svg_.text({kRight + 32, y}, panel.layers[layer], {12});
        y -= 18;
    }
}

}  // namespace

std::string draw(const Gantt& gantt) { return Drawing(gantt).draw(); }

}  // namespace swaplab
