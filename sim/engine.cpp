#include "sim/engine.h"

#include <algorithm>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

Engine::Slot Engine::add_slot(Phase phase) {
    settle();
    const Slot slot = slots_++;
    if (slots_ > capacity_) {
        std::vector<Entry> leaves(tree_.begin() + capacity_, tree_.end());
        capacity_ = std::max<Slot>(1, 2 * capacity_);
        tree_.assign(2 * capacity_, Entry{});
        for (Slot s = 0; s < capacity_; ++s) play(s, s < leaves.size() ? leaves[s].key : Key{});
    }
    play(slot, {kNever, std::uint64_t{static_cast<std::uint8_t>(phase)} << kPhaseShift});
    return slot;
}

void Engine::fail_past(Time at) const {
    SWAPLAB_CHECK(at >= now_, "event at {} ns, now {} ns", count_ns(at), count_ns(now_));
}

void Engine::pass_to(Time until) {
    SWAPLAB_CHECK(until >= now_, "stepping to {} ns, now {} ns", count_ns(until), count_ns(now_));
    if (until != Time::max()) now_ = until;
}

void Engine::play_up(Slot slot, const Key& key) {
    Entry best{key, slot};
    for (Slot n = capacity_ + slot; n > 1; n /= 2) {
        tree_[n] = best;
        const Entry& rival = tree_[n ^ 1U];
        // Who wins is a coin toss to the branch predictor, so the winner is picked by a mask.
        const std::uint64_t mask = std::uint64_t{0} - std::uint64_t{rival.key < best.key};
        best.key.time ^= (best.key.time ^ rival.key.time) & static_cast<std::int64_t>(mask);
        best.key.rank ^= (best.key.rank ^ rival.key.rank) & mask;
        best.slot ^= (best.slot ^ rival.slot) & static_cast<Slot>(mask);
    }
    tree_[1] = best;
}

}  // namespace swaplab
