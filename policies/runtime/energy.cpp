#include "policies/runtime/energy.h"

#include <cmath>

#include "profiles/error.h"
#include "profiles/text.h"

namespace swaplab {

namespace {

double seconds(Duration duration) { return static_cast<double>(count_ns(duration)) * 1e-9; }

double node_energy_j(const PowerSpec& power, double scale, Duration makespan, const NodeUse& use) {
    const double watts_s =
        scale * (power.idle_w * seconds(makespan) + power.execute_w * seconds(use.executing));
    const auto read = static_cast<double>(use.read.count);
    const auto copied = static_cast<double>(use.copied.count);
    return watts_s + read * power.read_j_per_byte + 2 * (read + copied) * power.dram_j_per_byte;
}

}  // namespace

std::optional<double> energy_j(const Platform& platform, Duration makespan,
                               std::span<const NodeUse> by_node) {
    SWAPLAB_CHECK(by_node.size() == platform.nodes.size(), "the use of {} nodes, of {}",
                  by_node.size(), platform.nodes.size());
    double total = 0;
    for (std::size_t i = 0; i < by_node.size(); ++i) {
        const Node& node = platform.nodes[i];
        if (!node.power) return std::nullopt;
        const Mode* const mode = platform.mode.empty() ? nullptr : node.mode_named(platform.mode);
        const double scale = mode != nullptr ? mode->power_scale : 1;
        total += node_energy_j(*node.power, scale, makespan, by_node[i]);
    }
    // Powers may be as large as a double, their products larger.
    return std::isfinite(total) ? std::optional(total) : std::nullopt;
}

}  // namespace swaplab
