// The score of SwapNet's allocation was not available; this one is ours: a model that a share by
// size would slow down most, by importance, gets more.
#include "policies/plan/allocator.h"

namespace swaplab {

namespace {

class ScoreAllocator final : public Allocator {
  public:
    std::vector<Bytes> allocate(std::span<const Demand> jobs, Bytes budget) const override {
        if (jobs.size() == 1) return {budget};
        const std::vector<Bytes> by_size = make_ratio_allocator()->allocate(jobs, budget);
        std::vector<Bytes> floors;
        std::vector<double> scores;
        for (std::size_t k = 0; k < jobs.size(); ++k) {
            floors.push_back(jobs[k].floor);
            scores.push_back(static_cast<double>(jobs[k].parameters.count) *
                             slowdown_of(jobs[k], jobs[k].latency(by_size[k])));
        }
        return share_out(floors, scores, budget);
    }
};

}  // namespace

std::unique_ptr<Allocator> make_score_allocator() { return std::make_unique<ScoreAllocator>(); }

}  // namespace swaplab
