// The usual planner: an allocator gives each job its share of the budget, a partitioner cuts each
// model into blocks.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "policies/plan/allocator.h"
#include "policies/plan/planner.h"

namespace swaplab {

// Where the budget may change during the run, it deploys the lookup table of every job and an
// `Adaptation` on them. That needs plans with a closed form; throws `UnsupportedError` for others.
std::unique_ptr<Planner> make_partition_planner(
    std::unique_ptr<Partitioner> partitioner,
    std::unique_ptr<Allocator> allocator = make_ratio_allocator());

// Memory that one block needs while it is swapped in and executed with nothing beside it: the
// larger of (copies of the path + live before it) and (block + A_i). Weights only under
// `Account::parameters`.
Bytes alone_bytes(const BlockFacts& facts, Bytes live_in, std::uint32_t copies, Account account);

// The activation peak as far as the account counts it.
Bytes counted(const ActivationPeak& peak, Account account);

// "fc6 (392.00 MiB)": a unit or a range of units and its bytes, for the reason of a refusal.
std::string describe(const Model& model, UnitRange units, Bytes bytes);
// ", beside 3.06 MiB of activations", or nothing.
std::string beside_activations(Bytes active);
// The names of the units that have parameters; of all, if none has.
std::vector<std::string> names_in(const Model& model, UnitRange units);

}  // namespace swaplab
