#include <vector>

#include "policies/memory/arena.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Equal slots, taken strictly in turn: the double buffers of synchronous Demand Layering.
class SlotArena final : public Arena {
  public:
    SlotArena(Bytes capacity, std::uint32_t slots)
        : Arena(capacity), slot_{capacity.count / slots}, taken_(slots, false) {}

    std::optional<Place> reserve(Bytes size) override {
        if (taken_[next_] || size > slot_) return std::nullopt;
        const std::uint32_t slot = next_;
        taken_[slot] = true;
        next_ = (slot + 1) % static_cast<std::uint32_t>(taken_.size());
        return Place{slot * slot_, size, slot};
    }

    void free(const Place& place) override {
        SWAPLAB_CHECK(taken_[place.id], "freeing slot {} of {}, which is free", place.id,
                      taken_.size());
        taken_[place.id] = false;
    }

    Bytes largest_hole() const override {
        std::int64_t run = 0;
        std::int64_t longest = 0;
        for (const bool taken : taken_) {
            run = taken ? 0 : run + 1;
            longest = std::max(longest, run);
        }
        return longest * slot_;
    }

  private:
    Bytes slot_;
    std::vector<bool> taken_;
    std::uint32_t next_ = 0;
};

}  // namespace

std::unique_ptr<Arena> make_slot_arena(Bytes capacity, std::uint32_t slots) {
    SWAPLAB_CHECK(slots > 0, "an arena of {} bytes with {} slots", capacity.count, slots);
    return std::make_unique<SlotArena>(capacity, slots);
}

}  // namespace swaplab
