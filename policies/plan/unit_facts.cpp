#include "policies/plan/unit_facts.h"

#include <algorithm>

#include "policies/plan/partition_planner.h"

namespace swaplab {

UnitFacts::UnitFacts(const PartitionRequest& request, SwapPath path)
    : units(facts_of(request.cost, unit_blocks(request.cost.model()), path)) {
    for (const BlockFacts& unit : units) {
        if (unit.held_bytes > largest) {
            largest = unit.held_bytes;
            largest_layers = unit.layers;
        }
        total += unit.held_bytes;
        active = std::max(active, counted(unit.activations, request.account));
        executing += unit.use();
    }
}

}  // namespace swaplab
