#include "experiments/draw/style.h"

#include <array>

namespace swaplab {

namespace {

constexpr std::array<std::string_view, 9> kColors{"#0072B2", "#D55E00", "#009E73",
                                                  "#CC79A7", "#E69F00", "#332288",
                                                  "#56B4E9", "#882255", "#8A8A2B"};
constexpr std::array<std::string_view, 5> kDashes{"", "8 3", "3 3", "9 3 2 3", "5 2"};
constexpr std::size_t kMarkers = 7;
constexpr double kRadius = 3.6;

}  // namespace

LineStyle line_style(std::size_t i) {
    return {kColors[i % kColors.size()], kDashes[i % kDashes.size()],
            static_cast<Marker>(i % kMarkers)};
}

void draw_marker(Svg& svg, Pixel c, const LineStyle& style) {
    const Stroke stroke{style.color, 1.6, "", 1};
    constexpr double r = kRadius;
    switch (style.marker) {
        case Marker::circle: svg.circle(c, r, stroke); break;
        case Marker::square:
            svg.polygon(
                {{c.x - r, c.y - r}, {c.x + r, c.y - r}, {c.x + r, c.y + r}, {c.x - r, c.y + r}},
                stroke);
            break;
        case Marker::triangle:
            svg.polygon({{c.x, c.y - 1.2 * r}, {c.x + 1.2 * r, c.y + r}, {c.x - 1.2 * r, c.y + r}},
                        stroke);
            break;
        case Marker::diamond:
            svg.polygon({{c.x, c.y - 1.3 * r},
                         {c.x + 1.3 * r, c.y},
                         {c.x, c.y + 1.3 * r},
                         {c.x - 1.3 * r, c.y}},
                        stroke);
            break;
        case Marker::inverted:
            svg.polygon({{c.x, c.y + 1.2 * r}, {c.x + 1.2 * r, c.y - r}, {c.x - 1.2 * r, c.y - r}},
                        stroke);
            break;
        case Marker::cross:
            svg.line({c.x - r, c.y - r}, {c.x + r, c.y + r}, stroke);
            svg.line({c.x - r, c.y + r}, {c.x + r, c.y - r}, stroke);
            break;
        case Marker::plus:
            svg.line({c.x - 1.2 * r, c.y}, {c.x + 1.2 * r, c.y}, stroke);
            svg.line({c.x, c.y - 1.2 * r}, {c.x, c.y + 1.2 * r}, stroke);
            break;
    }
}

}  // namespace swaplab
