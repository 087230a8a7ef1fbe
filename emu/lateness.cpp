#include "emu/lateness.h"

#include <string>

#include "profiles/base/latency_summary.h"

namespace swaplab {

std::vector<LaneLateness> LatenessLog::summary() const {
    std::vector<LaneLateness> all;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
        const LatencySummary late = summarize(lanes_[lane]);
        if (late.count == 0) continue;
        all.push_back({std::string(lane_or_verb_name(lane)), late.count, late.p50, late.p95,
                       late.p99, late.max});
    }
    return all;
}

}  // namespace swaplab
