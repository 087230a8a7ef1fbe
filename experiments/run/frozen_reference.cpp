#include "experiments/run/frozen_reference.h"

#include <algorithm>

#include "experiments/text/figures.h"
#include "hw/torch/run/torch_executor.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Enough for a median, few enough for large models.
constexpr std::int64_t kFewest = 5;
constexpr std::int64_t kMost = 25;

Duration median(std::vector<Duration> durations) {
    const auto middle = durations.begin() + std::ssize(durations) / 2;
    std::ranges::nth_element(durations, middle);
    return *middle;
}

}  // namespace

double FrozenReference::slowdown(Duration mean_latency) const {
    return share(mean_latency, latency);
}

void require_frozen_reference(const Backend& backend) {
    if (!backend.has_frozen_reference)
        throw InputError(text("--frozen: expected backend cpu, which executes models, found '{}'",
                              backend.name));
}

FrozenReference frozen_reference(const Scenario& scenario, int threads, const RunResult& result) {
    FrozenReference all{.outputs_equal = true};
    TorchOptions executing;
    executing.threads = threads;
    std::int64_t requests = 0;
    double sum_ns = 0;
    for (std::size_t i = 0; i < scenario.models.size(); ++i) {
        const std::int64_t ran = result.jobs[i].latency.count;
        const auto measured = static_cast<std::uint32_t>(std::clamp(ran, kFewest, kMost));
        const FrozenRun run = run_frozen(*scenario.models[i].pack, executing, measured);
        sum_ns += static_cast<double>(ran) * static_cast<double>(count_ns(median(run.durations)));
        requests += ran;
        all.outputs_equal &= run.identical;
        all.largest_output = std::max(all.largest_output, run.largest_output);
        all.largest_difference = std::max(all.largest_difference, run.largest_difference);
    }
    if (requests > 0)
        all.latency = Duration{static_cast<std::int64_t>(sum_ns / static_cast<double>(requests))};
    return all;
}

std::string frozen_text(const FrozenReference& frozen, Duration mean_latency) {
    return text("{} the latency of LibTorch's frozen, optimised model, {} ({})",
                times(frozen.slowdown(mean_latency)), format_duration(frozen.latency),
                frozen.outputs_equal ? std::string("outputs equal")
                                     : text("outputs differ by {} at most, of {}",
                                            significant(frozen.largest_difference),
                                            significant(frozen.largest_output)));
}

}  // namespace swaplab
