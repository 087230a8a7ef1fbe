#include <algorithm>
#include <vector>

#include "policies/memory/arena.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// A contiguous FIFO (Demand Layering's published code): an item that does not fit before the end
// starts again at offset 0 and the slack is wasted; the write position is not reset when the ring
// empties. Space returns in the order in which it was taken.
class RingArena final : public Arena {
  public:
    explicit RingArena(Bytes capacity) : Arena(capacity) {}

    std::optional<Place> reserve(Bytes size) override {
        const std::optional<Bytes> offset = find(size);
        if (!offset) return std::nullopt;
        if (count_ == items_.size()) grow();
        const std::uint32_t id = first_ + count_++;
        items_[id & mask()] = {*offset, false};
        write_ = *offset + size;
        return Place{*offset, size, id};
    }

    void free(const Place& place) override {
        SWAPLAB_CHECK(place.id - first_ < count_ && !items_[place.id & mask()].freed,
                      "freeing item {} of a ring that holds {} from {}", place.id, count_, first_);
        items_[place.id & mask()].freed = true;
        while (count_ > 0 && items_[first_ & mask()].freed) {
            ++first_;
            --count_;
        }
    }

    Bytes largest_hole() const override {
        if (count_ == 0) return capacity();
        const Bytes oldest = items_[first_ & mask()].offset;
        if (wrapped()) return oldest - write_;
        return std::max(capacity() - write_, oldest);
    }

  private:
    struct Item {
        Bytes offset;
        bool freed = false;
    };

    // Whether the free space is [write, oldest) instead of [write, capacity) and [0, oldest).
    bool wrapped() const { return write_ <= items_[first_ & mask()].offset; }

    std::optional<Bytes> find(Bytes size) const {
        if (count_ == 0) return write_ + size <= capacity() ? write_ : Bytes{};
        const Bytes oldest = items_[first_ & mask()].offset;
        if (wrapped()) return write_ + size <= oldest ? std::optional(write_) : std::nullopt;
        if (write_ + size <= capacity()) return write_;
        return size <= oldest ? std::optional(Bytes{}) : std::nullopt;
    }

    std::uint32_t mask() const { return static_cast<std::uint32_t>(items_.size()) - 1; }

    void grow() {
        std::vector<Item> larger(2 * items_.size());
        const auto larger_mask = static_cast<std::uint32_t>(larger.size()) - 1;
        for (std::uint32_t id = first_; id != first_ + count_; ++id)
            larger[id & larger_mask] = items_[id & mask()];
        items_ = std::move(larger);
    }

    std::vector<Item> items_ = std::vector<Item>(16);  // a power of two, by id modulo its size
    std::uint32_t first_ = 0;                          // the id of the oldest item
    std::uint32_t count_ = 0;
    Bytes write_;
};

}  // namespace

std::unique_ptr<Arena> make_ring_arena(Bytes capacity) {
    return std::make_unique<RingArena>(capacity);
}

}  // namespace swaplab
