// Allocators: how several DNNs share a budget. One file each in policies/plan/allocators/.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "policies/plan/lookup_table.h"
#include "profiles/base/units.h"

namespace swaplab {

// One job, as allocators see it.
struct Demand {
    Bytes floor;        // the smallest share with a plan
    Bytes parameters;   // s_k
    double weight = 1;  // u_k
    Duration direct{};  // T_direct,k: the whole model executed as one block, nothing swapped
    std::function<Duration(Bytes)> latency;     // T_k(b), b >= floor: the closed form of the plan
    std::function<const LookupTable&()> table;  // all of T_k; made when it is asked for first
};

// u_k * latency / T_direct,k: how much slower than with enough memory, by importance.
double slowdown_of(const Demand& job, Duration latency);

class Allocator {
  public:
    virtual ~Allocator() = default;
    // Shares, none below its floor, that add up to `budget` >= the sum of the floors.
    virtual std::vector<Bytes> allocate(std::span<const Demand> jobs, Bytes budget) const = 0;
};

// Proportional to s_k.
std::unique_ptr<Allocator> make_ratio_allocator();
// Proportional to s_k * u_k * T_k(b_k) / T_direct,k, where b_k is the share by `ratio`.
std::unique_ptr<Allocator> make_score_allocator();
// Minimises max_k u_k * T_k(b_k) / T_direct,k over the rows of the lookup tables.
std::unique_ptr<Allocator> make_minmax_allocator();

// Shares of `budget` proportional to `weights`, none below its floor; what a floor takes away is
// taken from the others in proportion. Needs sum of floors <= budget; the shares add up to it.
std::vector<Bytes> share_out(std::span<const Bytes> floors, std::span<const double> weights,
                             Bytes budget);

}  // namespace swaplab
