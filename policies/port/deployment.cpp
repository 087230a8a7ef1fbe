#include "policies/port/deployment.h"

#include <array>

namespace swaplab {

Variant JobPlan::as_variant(std::uint32_t first) const {
    Variant variant;
    variant.first = first;
    variant.last = first + static_cast<std::uint32_t>(blocks.size());
    variant.arena = arena;
    variant.staging = staging;
    variant.need = need;
    variant.overlap_need = overlap_need;
    if (!overlap_need && overlap_requests) variant.overlap_need = need;
    variant.closed_form = closed_form;
    return variant;
}

std::vector<Variant> JobPlan::all_variants() const {
    return variants.empty() ? std::vector{as_variant(0)} : variants;
}

std::string_view name_of(ArenaKind kind) {
    static constexpr std::array<std::string_view, 4> names{"counter", "two-ended", "ring", "slots"};
    return names[static_cast<std::size_t>(kind)];
}

}  // namespace swaplab
