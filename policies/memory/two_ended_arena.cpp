#include <array>

#include "policies/memory/arena.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Blocks alternate between the bottom and the top, one at each end, so that any two neighbours of a
// plan with s_i + s_{i+1} <= capacity fit; rings and first-fit do not realise all such plans.
class TwoEndedArena final : public Arena {
  public:
    explicit TwoEndedArena(Bytes capacity) : Arena(capacity) {}

    std::optional<Place> reserve(Bytes size) override {
        const std::uint32_t end = next_end_;
        if (held_[end].count > 0 || size + held_[1 - end] > capacity()) return std::nullopt;
        held_[end] = size;
        next_end_ = 1 - end;
        return Place{end == 0 ? Bytes{} : capacity() - size, size, end};
    }

    void free(const Place& place) override {
        SWAPLAB_CHECK(held_[place.id] == place.size, "freeing {} bytes at an end that holds {}",
                      place.size.count, held_[place.id].count);
        held_[place.id] = {};
    }

    Bytes largest_hole() const override { return capacity() - held_[0] - held_[1]; }

  private:
    std::array<Bytes, 2> held_{};  // at the bottom, at the top
    std::uint32_t next_end_ = 0;
};

}  // namespace

std::unique_ptr<Arena> make_two_ended_arena(Bytes capacity) {
    return std::make_unique<TwoEndedArena>(capacity);
}

}  // namespace swaplab
