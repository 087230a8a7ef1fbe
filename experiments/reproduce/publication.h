// Published results and what the simulator makes of them (`swaplab reproduce`).
//
// A publication is one file: it builds models and platforms from constants, runs policies, and
// returns rows of published / simulated figures. The simulated figures come from runs; every
// constant that the paper does not print is listed with whose it is.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace swaplab {

// Whose a figure is (SYSTEMS: Tags).
enum class Origin : std::uint8_t {
    paper,      // the authors' own text
    secondary,  // a survey or a note about it
    ours,       // inferred, chosen or derived here
};
std::string_view name_of(Origin origin);

// A closed interval of figures; `low` == `high` for a single one.
struct FigureRange {
    double low = 0;
    double high = 0;

    bool holds(double value) const { return low <= value && value <= high; }
    // How far `value` lies above (or, negative, below) the interval; 0 inside.
    double distance(double value) const;
};

struct Figure {
    std::string what;  // "mean overhead at 4 GB/s"
    std::string_view unit{};
    std::optional<FigureRange> published{};  // absent: the publication does not say
    Origin origin = Origin::paper;           // of `published`
    double simulated = 0;
    std::optional<FigureRange> band{};  // where the simulation should lie
    bool gated = false;                 // outside the band the reproduction fails; needs a band
    std::string remark{};               // what to know when reading it; often empty

    bool inside() const { return !band || band->holds(simulated); }
    bool fails() const { return gated && !inside(); }
};
// Of a gated figure "holds", "in band" (which is wider than the published range that it misses) or
// "OUTSIDE"; of others "no gate" or "does not reproduce".
std::string_view verdict_of(const Figure& figure);

struct Assumption {
    std::string what;
    std::string value;
    Origin origin = Origin::ours;
};

struct Reproduction {
    std::vector<Figure> figures;
    std::vector<Assumption> assumptions;
    std::vector<std::string> caveats;  // sentences

    bool holds() const;  // no gated figure is outside its band
};

struct Publication {
    std::string_view name;
    std::string_view summary;  // one line
    std::string_view source;
    Reproduction (*reproduce)();
};

// All there are, in the order in which they are shown.
std::span<const Publication> publications();

// One per file of this folder.
Reproduction reproduce_demand_layering();
Reproduction reproduce_swapnet();
Reproduction reproduce_hermes();

}  // namespace swaplab
