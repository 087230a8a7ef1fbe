#include <algorithm>
#include <numeric>
#include <vector>

#include "policies/memory/arena.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// A place of the right size for each block that stays, one behind the other. Blocks of one size may
// take each other's places.
class FixedArena final : public Arena {
  public:
    explicit FixedArena(const std::vector<Bytes>& places)
        : Arena(std::accumulate(places.begin(), places.end(), Bytes{})) {
        Bytes offset;
        for (const Bytes size : places) {
            slots_.push_back({offset, size});
            offset += size;
        }
    }

    std::optional<Place> reserve(Bytes size) override {
        const auto free = std::ranges::find_if(
            slots_, [&](const Slot& slot) { return !slot.taken && slot.size == size; });
        if (free == slots_.end()) return std::nullopt;
        free->taken = true;
        return Place{free->offset, size, static_cast<std::uint32_t>(free - slots_.begin())};
    }

    void free(const Place& place) override {
        Slot& slot = slots_.at(place.id);
        SWAPLAB_CHECK(slot.taken && slot.offset == place.offset,
                      "freeing place {} at {}, which is {} and begins at {}", place.id,
                      place.offset.count, slot.taken ? "taken" : "free", slot.offset.count);
        slot.taken = false;
    }

    Bytes largest_hole() const override {
        Bytes run, longest;
        for (const Slot& slot : slots_) {
            run = slot.taken ? Bytes{} : run + slot.size;
            longest = std::max(longest, run);
        }
        return longest;
    }

  private:
    struct Slot {
        Bytes offset, size;
        bool taken = false;
    };
    std::vector<Slot> slots_;
};

}  // namespace

std::unique_ptr<Arena> make_fixed_arena(const std::vector<Bytes>& places) {
    return std::make_unique<FixedArena>(places);
}

}  // namespace swaplab
