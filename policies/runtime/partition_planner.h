// The usual planner: an allocator gives each job its share of the budget, a partitioner cuts each
// model into blocks.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "policies/roles.h"

namespace swaplab {

std::unique_ptr<Planner> make_partition_planner(std::unique_ptr<Partitioner> partitioner);

// Shares of `budget` proportional to `weights`, none below its floor; what a floor takes away is
// taken from the others in proportion. Needs sum of floors <= budget; the shares add up to it.
std::vector<Bytes> allocate_by_ratio(std::span<const Bytes> floors, std::span<const double> weights,
                                     Bytes budget);

// Memory that one block needs while it is swapped in and executed with nothing beside it: the
// larger of (copies of the path + live before it) and (block + A_i). Weights only under
// `Account::parameters`.
Bytes alone_bytes(const BlockFacts& facts, Bytes live_in, std::uint32_t copies, Account account);

// The activation peak as far as the account counts it.
Bytes counted(const ActivationPeak& peak, Account account);

// "fc6 (392.00 MiB)": a layer or a range of layers and its bytes, for the reason of a refusal.
std::string describe(const Model& model, LayerRange layers, Bytes bytes);
// ", beside 3.06 MiB of activations", or nothing.
std::string beside_activations(Bytes active);
// The names of the layers that have parameters; of all, if none has.
std::vector<std::string> names_in(const Model& model, LayerRange layers);

}  // namespace swaplab
