#include "policies/memory/arena.h"

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

std::unique_ptr<Arena> make_arena(const ArenaPlan& plan) {
    switch (plan.kind) {
        case ArenaKind::counter: return make_counter_arena(plan.capacity);
        case ArenaKind::two_ended: return make_two_ended_arena(plan.capacity);
        case ArenaKind::ring: return make_ring_arena(plan.capacity);
        case ArenaKind::slots: return make_slot_arena(plan.capacity, plan.slots);
        case ArenaKind::fixed: return make_fixed_arena(plan.places);
    }
    SWAPLAB_CHECK(false, "arena kind {} does not exist", static_cast<int>(plan.kind));
}

}  // namespace swaplab
