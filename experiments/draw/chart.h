// A line chart as data, and its drawing as SVG. Same data, same bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace swaplab {

struct ChartPoint {
    double x = 0;
    double y = 0;
};

struct ChartLine {
    std::string name;
    std::string detail;              // a second, smaller line of its label
    std::vector<ChartPoint> points;  // ascending in x; may be empty, then only the label is drawn
    bool dotted = false;             // of a reference
};

struct Chart {
    std::string title;
    std::string subtitle;
    std::string x_label;
    std::string y_label;
    std::vector<ChartLine> lines;  // told apart by colour, dashes and markers
    // Thin and grey: what the lines are compared with. One point stands for a line at that height.
    std::vector<ChartLine> references;
    double x_low = 0;  // the range of x that is shown
    double x_high = 0;
    double x_unit = 0;                   // a second axis above counts in this unit (> 0) ...
    std::string x_unit_label;            // ... and is called so
    std::optional<double> shaded_until;  // from the left edge; the text stands in it
    std::string shaded_text;
};

inline constexpr int kChartWidth = 900;
inline constexpr int kChartHeight = 560;

// The y axis is logarithmic where the largest value is more than 20 times the smallest.
std::string draw(const Chart& chart);

}  // namespace swaplab
