// The life of a block in memory: absent, brought in step by step along its swap path, in place,
// used, released. The one state machine of it, for whoever has to know where a block stands: the
// runner's checks (as submitted and as observed), the emulator's rules, schedulers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "policies/port/swap_path.h"

namespace swaplab {

class BlockLife {
  public:
    BlockLife() = default;
    // A block with this way in (`BlockFacts::steps`): one without steps is always in place.
    explicit BlockLife(std::span<const SwapStep> steps)
        : steps_(steps.data()), count_(static_cast<std::uint8_t>(steps.size())) {}

    bool swaps() const { return count_ > 0; }
    bool absent() const { return done_ == 0 && swaps(); }
    bool in_place() const { return done_ == count_; }  // it may be used
    bool may_leave() const { return done_ > 0; }

    std::span<const SwapStep> steps() const { return {steps_, count_}; }
    std::span<const SwapStep> missing() const { return steps().subspan(done_); }
    // The step that came last, of a block that is not absent.
    std::optional<SwapStep> last_done() const {
        return done_ > 0 ? std::optional(steps_[done_ - 1U]) : std::nullopt;
    }
    bool begins_with(SwapStep step) const { return swaps() && *steps_ == step; }
    bool is_next(SwapStep step) const { return done_ < count_ && steps_[done_] == step; }

    std::size_t done() const { return done_; }
    void advance() { ++done_; }  // one more step: there is one
    void take_back() { --done_; }
    void leave() { done_ = 0; }

  private:
    // Not a span: runners keep several lives of every block, and look at some at every command.
    const SwapStep* steps_ = nullptr;
    std::uint8_t count_ = 0;  // of steps, at most `kMostSteps`
    std::uint8_t done_ = 0;
};

}  // namespace swaplab
