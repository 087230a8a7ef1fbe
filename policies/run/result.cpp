#include "policies/run/result.h"

#include <array>

namespace swaplab {

std::string_view name_of(Verdict verdict) {
    static constexpr std::array<std::string_view, 6> names{"ok",    "infeasible",  "deadline-miss",
                                                           "stuck", "interrupted", "refused"};
    return names[static_cast<std::size_t>(verdict)];
}

void JobResult::summarize_all() {
    latency = summarize(latencies);
    first_token = summarize(first_tokens);
    next_token = summarize(next_tokens);
}

double RunResult::throughput_per_s() const {
    return makespan.count() == 0
               ? 0.0
               : static_cast<double>(requests) * 1e9 / static_cast<double>(makespan.count());
}

double RunResult::slowdown() const {
    return full_memory_latency.count() == 0 ? 0.0
                                            : static_cast<double>(latency.mean.count()) /
                                                  static_cast<double>(full_memory_latency.count());
}

}  // namespace swaplab
