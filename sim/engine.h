// The event engine: virtual time and the pending events, on one page.
//
// An event source owns a slot; setting a slot schedules its next event, setting it again moves that
// event. So an activity whose rate changes is rescheduled in place: nothing stale is ever queued.
// Order is one total key (time, phase, sequence of setting).
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "profiles/base/units.h"

namespace swaplab {

// What comes first at one instant, and why. Changes of the budget and the mode, then arrivals, come
// behind both: they are the runner's (`run_loop`), which no device knows of.
enum class Phase : std::uint8_t {
    completion,  // frees what others wait for
    timer,       // a policy's own alarm sees that
};

class Engine {
  public:
    using Slot = std::uint32_t;

    Time now() const { return now_; }

    // A new, empty slot. Slots live as long as the engine.
    Slot add_slot(Phase phase);
    // The slot's event happens at `at` >= now(), instead of any earlier setting.
    void set(Slot slot, Time at) {
        if (at < now_) [[unlikely]]
            fail_past(at);
        change(slot, count_ns(at), sequence_++);
    }
    void clear(Slot slot) { change(slot, kNever, 0); }
    // When the slot's event happens; nothing if it is not set.
    std::optional<Time> when(Slot slot) const {
        const std::int64_t time = key_of(slot).time;
        return time == kNever ? std::nullopt : std::optional(at_ns(time));
    }
    // When the next event happens; nothing if there is none.
    std::optional<Time> next() {
        settle();
        if (slots_ == 0 || tree_[1].key.time == kNever) return std::nullopt;
        return at_ns(tree_[1].key.time);
    }
    // Takes the next event at or before `until`: moves now() to it, clears its slot and returns it.
    // Else moves now() to `until` (unless that is Time::max()) and returns nothing.
    std::optional<Slot> step(Time until) {
        settle();
        if (slots_ == 0 || tree_[1].key.time == kNever || at_ns(tree_[1].key.time) > until) {
            pass_to(until);
            return std::nullopt;
        }
        now_ = at_ns(tree_[1].key.time);
        taken_ = tree_[1].slot;
        tree_[capacity_ + *taken_].key.time = kNever;
        return taken_;
    }

  private:
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
    static constexpr int kPhaseShift = 56;

    struct Key {
        std::int64_t time = kNever;  // ns
        std::uint64_t rank = 0;      // the phase in the top byte, the sequence below it
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    struct Entry {
        Key key;
        Slot slot = 0;
    };

    Key key_of(Slot slot) const { return tree_[capacity_ + slot].key; }
    void change(Slot slot, std::int64_t time, std::uint64_t sequence) {
        if (taken_ != slot) settle();
        taken_.reset();
        const std::uint64_t phase = key_of(slot).rank >> kPhaseShift;
        play(slot, {time, phase << kPhaseShift | sequence});
    }
    // Plays the slot that was taken, if nobody has set it again.
    void settle() {
        if (!taken_) return;
        play(*taken_, key_of(*taken_));
        taken_.reset();
    }
    void fail_past(Time at) const;
    void pass_to(Time until);
    void play(Slot slot, const Key& key) {
        if (capacity_ == 1)
            tree_[1] = {key, slot};
        else
            play_up(slot, key);
    }
    void play_up(Slot slot, const Key& key);

    // A winner tree: entry `capacity_ + slot` is the slot's own, entry n the earlier of 2n and
    // 2n+1. A change plays its way up to entry 1: one comparison per level, against entries that do
    // not depend on one another. The slot that `step` took is played only when somebody asks or
    // another slot is set: mostly it is set again at once.
    std::vector<Entry> tree_;
    std::optional<Slot> taken_;
    Slot capacity_ = 0;
    Slot slots_ = 0;
    std::uint64_t sequence_ = 0;
    Time now_ = kStart;
};

}  // namespace swaplab
