#include "experiments/validate/validation_plot.h"

#include <algorithm>
#include <cmath>

#include "experiments/draw/frame.h"
#include "experiments/draw/scale.h"
#include "experiments/draw/style.h"
#include "experiments/draw/svg.h"
#include "experiments/request/backends.h"
#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr int kWidth = 820;
constexpr int kHeight = 730;
constexpr PlotArea kArea{78, 566, 84, 500};
constexpr PlotArea kErrors{78, 566, 528, 668};  // below: the same points, by their error
constexpr double kBand = 0.05;
constexpr std::string_view kGrid = "#e4e4e4";
constexpr std::string_view kAxis = "#777777";
constexpr std::string_view kFaint = "#666666";
constexpr std::string_view kBandFill = "#e9f1ea";

// Both axes have one range, so that the diagonal is one.
class Picture {
  public:
    explicit Picture(const Assessment& assessment)
        : assessment_(assessment),
          unit_(time_unit_for(Duration{static_cast<std::int64_t>(low_ns(assessment))})),
          x_(scale(kArea.left, kArea.right)),
          y_(scale(kArea.bottom, kArea.top)),
          error_(error_scale()),
          svg_(kWidth, kHeight, "predicted against measured latency") {
        for (const Point& point : assessment.points)
            if (std::ranges::find(policies_, point.configuration->policy.spec) == policies_.end())
                policies_.push_back(point.configuration->policy.spec);
    }

    std::string draw() {
        draw_titles();
        draw_band();
        draw_axes();
        draw_error_axis();
        draw_points();
        draw_legend();
        return svg_.str();
    }

  private:
    static double low_ns(const Assessment& a) {
        double low = a.points.front().measured_ns;
        for (const Point& p : a.points) low = std::min({low, p.predicted_ns, p.measured_ns});
        return low;
    }
    static double high_ns(const Assessment& a) {
        double high = 0;
        for (const Point& p : a.points) high = std::max({high, p.predicted_ns, p.measured_ns});
        return high;
    }
    Scale scale(double from, double to) const {
        constexpr double span_for_logarithm = 6;
        const double low = low_ns(assessment_) / unit_.ns;
        const double high = high_ns(assessment_) / unit_.ns;
        if (high > span_for_logarithm * low)
            return {Scale::Kind::logarithmic, low * 0.85, high * 1.18, from, to};
        const double margin = std::max(0.08 * (high - low), 0.01 * high);
        return {Scale::Kind::linear, std::max(0.0, low - margin), high + margin, from, to};
    }
    // Always with the band in sight, so that small errors look small.
    Scale error_scale() const {
        double most = kBand * 1.4;
        for (const Point& p : assessment_.points) most = std::max(most, 1.1 * std::abs(p.error));
        return {Scale::Kind::linear, -most, most, kErrors.bottom, kErrors.top};
    }
    Pixel at(double measured_ns, double predicted_ns) const {
        return {x_(measured_ns / unit_.ns), y_(predicted_ns / unit_.ns)};
    }

    void draw_titles();
    void draw_band();
    void draw_axes();
    void draw_error_axis();
    void draw_points();
    void draw_legend();

    const Assessment& assessment_;
    TimeUnit unit_;
    Scale x_, y_, error_;
    Svg svg_;
    std::vector<std::string> policies_;
};

