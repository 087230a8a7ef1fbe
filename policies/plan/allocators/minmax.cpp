// The least largest slowdown over the rows of the lookup tables (ours).
#include <algorithm>

#include "policies/plan/allocator.h"

namespace swaplab {

namespace {

// Every job begins with its smallest row. The job that is slowed down most gets its next row while
// that fits: the largest slowdown can fall in no other way, so where it does not fit is the
// optimum. What is left is shared out by size, above what the rows need.
class MinmaxAllocator final : public Allocator {
  public:
    std::vector<Bytes> allocate(std::span<const Demand> jobs, Bytes budget) const override {
        if (jobs.size() == 1) return {budget};
        std::vector<std::size_t> row(jobs.size(), 0);
        Bytes left = budget;
        for (const Demand& job : jobs) left -= job.floor;
        while (true) {
            const std::size_t k = slowest(jobs, row);
            const LookupTable& table = jobs[k].table();
            if (row[k] + 1 == table.rows().size()) break;
            const Bytes more = table.row(row[k] + 1).need - table.row(row[k]).need;
            if (more > left) break;
            left -= more;
            ++row[k];
        }
        std::vector<Bytes> needs;
        std::vector<double> sizes;
        for (std::size_t k = 0; k < jobs.size(); ++k) {
            needs.push_back(std::max(jobs[k].floor, jobs[k].table().row(row[k]).need));
            sizes.push_back(static_cast<double>(jobs[k].parameters.count));
        }
        return share_out(needs, sizes, budget);
    }

  private:
    static std::size_t slowest(std::span<const Demand> jobs, const std::vector<std::size_t>& row) {
        std::size_t slowest = 0;
        double most = -1;
        for (std::size_t k = 0; k < jobs.size(); ++k) {
            const double slowdown =
                slowdown_of(jobs[k], jobs[k].table().row(row[k]).predicted().value());
            if (slowdown > most) most = slowdown, slowest = k;
        }
        return slowest;
    }
};

}  // namespace

std::unique_ptr<Allocator> make_minmax_allocator() { return std::make_unique<MinmaxAllocator>(); }

}  // namespace swaplab
