#include "policies/metrics/energy.h"

#include <algorithm>
#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

double seconds(Duration duration) { return static_cast<double>(count_ns(duration)) * 1e-9; }

double drawn_j(const PowerSpec& power, Duration length, const NodeUse& use) {
    double sum = power.idle_w * seconds(length);
    for (std::size_t v = 0; v < kTimedVerbs; ++v)
        sum += power.active_w[index_of(*kVerbTable[v].activity)] * seconds(use.time[v]);
    return sum;
}

double bytes_j(const PowerSpec& power, const NodeUse& use) {
    const auto read = static_cast<double>(use.read.count);
    const auto copied = static_cast<double>(use.copied.count);
    return read * power.read_j_per_byte + 2 * (read + copied) * power.dram_j_per_byte;
}

// How long each period lasts in a run of that makespan.
Duration length_of(std::span<const ModePeriod> periods, std::size_t p, Duration makespan) {
    const Time end = kStart + makespan;
    const Time until = p + 1 < periods.size() ? std::min(periods[p + 1].from, end) : end;
    return std::max(until - periods[p].from, Duration{});
}

// Of one node; nothing where a mode that lasted has no power figures.
std::optional<double> node_j(const Node& node, NodeId id, Duration makespan,
                             std::span<const ModePeriod> periods) {
    double sum = 0;
    for (std::size_t p = 0; p < periods.size(); ++p) {
        const Duration length = length_of(periods, p, makespan);
        const std::optional<PowerSpec> power = node.power_in(periods[p].mode);
        if (power)
            sum +=
                drawn_j(*power, length, periods[p].use[id]) + bytes_j(*power, periods[p].use[id]);
        else if (p == 0 || length.count() > 0)
            return std::nullopt;
    }
    return sum;
}

}  // namespace

void add_time(const Completion& span, std::span<ModePeriod> periods) {
    const std::size_t verb = index_of(span.command.verb);
    Time until = span.end;
    for (auto period = periods.rbegin(); until > span.start; ++period) {
        SWAPLAB_CHECK(period != periods.rend(), "a command from {} on, before {} periods",
                      count_ns(span.start - kStart), periods.size());
        if (period->from >= until) continue;
        const Time from = std::max(period->from, span.start);
        period->use[span.command.node].time[verb] += until - from;
        until = from;
    }
}

ModePeriod& period_of_end(Time end, std::span<ModePeriod> periods) {
    std::size_t p = periods.size() - 1;
    while (p > 0 && periods[p].from >= end) --p;
    return periods[p];
}

std::optional<double> energy_j(const Platform& platform, Duration makespan,
                               std::span<const ModePeriod> periods) {
    SWAPLAB_CHECK(!periods.empty(), "no mode in {} periods", periods.size());
    double total = 0;
    for (const NodeId id : periods.front().use.ids()) {
        const std::optional<double> joules = node_j(platform.node(id), id, makespan, periods);
        if (!joules) return std::nullopt;
        total += *joules;
    }
    // Powers may be as large as a double, their products larger.
    return std::isfinite(total) ? std::optional(total) : std::nullopt;
}

}  // namespace swaplab
