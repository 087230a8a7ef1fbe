// How the lines of a plot are told apart: by colour, by dashes and by markers, so that each alone
// would do for a few lines. The colours are chosen to differ for colour-blind readers, too
// (Okabe and Ito 2008; Tol 2021).
#pragma once

#include <cstddef>

#include "experiments/draw/svg.h"

namespace swaplab {

enum class Marker : std::uint8_t { circle, square, triangle, diamond, inverted, cross, plus };

struct LineStyle {
    std::string_view color;
    std::string_view dash;
    Marker marker;
};

// The i-th line of a plot; 63 in a row are all different.
LineStyle line_style(std::size_t i);

void draw_marker(Svg& svg, Pixel center, const LineStyle& style);

}  // namespace swaplab
