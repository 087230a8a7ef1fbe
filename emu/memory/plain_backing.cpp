#include <algorithm>
#include <mutex>
#include <vector>

#include "emu/memory/backing.h"
#include "hw/host/activation_pool.h"
#include "hw/host/frames.h"
#include "policies/memory/arena.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Pieces take more addresses than memory: they are placed first fit.
constexpr std::int64_t kAddressesPerByte = 16;

class PlainBacking final : public Backing {
  public:
    explicit PlainBacking(const BackingPlan& plan)
        : plan_(plan),
          frames_(plan.limit),
          addresses_(make_first_fit_arena(plan.all_pieces, kAddressesPerByte * plan.all_pieces)),
          window_(frames_.add_window(kAddressesPerByte * plan.all_pieces)),
          aside_(frames_.add_window(std::max(plan.limit.value_or(Bytes{}), kLeastAside))),
          activations_(frames_, kAddressesPerByte * (plan.activations + Bytes{1 << 20})),
          places_(plan.pieces) {}

    void get_memory(Bytes size) override {
        const Bytes for_pieces = std::min(plan_.warm_pieces, size);
        frames_.warm(window_, for_pieces);
        frames_.warm(aside_, size - for_pieces);
    }

    Addresses bring(std::uint32_t piece, Bytes size, Bytes) override {
        const Place place = place_for(piece, size);
        frames_.use(window_, place.offset, size);
        std::byte* const at = frames_.base(window_) + place.offset.count;
        return {at, at};
    }
    void drop(std::uint32_t piece) override {
        const std::lock_guard lock(mutex_);
        std::optional<Place>& place = places_[piece];
        if (!place) return;
        frames_.unuse(window_, place->offset, place->size);
        addresses_->free(*place);
        place.reset();
    }
    void set_aside(Bytes size) override {
        if (size > in_aside_)
            frames_.use(aside_, in_aside_, size - in_aside_);
        else if (size < in_aside_)
            frames_.unuse(aside_, size, in_aside_ - size);
        in_aside_ = size;
    }
    void set_limit(Bytes limit) override { frames_.set_limit(limit); }
    void set_host_access(std::uint32_t, bool) override {}
    std::optional<Fault> take_fault() override { return std::nullopt; }
    ActivationMemory& activations() override { return activations_; }
    Bytes committed_peak() const override { return frames_.committed_peak(); }

  private:
    static constexpr Bytes kLeastAside{std::int64_t{64} << 30};  // addresses only

    Place place_for(std::uint32_t piece, Bytes size) {
        const std::lock_guard lock(mutex_);
        places_[piece] = addresses_->reserve(size);
        SWAPLAB_CHECK(places_[piece], "no addresses for {} bytes", size.count);
        return *places_[piece];
    }

    BackingPlan plan_;
    Frames frames_;
    std::mutex mutex_;                  // of `addresses_` and `places_`
    std::unique_ptr<Arena> addresses_;  // for all pieces at once: the frames are what is limited
    Frames::WindowId window_;
    Frames::WindowId aside_;
    Bytes in_aside_;
    ActivationPool activations_;
    std::vector<std::optional<Place>> places_;  // by piece
};

}  // namespace

std::unique_ptr<Backing> make_plain_backing(const BackingPlan& plan) {
    return std::make_unique<PlainBacking>(plan);
}

}  // namespace swaplab
