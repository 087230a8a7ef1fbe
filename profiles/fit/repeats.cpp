#include "profiles/fit/repeats.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace swaplab {
namespace {

constexpr std::size_t kFewest = 8;
constexpr double kFarOut = 3;

struct Fence {
    double least, greatest;
    bool holds(double value) const { return value >= least && value <= greatest; }
};

double quantile(const std::vector<double>& sorted, double share) {
    const double at = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return std::lerp(sorted[below], sorted[above], at - static_cast<double>(below));
}

Fence fence_around(std::vector<double> values) {
    std::ranges::sort(values);
    const double lower = quantile(values, 0.25);
    const double upper = quantile(values, 0.75);
    const double width = kFarOut * (upper - lower);
    return {lower - width, upper + width};
}

}  // namespace

SameWork::SameWork(const Measurement& row)
    : activity(row.activity),
      label(row.label),
      mode(row.mode),
      dtype(row.dtype),
      memory_kind(row.memory_kind),
      bytes(row.features.bytes.count),
      tensors(row.features.tensors),
      layers(row.features.layers),
      flops(row.features.flops),
      activation_bytes(row.features.activation_bytes.count),
      requests(row.requests),
      request_bytes(row.request_bytes.count) {}

double mean_of(const std::vector<double>& durations) {
    return std::accumulate(durations.begin(), durations.end(), 0.0) /
           static_cast<double>(durations.size());
}

std::vector<double> without_far_out(std::vector<double> values) {
    if (values.size() < kFewest) return values;
    const Fence fence = fence_around(values);
    std::erase_if(values, [&](double value) { return !fence.holds(value); });
    return values;
}

std::int64_t set_aside_far_out(Measurements& measurements) {
    using Circumstances =
        std::tuple<SameWork, MeasuredState, std::optional<Activity>, std::int64_t>;
    const auto of = [](const Measurement& row) {
        return Circumstances{SameWork(row), row.state, row.beside, row.depth};
    };
    std::map<Circumstances, std::vector<double>> groups;
    for (const Measurement& row : measurements.rows) groups[of(row)].push_back(row.duration_ns);
    std::map<Circumstances, Fence> fences;
    for (auto& [key, durations] : groups)
        if (durations.size() >= kFewest) fences[key] = fence_around(std::move(durations));
    return static_cast<std::int64_t>(std::erase_if(measurements.rows, [&](const Measurement& row) {
        // Rests of all lengths are among those.
        if (row.state == MeasuredState::after_idle) return false;
        const auto fence = fences.find(of(row));
        return fence != fences.end() && !fence->second.holds(row.duration_ns);
    }));
}

}  // namespace swaplab
