// The frame of a chart: where the plot area lies, its scales, axes, grid and titles.
#pragma once

#include <string>

#include "experiments/draw/chart.h"
#include "experiments/draw/scale.h"
#include "experiments/draw/svg.h"

namespace swaplab {

struct PlotArea {
    double left = 78;
    double right = 655;
    double top = 100;
    double bottom = 498;
};

struct Frame {
    PlotArea area;
    Scale x;
    Scale y;

    Pixel at(const ChartPoint& point) const { return {x(point.x), y(point.y)}; }
};

Frame frame_of(const Chart& chart);

void draw_titles(Svg& svg, const Chart& chart, const Frame& frame);
// The shade, the grid and both axes: what lies below the lines.
void draw_axes(Svg& svg, const Chart& chart, const Frame& frame);

// `text` cut to about `width` pixels at a font size, with "…" where something is missing.
std::string fitted(const std::string& text, double width, double font_size);

}  // namespace swaplab
