#include "experiments/draw/chart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "experiments/compare/comparison_plot.h"
#include "experiments/draw/frame.h"
#include "experiments/draw/scale.h"
#include "experiments/draw/stacking.h"
#include "experiments/draw/style.h"
#include "experiments/draw/svg.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

// The tags of a document, checked to be nested and closed; empty if it is not well-formed. Enough
// for what our writer can get wrong: stray '<', '&' or quotes, and groups left open.
std::vector<std::string> tags_of(const std::string& xml) {
    std::vector<std::string> tags;
    std::vector<std::string> open;
    for (std::size_t i = 0; i < xml.size(); ++i) {
        if (xml[i] == '&' && xml.find(';', i) > i + 6) return {};
        if (xml[i] != '<') continue;
        const std::size_t end = xml.find('>', i);
        if (end == std::string::npos) return {};
        const std::string tag = xml.substr(i + 1, end - i - 1);
        if (tag.find('<') != std::string::npos || std::count(tag.begin(), tag.end(), '"') % 2 != 0)
            return {};
        const std::string name = tag.substr(tag[0] == '/' ? 1 : 0, tag.find(' ') - (tag[0] == '/'));
        if (tag[0] == '/') {
            if (open.empty() || open.back() != tag.substr(1)) return {};
            open.pop_back();
        } else if (tag.back() != '/') {
            open.push_back(tag.substr(0, tag.find(' ')));
        }
        tags.push_back(tag);
        i = end;
    }
    return open.empty() ? tags : std::vector<std::string>{};
}

std::vector<Pixel> points_of(const std::string& tag) {
    const std::size_t start = tag.find("points=\"") + 8;
    std::istringstream list(tag.substr(start, tag.find('"', start) - start));
    std::vector<Pixel> points;
    char comma = 0;
    for (Pixel p; list >> p.x >> comma >> p.y;) points.push_back(p);
    return points;
}

Chart sample_chart() {
    Chart chart;
    chart.title = "<a> & \"b\"";
    chart.x_label = "Memory budget (MiB)";
    chart.y_label = "Latency (ms)";
    chart.x_low = 100;
    chart.x_high = 500;
    chart.x_unit = 500;
    chart.x_unit_label = "of the parameters";
    for (int i = 0; i < 12; ++i)
        chart.lines.push_back({"policy-" + std::to_string(i),
                               i % 2 == 0 ? "key=<value>" : "",
                               {{200.0 + i, 30.0 + i}, {500, 20.0 + i}},
                               false});
    chart.references = {{"full memory", "", {{100, 10}}, false}};
    chart.shaded_until = 200;
    chart.shaded_text = "no policy fits";
    return chart;
}

TEST(Scale, MapsLinearlyAndLogarithmically) {
    const Scale linear(Scale::Kind::linear, 0, 10, 100, 200);
    EXPECT_DOUBLE_EQ(linear(2.5), 125);
    const Scale down(Scale::Kind::logarithmic, 1, 100, 200, 0);
    EXPECT_DOUBLE_EQ(down(10), 100);
    const Scale point(Scale::Kind::linear, 5, 5, 0, 100);
    EXPECT_DOUBLE_EQ(point(5), 50);
}

TEST(Scale, TicksAreRoundAndInside) {
    const std::vector<double> ticks = Scale(Scale::Kind::linear, 97, 561, 0, 1).ticks(6);
    EXPECT_EQ(ticks, (std::vector<double>{100, 200, 300, 400, 500}));
    const std::vector<double> decades = Scale(Scale::Kind::logarithmic, 3, 700, 0, 1).ticks(6);
    EXPECT_EQ(decades, (std::vector<double>{5, 10, 20, 50, 100, 200, 500}));
    EXPECT_EQ(Scale(Scale::Kind::logarithmic, 1, 1e12, 0, 1).ticks(6).size(), 13U);
    EXPECT_EQ(tick_text(0.30000000000000004), "0.3");
    EXPECT_EQ(tick_text(2500), "2500");
}

TEST(Stacking, LabelsDoNotOverlapAndMoveLittle) {
    std::vector<StackedLabel> labels{{50, 10, 0}, {51, 10, 0}, {90, 10, 0}, {52, 20, 0}};
    stack(labels, 0, 100);
    EXPECT_DOUBLE_EQ(labels[2].middle, 90);
    EXPECT_LE(labels[0].middle + 10, labels[1].middle + 1e-9);
    EXPECT_LE(labels[1].middle + 15, labels[3].middle + 1e-9);
    EXPECT_NEAR(labels[1].middle, 48, 6);
    std::vector<StackedLabel> many(20, StackedLabel{100, 10, 0});
    stack(many, 0, 100);  // twice too high together: squeezed
    EXPECT_NEAR(many.front().middle, 2.5, 1e-9);
    EXPECT_NEAR(many.back().middle, 97.5, 1e-9);
}

