// SwapNet's partition: where to cut a model so that two neighbouring blocks fit and the closed form
//   T = t_in(1) + sum_i max(t_ex(i), t_out(i-1) + t_in(i+1)) + t_out(n)
// is least (SwapNet, IEEE TMC 2024; the form with exactly four coefficients is inferred, ours).
#pragma once

#include <optional>
#include <vector>

#include "policies/plan/planner.h"

namespace swaplab {

struct SwapnetPartition {
    std::vector<Block> blocks;
    Duration closed_form{};
    Bytes peak;  // the largest need of a block and its neighbour, as counted by the account
};

// What two neighbours, or a block alone, need while the next one comes in: with w copies on the
// swap path, s_i + w s_{i+1} + A_i while i+1 is read and s_i + s_{i+1} + A_{i+1} while i is
// released (for zero-copy s_i + s_{i+1} + max(A_i, A_{i+1})).
class SwapnetMemory {
  public:
    SwapnetMemory(std::uint32_t copies, Account account) : copies_(copies), account_(account) {}

    Bytes first(const BlockFacts& block) const { return copies_ * block.held_bytes; }
    Bytes alone(const BlockFacts& block) const;
    Bytes pair(const BlockFacts& block, const BlockFacts& next) const;

  private:
    std::uint32_t copies_;
    Account account_;
};

class SwapnetCosts;

// The exact optimum over all cuts (and over their number unless `blocks` fixes it) within `budget`;
// ties: fewest blocks, smaller peak, earliest cuts. Nothing if no partition fits.
std::optional<SwapnetPartition> partition_swapnet(const SwapnetCosts& costs, Bytes budget,
                                                  std::optional<std::uint32_t> blocks);

// The least `budget` with a partition, and the neighbouring layers that force it.
struct SwapnetMinimum {
    Bytes budget;
    UnitRange forced_by;
    bool together = false;  // two neighbours, else a block that is alone
    Bytes active;           // what they need besides parameters
};
SwapnetMinimum minimum_swapnet(const PartitionRequest& request, SwapPath path,
                               std::optional<std::uint32_t> blocks);

}  // namespace swaplab
