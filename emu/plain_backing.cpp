#include <mutex>
#include <vector>

#include "emu/backing.h"
#include "policies/runtime/activation_pool.h"
#include "policies/runtime/arena.h"
#include "policies/runtime/frames.h"

namespace swaplab {

namespace {

// Pieces take more addresses than memory: they are placed first fit.
constexpr std::int64_t kAddressesPerByte = 16;

class PlainBacking final : public Backing {
  public:
    explicit PlainBacking(const BackingPlan& plan)
        : frames_(plan.limit),
          most_(align_up(plan.limit ? std::min(*plan.limit, plan.all_pieces) : plan.all_pieces,
                         kPage)),
          addresses_(make_first_fit_arena(most_, kAddressesPerByte * most_)),
          window_(frames_.add_window(kAddressesPerByte * most_)),
          aside_(frames_.add_window(plan.limit.value_or(kUnlimitedAside))),
          activations_(frames_, kAddressesPerByte * (plan.activations + Bytes{1 << 20})),
          places_(plan.pieces),
          plan_(plan) {}

    void get_memory() override {
        if (!plan_.limit) return;
        const Bytes for_pieces = std::min(plan_.warm_pieces, *plan_.limit);
        frames_.warm(window_, for_pieces);
        frames_.warm(aside_, *plan_.limit - for_pieces);
    }

    Addresses bring(std::uint32_t piece, Bytes size) override {
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
    static constexpr Bytes kUnlimitedAside{std::int64_t{64} << 30};  // addresses only

    Place place_for(std::uint32_t piece, Bytes size) {
        const std::lock_guard lock(mutex_);
        const std::optional<Place> place = addresses_->reserve(size);
        if (!place) throw OutOfMemory("the blocks of a run are more than its memory");
        places_[piece] = place;
        return *place;
    }

    Frames frames_;
    Bytes most_;
    std::mutex mutex_;  // of the two below
    std::unique_ptr<Arena> addresses_;
    Frames::WindowId window_;
    Frames::WindowId aside_;
    Bytes in_aside_;
    ActivationPool activations_;
    std::vector<std::optional<Place>> places_;  // by piece
    BackingPlan plan_;
};

}  // namespace

std::unique_ptr<Backing> make_plain_backing(const BackingPlan& plan) {
    return std::make_unique<PlainBacking>(plan);
}

}  // namespace swaplab
