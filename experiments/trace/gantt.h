// A Gantt chart as data, and its drawing as SVG: lanes of bars, and below them what was held in
// layers against a limit. Same data, same bytes.
#pragma once

#include <string>
#include <vector>

namespace swaplab {

struct GanttBar {
    double from = 0;
    double to = 0;  // a bar without extent is drawn as a mark
    std::size_t color = 0;
    bool tick = false;  // a deadline: by `color` one that was met (0) or missed (1)
    std::string label;  // shown, or its first word, where it fits
    std::string tooltip;
};

struct GanttLane {
    std::string name;
    int rank = 0;       // lanes are drawn in ascending order
    bool grey = false;  // what explains the others: shades of grey instead of colours
    std::vector<GanttBar> bars;
};

// What was held from `at` on.
struct GanttSample {
    double at = 0;
    std::vector<double> layers;
};

struct GanttLimit {
    double at = 0;
    double value = 0;
};

struct GanttPanel {
    std::string name;
    std::vector<GanttLane> lanes;
    std::vector<std::string> layers;  // from below to above
    std::vector<GanttSample> samples;
    std::vector<GanttLimit> limits;
    std::string limit_name;
};

struct Gantt {
    std::string title;
    std::string subtitle;
    double from = 0;  // the part of the axis that is shown; everything is cut to it
    double to = 0;
    std::string x_label;
    std::string y_label;              // of the layers
    std::vector<std::string> legend;  // by colour
    std::vector<std::string> greys;   // by shade
    std::vector<GanttPanel> panels;
};

std::string draw(const Gantt& gantt);

}  // namespace swaplab
