#include "experiments/draw/svg.h"

#include "profiles/base/printable.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::string points_of(const std::vector<Pixel>& points) {
    std::string list;
    for (const Pixel& p : points)
        list += text("{}{:.2f},{:.2f}", list.empty() ? "" : " ", p.x, p.y);
    return list;
}

std::string attributes_of(const Stroke& stroke) {
    std::string attributes =
        text("stroke=\"{}\" stroke-width=\"{:g}\"", stroke.color, stroke.width);
    if (!stroke.dash.empty()) attributes += text(" stroke-dasharray=\"{}\"", stroke.dash);
    if (stroke.opacity < 1) attributes += text(" stroke-opacity=\"{:g}\"", stroke.opacity);
    return attributes;
}

std::string_view name_of(Anchor anchor) {
    if (anchor == Anchor::start) return "start";
    return anchor == Anchor::middle ? "middle" : "end";
}

}  // namespace

std::string xml_escaped(std::string_view text) {
    std::string escaped;
    for (const char c : printable(text)) {
        switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            case '\'': escaped += "&apos;"; break;
            default: escaped += c;
        }
    }
    return escaped;
}

Svg::Svg(int width, int height, std::string_view title)
    : body_(swaplab::text(
          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
          "viewBox=\"0 0 {0} {1}\" role=\"img\" font-family=\"system-ui, -apple-system, 'Segoe "
          "UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif\">\n"
          "<title>{2}</title>\n"
          "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
          width, height, xml_escaped(title))) {}

void Svg::rectangle(Pixel corner, double width, double height, std::string_view fill) {
    body_ += swaplab::text(
        "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\"/>\n",
        corner.x, corner.y, width, height, fill);
}

void Svg::line(Pixel from, Pixel to, const Stroke& stroke) {
    body_ += swaplab::text("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" {}/>\n",
                           from.x, from.y, to.x, to.y, attributes_of(stroke));
}

void Svg::polyline(const std::vector<Pixel>& points, const Stroke& stroke) {
    body_ += swaplab::text("<polyline points=\"{}\" fill=\"none\" stroke-linejoin=\"round\" {}/>\n",
                           points_of(points), attributes_of(stroke));
}

void Svg::area(const std::vector<Pixel>& points, std::string_view fill) {
    body_ += swaplab::text("<polygon points=\"{}\" fill=\"{}\"/>\n", points_of(points), fill);
}

void Svg::polygon(const std::vector<Pixel>& points, const Stroke& stroke) {
    body_ += swaplab::text("<polygon points=\"{}\" fill=\"#ffffff\" {}/>\n", points_of(points),
                           attributes_of(stroke));
}

void Svg::circle(Pixel center, double radius, const Stroke& stroke) {
    body_ += swaplab::text("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{:g}\" fill=\"#ffffff\" {}/>\n",
                           center.x, center.y, radius, attributes_of(stroke));
}

void Svg::text(Pixel at, std::string_view content, const TextStyle& style) {
    std::string extra;
    if (style.bold) extra += " font-weight=\"600\"";
    if (style.upwards)
        extra += swaplab::text(" transform=\"rotate(-90 {:.2f} {:.2f})\"", at.x, at.y);
    body_ += swaplab::text(
        "<text x=\"{:.2f}\" y=\"{:.2f}\" font-size=\"{:g}\" fill=\"{}\" text-anchor=\"{}\"{}>{}"
        "</text>\n",
        at.x, at.y, style.size, style.color, name_of(style.anchor), extra, xml_escaped(content));
}

void Svg::begin_group(std::string_view css_class, std::string_view tooltip) {
    body_ += swaplab::text("<g class=\"{}\">\n", xml_escaped(css_class));
    if (!tooltip.empty()) body_ += swaplab::text("<title>{}</title>\n", xml_escaped(tooltip));
}

void Svg::end_group() { body_ += "</g>\n"; }

std::string stacked(const std::vector<std::string>& documents, int width, int height,
                    std::string_view title) {
    std::string all = text(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" role=\"img\">\n<title>{2}</title>\n",
        width, height * static_cast<int>(documents.size()), xml_escaped(title));
    constexpr std::string_view kBegin = "<svg ";
    for (std::size_t i = 0; i < documents.size(); ++i)
        all += text("{}y=\"{}\" {}", kBegin, height * static_cast<int>(i),
                    std::string_view(documents[i]).substr(kBegin.size()));
    return all + "</svg>\n";
}

}  // namespace swaplab
