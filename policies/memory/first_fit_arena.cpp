#include <algorithm>
#include <map>

#include "policies/memory/arena.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

class FirstFitArena final : public Arena {
  public:
    FirstFitArena(Bytes capacity, Bytes span) : Arena(capacity), span_(span) {}

    std::optional<Place> reserve(Bytes size) override {
        if (used_ + size > capacity()) return std::nullopt;
        Bytes at;
        for (const auto& [offset, taken] : taken_) {
            if (at + size <= offset) break;
            at = offset + taken;
        }
        SWAPLAB_CHECK(at + size <= span_, "{} bytes at {} of a span of {}", size.count, at.count,
                      span_.count);
        taken_.emplace(at, size);
        used_ += size;
        return Place{at, size, 0};
    }

    void free(const Place& place) override {
        const auto it = taken_.find(place.offset);
        SWAPLAB_CHECK(it != taken_.end() && it->second == place.size,
                      "freeing {} bytes at {}, which is not a reservation", place.size.count,
                      place.offset.count);
        used_ -= place.size;
        taken_.erase(it);
    }

    Bytes largest_hole() const override { return capacity() - used_; }

  private:
    Bytes span_;
    Bytes used_;
    std::map<Bytes, Bytes> taken_;  // offset -> size
};

}  // namespace

std::unique_ptr<Arena> make_first_fit_arena(Bytes capacity, Bytes span) {
    return std::make_unique<FirstFitArena>(capacity, span);
}

}  // namespace swaplab
