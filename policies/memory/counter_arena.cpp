#include "policies/memory/arena.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Counts bytes; every free byte is usable, so offsets mean nothing and are 0.
class CounterArena final : public Arena {
  public:
    explicit CounterArena(Bytes capacity) : Arena(capacity) {}

    std::optional<Place> reserve(Bytes size) override {
        if (used_ + size > capacity()) return std::nullopt;
        used_ += size;
        return Place{{}, size, 0};
    }

    void free(const Place& place) override {
        SWAPLAB_CHECK(place.size <= used_, "freeing {} bytes of {} in use", place.size.count,
                      used_.count);
        used_ -= place.size;
    }

    Bytes largest_hole() const override { return capacity() - used_; }

  private:
    Bytes used_;
};

}  // namespace

std::unique_ptr<Arena> make_counter_arena(Bytes capacity) {
    return std::make_unique<CounterArena>(capacity);
}

}  // namespace swaplab
