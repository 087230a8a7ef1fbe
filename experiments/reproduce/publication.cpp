#include "experiments/reproduce/publication.h"

#include <algorithm>
#include <array>

namespace swaplab {

namespace {

constexpr std::array<Publication, 3> kPublications{{
    {"demand-layering", "memory and delay of Demand Layering's pipelines over five nets",
     "Ji et al.: Demand Layering, RTSS 2022", reproduce_demand_layering},
    {"swapnet", "SwapNet's three applications of concurrent DNNs",
     "Wang, Cao, Zhou, Li: SwapNet, IEEE TMC 23(9) 2024", reproduce_swapnet},
    {"hermes", "PipeLoad's latencies and memory for Transformers", "Han et al.: Hermes, ICCD 2024",
     reproduce_hermes},
}};

}  // namespace

std::string_view name_of(Origin origin) {
    constexpr std::array<std::string_view, 3> names{"paper", "secondary", "ours"};
    return names[static_cast<std::size_t>(origin)];
}

double FigureRange::distance(double value) const {
    return value < low ? value - low : std::max(0.0, value - high);
}

std::string_view verdict_of(const Figure& figure) {
    if (!figure.gated) return figure.inside() ? "no gate" : "does not reproduce";
    if (!figure.inside()) return "OUTSIDE";
    const auto& published = figure.published;
    const bool misses_range =
        published && published->low < published->high && !published->holds(figure.simulated);
    return misses_range ? "in band" : "holds";
}

bool Reproduction::holds() const { return std::ranges::none_of(figures, &Figure::fails); }

std::span<const Publication> publications() { return kPublications; }

}  // namespace swaplab