std::string studies_text(const Assessment& assessment) {
    std::vector<std::string> names;
    for (const Point& point : assessment.points) {
        const std::string name = text("{} on {}", point.study->scenario->models_text(),
                                      point.study->scenario->device_text());
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return join(names, ", ");
}

void Picture::draw_titles() {
    svg_.text({kArea.left, 32}, fitted(studies_text(assessment_), kWidth - kArea.left - 20, 17),
              {17, "#111111", Anchor::start, true});
    const std::string subtitle =
        text("{}: median error {:.2f} %, 95th percentile {:.2f} %; whiskers: range of the repeats",
             plural(std::ssize(assessment_.points), "configuration"),
             100 * assessment_.median_error, 100 * assessment_.p95_error);
    svg_.text({kArea.left, 54}, subtitle, {12, kFaint});
}

// Cut at the frame by going along its edges in small steps.
void Picture::draw_band() {
    constexpr int steps = 64;
    std::vector<Pixel> upper;
    std::vector<Pixel> lower;
    for (int i = 0; i <= steps; ++i) {
        const double share = static_cast<double>(i) / steps;
        const double value = x_.kind() == Scale::Kind::linear
                                 ? x_.low() + share * (x_.high() - x_.low())
                                 : x_.low() * std::pow(x_.high() / x_.low(), share);
        const auto y = [&](double v) {
            return std::clamp(y_(std::clamp(v, y_.low(), y_.high())), kArea.top, kArea.bottom);
        };
        const double x = kArea.left + (kArea.right - kArea.left) * share;
        upper.push_back({x, y(value * (1 + kBand))});
        lower.push_back({x, y(value * (1 - kBand))});
    }
    upper.insert(upper.end(), lower.rbegin(), lower.rend());
    svg_.begin_group("band", "+-5 %");
    svg_.area(upper, kBandFill);
    svg_.rectangle({kErrors.left, error_(kBand)}, kErrors.right - kErrors.left,
                   error_(-kBand) - error_(kBand), kBandFill);
    svg_.end_group();
}

void Picture::draw_error_axis() {
    for (const double percent : Scale(Scale::Kind::linear, 100 * error_.low(), 100 * error_.high(),
                                      kErrors.bottom, kErrors.top)
                                    .ticks(5)) {
        const double y = error_(percent / 100);
        svg_.line({kErrors.left, y}, {kErrors.right, y}, {kGrid});
        svg_.line({kErrors.left - 5, y}, {kErrors.left, y}, {kAxis});
        svg_.text({kErrors.left - 9, y + 4}, tick_text(percent), {12, "#222222", Anchor::end});
    }
    svg_.line({kErrors.left, error_(0)}, {kErrors.right, error_(0)}, {"#333333", 1.2});
    svg_.line({kErrors.left, kErrors.top}, {kErrors.left, kErrors.bottom}, {kAxis});
    svg_.text({22, (kErrors.top + kErrors.bottom) / 2}, "error (%)",
              {13, "#222222", Anchor::middle, false, true});
}

void Picture::draw_axes() {
    for (const double tick : x_.ticks(6)) {
        const double x = x_(tick);
        svg_.line({x, kArea.top}, {x, kArea.bottom}, {kGrid});
        svg_.line({x, kErrors.top}, {x, kErrors.bottom}, {kGrid});
        svg_.line({x, kErrors.bottom}, {x, kErrors.bottom + 5}, {kAxis});
        svg_.text({x, kErrors.bottom + 20}, tick_text(tick), {12, "#222222", Anchor::middle});
        const double y = y_(tick);
        svg_.line({kArea.left, y}, {kArea.right, y}, {kGrid});
        svg_.line({kArea.left - 5, y}, {kArea.left, y}, {kAxis});
        svg_.text({kArea.left - 9, y + 4}, tick_text(tick), {12, "#222222", Anchor::end});
    }
    svg_.line({kArea.left, kArea.top}, {kArea.left, kArea.bottom}, {kAxis});
    for (const double bottom : {kArea.bottom, kErrors.bottom})
        svg_.line({kArea.left, bottom}, {kArea.right, bottom}, {kAxis});
    svg_.line({x_(x_.low()), y_(y_.low())}, {x_(x_.high()), y_(y_.high())}, {"#333333", 1.2});
    const std::string scale = x_.kind() == Scale::Kind::linear ? "" : ", log scale";
    svg_.text({(kArea.left + kArea.right) / 2, kErrors.bottom + 44},
              text("{} latency ({}{})", assessment_.points.front().study->against->kind, unit_.name,
                   scale),
              {13, "#222222", Anchor::middle});
    svg_.text({22, (kArea.top + kArea.bottom) / 2},
              text("predicted latency ({}{})", unit_.name, scale),
              {13, "#222222", Anchor::middle, false, true});
}

void Picture::draw_points() {
    for (const Point& point : assessment_.points) {
        const Configuration& configuration = *point.configuration;
        const auto policy = std::ranges::find(policies_, configuration.policy.spec);
        const LineStyle style = line_style(static_cast<std::size_t>(policy - policies_.begin()));
        svg_.begin_group("point",
                         text("{}, {} at {}: predicted {}, {} {} {}, error {:+.2f} %",
                              point.study->scenario->models_text(), configuration.policy.spec,
                              configuration.budget.text, significant(point.predicted_ns / unit_.ns),
                              point.study->against->kind, significant(point.measured_ns / unit_.ns),
                              unit_.name, 100 * point.error));
        const std::vector<double> all = configuration.measured_ns();
        const auto [least, most] = std::ranges::minmax(all);
        const auto inside = [](double x) { return std::clamp(x, kArea.left, kArea.right); };
        const double y = at(point.measured_ns, point.predicted_ns).y;
        svg_.line({inside(at(least, point.predicted_ns).x), y},
                  {inside(at(most, point.predicted_ns).x), y}, {style.color, 1.2, "", 0.6});
        draw_marker(svg_, at(point.measured_ns, point.predicted_ns), style);
        draw_marker(svg_, {at(point.measured_ns, point.predicted_ns).x, error_(point.error)},
                    style);
        svg_.end_group();
    }
}

void Picture::draw_legend() {
    const double left = kArea.right + 24;
    double y = kArea.top + 8;
    for (std::size_t i = 0; i < policies_.size(); ++i, y += 20) {
        svg_.begin_group("label", policies_[i]);
        draw_marker(svg_, {left, y}, line_style(i));
        svg_.text({left + 14, y + 4}, fitted(policies_[i], kWidth - left - 30, 12),
                  {12, "#111111"});
        svg_.end_group();
    }
    y += 8;
    svg_.line({left - 8, y}, {left + 8, y}, {"#333333", 1.2});
    svg_.text({left + 14, y + 4}, "as predicted", {12, kFaint});
    svg_.rectangle({left - 8, y + 14}, 16, 12, kBandFill);
    svg_.text({left + 14, y + 24}, "within 5 %", {12, kFaint});
}

}  // namespace

std::string draw_validation(const Assessment& assessment) { return Picture(assessment).draw(); }

}  // namespace swaplab
