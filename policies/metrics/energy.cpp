#include "policies/metrics/energy.h"

#include <algorithm>
#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

double seconds(Duration duration) { return static_cast<double>(count_ns(duration)) * 1e-9; }

double power_scale(const Node& node, const std::string& name) {
    const Mode* const mode = name.empty() ? nullptr : node.mode_named(name);
    return mode != nullptr ? mode->power_scale : 1;
}

double watts_s(const PowerSpec& power, double scale, Duration time, Duration executing) {
    return scale * (power.idle_w * seconds(time) + power.execute_w * seconds(executing));
}

// Of one node, over the periods of a run that ends after `makespan`.
double watts_s(const Node& node, NodeId id, Duration makespan,
               std::span<const ModePeriod> periods) {
    const Time end = kStart + makespan;
    double sum = 0;
    for (std::size_t p = 0; p < periods.size(); ++p) {
        const Time until = p + 1 < periods.size() ? std::min(periods[p + 1].from, end) : end;
        const Duration time = std::max(until - periods[p].from, Duration{});
        sum += watts_s(*node.power, power_scale(node, periods[p].mode), time,
                       periods[p].executing[id]);
    }
    return sum;
}

double bytes_j(const PowerSpec& power, const NodeUse& use) {
    const auto read = static_cast<double>(use.read.count);
    const auto copied = static_cast<double>(use.copied.count);
    return read * power.read_j_per_byte + 2 * (read + copied) * power.dram_j_per_byte;
}

}  // namespace

std::optional<double> energy_j(const Platform& platform, Duration makespan,
                               IdSpan<NodeId, const NodeUse> by_node,
                               std::span<const ModePeriod> periods) {
    SWAPLAB_CHECK(by_node.size() == platform.nodes.size(), "the use of {} nodes, of {}",
                  by_node.size(), platform.nodes.size());
    double total = 0;
    for (const NodeId id : by_node.ids()) {
        const Node& node = platform.node(id);
        if (!node.power) return std::nullopt;
        const double drawn = periods.empty()
                                 ? watts_s(*node.power, power_scale(node, platform.mode), makespan,
                                           by_node[id].executing)
                                 : watts_s(node, id, makespan, periods);
        total += drawn + bytes_j(*node.power, by_node[id]);
    }
    // Powers may be as large as a double, their products larger.
    return std::isfinite(total) ? std::optional(total) : std::nullopt;
}

}  // namespace swaplab
