// Writes SVG: shapes and text, escaped, coordinates in pixels with two decimals.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace swaplab {

struct Pixel {
    double x = 0;
    double y = 0;
};

// How a line is drawn.
struct Stroke {
    std::string_view color = "#444444";
    double width = 1;
    std::string_view dash{};  // "7 4", empty for a solid line
    double opacity = 1;
};

enum class Anchor : std::uint8_t { start, middle, end };

struct TextStyle {
    double size = 12;
    std::string_view color = "#222222";
    Anchor anchor = Anchor::start;
    bool bold = false;
    bool upwards = false;  // rotated by a quarter turn, to be read from below to above
};

class Svg {
  public:
    // White, with a system font; `title` is what readers aloud and browsers call the picture.
    Svg(int width, int height, std::string_view title);

    void rectangle(Pixel corner, double width, double height, std::string_view fill);
    void line(Pixel from, Pixel to, const Stroke& stroke);
    void polyline(const std::vector<Pixel>& points, const Stroke& stroke);
    // A closed shape without an outline.
    void area(const std::vector<Pixel>& points, std::string_view fill);
    // A closed shape, filled white.
    void polygon(const std::vector<Pixel>& points, const Stroke& stroke);
    void circle(Pixel center, double radius, const Stroke& stroke);
    void text(Pixel at, std::string_view content, const TextStyle& style = {});
    // What is drawn until `end_group` carries a tooltip and a class.
    void begin_group(std::string_view css_class, std::string_view tooltip = {});
    void end_group();

    // The whole document; call once all groups are closed.
    std::string str() const { return body_ + "</svg>\n"; }

  private:
    std::string body_;
};

// Documents of one size, one below the other, as one document.
std::string stacked(const std::vector<std::string>& documents, int width, int height,
                    std::string_view title);

// &, <, >, quotes; control characters as `printable` shows them.
std::string xml_escaped(std::string_view text);

}  // namespace swaplab