TEST(Svg, EscapesText) {
    EXPECT_EQ(xml_escaped("a<b>&\"'\n"), "a&lt;b&gt;&amp;&quot;&apos;\\n");
    EXPECT_EQ(xml_escaped("\x1b[1m\xff\u202e"), "\\x1b[1m\\xff\\u202e");
    EXPECT_EQ(xml_escaped("0.3×"), "0.3×");
}

TEST(Svg, StylesDiffer) {
    for (std::size_t i = 0; i < 45; ++i)
        for (std::size_t j = 0; j < i; ++j) {
            const LineStyle a = line_style(i);
            const LineStyle b = line_style(j);
            EXPECT_FALSE(a.color == b.color && a.dash == b.dash) << i << ' ' << j;
        }
}

TEST(Chart, IsWellFormedAndTheSameEachTime) {
    const std::string svg = draw(sample_chart());
    EXPECT_FALSE(tags_of(svg).empty());
    EXPECT_EQ(svg, draw(sample_chart()));
    EXPECT_NE(svg.find("&lt;a&gt; &amp; &quot;b&quot;"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf\""), std::string::npos);
}

TEST(Chart, LinesStayInsideThePlot) {
    const PlotArea area;
    const std::string svg = draw(sample_chart());
    int lines = 0;
    std::string group;
    for (const std::string& tag : tags_of(svg)) {
        if (tag.starts_with("g ")) group = tag;
        if (!tag.starts_with("polyline") || group.find("\"line\"") == std::string::npos) continue;
        ++lines;
        for (const Pixel& p : points_of(tag)) {
            EXPECT_GE(p.x, area.left);
            EXPECT_LE(p.x, area.right);
            EXPECT_GE(p.y, area.top);
            EXPECT_LE(p.y, area.bottom);
        }
    }
    EXPECT_EQ(lines, 12);
}

TEST(Chart, DrawsWhatIsLittleOrNothing) {
    Chart nothing;
    nothing.x_low = nothing.x_high = 100;
    EXPECT_FALSE(tags_of(draw(nothing)).empty());
    Chart absent = sample_chart();
    for (ChartLine& line : absent.lines) line.points.clear();
    EXPECT_FALSE(tags_of(draw(absent)).empty());
    Chart single = sample_chart();
    single.x_low = single.x_high = 500;
    for (ChartLine& line : single.lines) line.points.resize(1);
    EXPECT_EQ(draw(single).find("nan"), std::string::npos);
}

TEST(Chart, AWideRangeOfLatenciesGetsALogarithm) {
    Chart chart = sample_chart();
    EXPECT_EQ(draw(chart).find("log scale"), std::string::npos);
    chart.lines[0].points.back().y = 1e6;
    EXPECT_NE(draw(chart).find("Latency (ms), log scale"), std::string::npos);
}

TEST(ComparisonPlot, LinesBeginAtTheMinimumAndTheRestIsShaded) {
    using namespace literals;
    const Scenario scenario = testing::made_up_scenario();
    Comparison comparison = testing::made_up_comparison(scenario);
    comparison.policies[0].minimum = 5_MiB;
    comparison.policies[0].at_minimum =
        testing::made_up_result("swapnet", 5_MiB, std::chrono::milliseconds(14));
    comparison.cells[0][0] = testing::made_up_refusal("swapnet", 4_MiB, 5_MiB);
    const Chart chart = comparison_chart(comparison);
    ASSERT_EQ(chart.lines.size(), 2U);
    ASSERT_EQ(chart.lines[0].points.size(), 3U);  // 5, 6 and 8 MiB
    EXPECT_DOUBLE_EQ(chart.lines[0].points[0].x, 5);
    EXPECT_DOUBLE_EQ(chart.lines[0].points[0].y, 14);
    EXPECT_EQ(chart.lines[1].detail, "pipeline=async");
    ASSERT_TRUE(chart.shaded_until.has_value());
    EXPECT_DOUBLE_EQ(*chart.shaded_until, 5);
    ASSERT_EQ(chart.references.size(), 2U);
    EXPECT_EQ(chart.references[1].points.size(), 1U);  // the same bound for all budgets
    EXPECT_DOUBLE_EQ(chart.references[1].points[0].y, 11);
}

}  // namespace
}  // namespace swaplab
