// The ledger: memory by category, its peak, and the first breach of the budget.
#pragma once

#include <algorithm>
#include <optional>

#include "policies/port/device.h"
#include "policies/port/device_listener.h"
#include "policies/port/holding.h"

namespace swaplab {

class Ledger {
  public:
    // `listener` hears of every change; null if nobody listens.
    Ledger(Account account, std::optional<Bytes> budget, Bytes arena_bytes,
           DeviceListener* listener);

    // Adds bytes; true if the chosen account reached a new peak (the caller then tells the hole).
    bool charge(Category category, Bytes bytes, Time now) {
        change(category, bytes);
        record(category, now);
        return report_.in_use > watched_ && pass_watched(now);
    }
    void credit(Category category, Bytes bytes, Time now) {
        change(category, {-bytes.count});
        record(category, now);
    }
    // Sets what one job's execution needs from `before` to `after` in one step.
    bool move_activations(const ActivationPeak& before, const ActivationPeak& after, Time now) {
        // The two categories change together, so their sum must not overshoot.
        change(Category::activations, after.activations - before.activations);
        change(Category::workspace, after.workspace - before.workspace);
        if (listener_ != nullptr) [[unlikely]]
            tell_activations(before, after, now);
        return report_.in_use > watched_ && pass_watched(now);
    }

    // See `Device::set_budget`.
    void set_budget(Bytes budget, Bytes tolerated, Time now);
    // The bytes in use stay as they are from `now` until the next call; needed only once a budget
    // has been set.
    void settle(Time now) {
        if (timed_) [[unlikely]]
            note_time(now);
    }
    void raise_arena(Bytes arena_bytes) {
        report_.arena_bytes = std::max(report_.arena_bytes, arena_bytes);
    }
    void set_hole_at_peak(Bytes hole) { report_.largest_hole = hole; }
    const MemoryReport& report() const { return report_; }

  private:
    void change(Category category, Bytes more) {
        report_.by_category[static_cast<std::size_t>(category)] += more;
        if (account_ == Account::all || holds_weights(category)) report_.in_use += more;
    }
    void record(Category category, Time now) {
        if (listener_ != nullptr) tell(category, now);
    }
    void tell(Category category, Time now) const;
    void tell_activations(const ActivationPeak& before, const ActivationPeak& after,
                          Time now) const;
    bool pass_watched(Time now);
    void note_time(Time now);
    void watch();

    Account account_;
    std::optional<Bytes> budget_, tolerated_;
    DeviceListener* listener_;
    Bytes watched_;       // the lesser of the peak and what is tolerated
    bool timed_ = false;  // a budget has been set, and time over it counts
    bool over_ = false;   // since `settled_` more than the budget has been in use
    Time settled_ = kStart;
    MemoryReport report_;
};

}  // namespace swaplab
