#include "experiments/emulate/pace_check.h"

#include <algorithm>
#include <cmath>

#include "experiments/emulate/host_pace.h"
#include "experiments/text/figures.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

Duration scaled(Duration wall, double time_scale) {
    return Duration{std::llround(static_cast<double>(count_ns(wall)) / time_scale)};
}

LaneLateness in_device_time(LaneLateness lane, double time_scale) {
    for (Duration* time : {&lane.p50, &lane.p95, &lane.p99, &lane.max})
        *time = scaled(*time, time_scale);
    return lane;
}

// A host that takes a little longer at every activity needs that much less to weigh: the lateness
// stays the same on the wall clock. One that falls behind by a good part of a request is slower
// than the profile in proportion.
double scale_that_would_do(const PaceVerdict& verdict, Duration worst, Duration latency) {
    constexpr double behind = 0.1;
    constexpr double margin = 1.25;
    const double part = share(worst, latency);
    const double factor = part > behind || latency == Duration::zero()
                              ? margin * (1 + part)
                              : share(worst, *verdict.bound);
    return rounded_up(verdict.time_scale * factor);
}

// `latency`: of the requests that ended; nothing where none has.
PaceVerdict judged(const Pace& pace, std::optional<Duration> latency, const LatenessBound& bound) {
    PaceVerdict verdict;
    verdict.time_scale = pace.time_scale;
    for (const LaneLateness& lane : pace.lanes)
        verdict.lanes.push_back(in_device_time(lane, pace.time_scale));
    if (bound.time || latency) verdict.bound = bound.of(latency.value_or(Duration{}));
    if (!verdict.bound) return verdict;
    const auto late = std::ranges::count_if(
        verdict.lanes, [&](const LaneLateness& lane) { return lane.p95 > *verdict.bound; });
    if (late == 0) return verdict;
    const LaneLateness& worst = *std::ranges::max_element(verdict.lanes, {}, &LaneLateness::p95);
    verdict.problem =
        text("{} ended {} late (95th percentile of {}){}, {} is the bound", worst.lane,
             format_duration(worst.p95), worst.count,
             late > 1 ? text(", {} too", plural(late - 1, "other lane")) : std::string(),
             format_duration(*verdict.bound));
    verdict.advised_scale = scale_that_would_do(verdict, worst.p95, latency.value_or(Duration{}));
    return verdict;
}

std::string too_late(const PaceVerdict& verdict) {
    return text("too late at {}x the device's time: {}", verdict.time_scale, verdict.problem);
}

}  // namespace

std::string PaceVerdict::advice() const {
    if (valid()) return {};
    const std::string slower =
        advised_scale ? text("--time-scale {} or more", *advised_scale) : "a greater --time-scale";
    return text(
        "the host is slower than the profile at {}x the device's time, or busy with "
        "something else: run it again when it is not, or with {}, or a wider --lateness",
        time_scale, slower);
}

std::optional<PaceVerdict> judge_pace(const RunResult& result, const LatenessBound& bound) {
    if (!result.evidence || !result.evidence->pace) return std::nullopt;
    const std::optional<Duration> latency =
        result.latency.count > 0 ? std::optional(result.latency.mean) : std::nullopt;
    return judged(*result.evidence->pace, latency, bound);
}

std::optional<std::string> late_lanes(const RunResult& result, const LatenessBound& bound) {
    const std::optional<PaceVerdict> verdict = judge_pace(result, bound);
    if (!verdict || verdict->valid()) return std::nullopt;
    return too_late(*verdict);
}

std::optional<std::string> late_reference(const RunResult& result, const LatenessBound& bound) {
    if (!result.full_memory_pace) return std::nullopt;
    const PaceVerdict verdict = judged(*result.full_memory_pace, result.full_memory_latency, bound);
    if (verdict.valid()) return std::nullopt;
    return too_late(verdict);
}

}  // namespace swaplab
