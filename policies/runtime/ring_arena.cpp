#include <algorithm>
#include <deque>

#include "policies/runtime/arena.h"
#include "profiles/error.h"
#include "profiles/text.h"

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
        items_.push_back({*offset, size, false});
        write_ = *offset + size;
        return Place{*offset, size, first_id_ + static_cast<std::uint32_t>(items_.size()) - 1};
    }

    void free(const Place& place) override {
        const std::uint32_t index = place.id - first_id_;
        SWAPLAB_CHECK(index < items_.size() && !items_[index].freed,
                      "freeing item {} of a ring that holds {} from {}", place.id, items_.size(),
                      first_id_);
        items_[index].freed = true;
        while (!items_.empty() && items_.front().freed) {
            items_.pop_front();
            ++first_id_;
        }
    }

    Bytes largest_hole() const override {
        if (items_.empty()) return capacity();
        const Bytes oldest = items_.front().offset;
        if (wrapped()) return oldest - write_;
        return std::max(capacity() - write_, oldest);
    }

  private:
    struct Item {
        Bytes offset, size;
        bool freed;
    };

    // Whether the free space is [write, oldest) instead of [write, capacity) and [0, oldest).
    bool wrapped() const { return write_ <= items_.front().offset; }

    std::optional<Bytes> find(Bytes size) const {
        if (items_.empty()) return write_ + size <= capacity() ? write_ : Bytes{};
        const Bytes oldest = items_.front().offset;
        if (wrapped()) return write_ + size <= oldest ? std::optional(write_) : std::nullopt;
        if (write_ + size <= capacity()) return write_;
        return size <= oldest ? std::optional(Bytes{}) : std::nullopt;
    }

    std::deque<Item> items_;
    std::uint32_t first_id_ = 0;
    Bytes write_;
};

}  // namespace

std::unique_ptr<Arena> make_ring_arena(Bytes capacity) {
    return std::make_unique<RingArena>(capacity);
}

}  // namespace swaplab
