#include "policies/plan/allocator.h"

namespace swaplab {

namespace {

class RatioAllocator final : public Allocator {
  public:
    std::vector<Bytes> allocate(std::span<const Demand> jobs, Bytes budget) const override {
        std::vector<Bytes> floors;
        std::vector<double> sizes;
        for (const Demand& job : jobs) {
            floors.push_back(job.floor);
            sizes.push_back(static_cast<double>(job.parameters.count));
        }
        return share_out(floors, sizes, budget);
    }
};

}  // namespace

std::unique_ptr<Allocator> make_ratio_allocator() { return std::make_unique<RatioAllocator>(); }

}  // namespace swaplab
