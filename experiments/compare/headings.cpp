#include "experiments/compare/headings.h"

#include <algorithm>

#include "profiles/base/text.h"

namespace swaplab {

namespace {

// The pieces between which a line may break; a break is allowed behind '-' and ',', and a ':' is
// replaced by it: "demand-" "layering" "pipeline=" "async".
std::vector<std::string> pieces_of(std::string_view spec) {
    std::vector<std::string> pieces{""};
    for (const char c : spec) {
        if (c != ':') pieces.back() += c;
        if (c == '-' || c == ',' || c == ':' || c == '=') pieces.emplace_back();
    }
    if (pieces.back().empty()) pieces.pop_back();
    return pieces;
}

std::vector<std::string> broken(std::string_view spec, std::size_t width) {
    std::vector<std::string> lines;
    const std::size_t colon = std::min(spec.find(':'), spec.size());
    for (const std::string_view part : {spec.substr(0, colon), spec.substr(colon)}) {
        bool fresh = true;  // the options begin a line of their own
        for (const std::string& piece : pieces_of(part)) {
            if (piece.empty()) continue;
            if (fresh || lines.back().size() + piece.size() > width)
                lines.push_back(piece);
            else
                lines.back() += piece;
            fresh = false;
        }
    }
    return lines;
}

bool fits(const std::vector<std::string>& lines, std::size_t width, std::size_t most) {
    return lines.size() <= most && std::all_of(lines.begin(), lines.end(), [&](const auto& line) {
               return line.size() <= width;
           });
}

}  // namespace

Headings headings_for(const std::vector<std::string>& specs, std::size_t width, std::size_t most) {
    Headings headings;
    for (const std::string& spec : specs) {
        std::vector<std::string> lines = broken(spec, width);
        if (!fits(lines, width, most)) {
            const std::string number = text("[{}]", headings.key.size() + 1);
            lines = broken(spec.substr(0, spec.find(':')), width);
            lines.push_back(number);
            headings.key.emplace_back(number, spec);
        }
        headings.lines.push_back(std::move(lines));
    }
    return headings;
}

}  // namespace swaplab
