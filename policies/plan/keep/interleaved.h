// Keeping blocks by a rule of their order, as published systems do, and not by a search: groups of
// blocks one after the other, within each group evenly interleaved (SYSTEMS: OOM-free double
// buffering).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "policies/plan/keep/keep.h"
#include "policies/plan/keep/kept_sets.h"

namespace swaplab {

// Indices of candidates, each in one group, in rising order within it.
using KeepGroups = std::vector<std::vector<std::uint32_t>>;
using GroupsOf = std::function<KeepGroups(const Model& model, std::span<const KeepCandidate>)>;

// As many blocks are kept as leave the rest its least budget: all of the first groups, and of the
// next so many, evenly interleaved. Of several ways to stream the rest the one with the least
// steady pass, of equals the first. None of them keeps blocks in any case.
std::unique_ptr<Partitioner> make_interleaving_partitioner(
    std::vector<std::unique_ptr<StreamingPartitioner>> ways, GroupsOf groups_of);

}  // namespace swaplab
