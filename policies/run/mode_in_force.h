// The mode of a run in which it may change (`Workload::mode_changes`).
#pragma once

#include <span>
#include <string>

#include "policies/metrics/metrics.h"
#include "policies/port/device.h"
#include "policies/port/workload.h"

namespace swaplab {

class ModeInForce {
  public:
    // Everything is borrowed for the run.
    ModeInForce(const DeviceSetup& setup, const Workload& workload, Device& device,
                Metrics& metrics)
        : modes_(setup.modes), changes_(workload.mode_changes), device_(device), metrics_(metrics) {
        find_next();
    }

    // When it changes next; Time::max() if it does not.
    Time next_change() const { return next_; }
    // Takes all changes up to `at`; instants come in order. Returns the mode from now on if there
    // was a change, to the same mode too, else null.
    const std::string* take(Time at) { return next_ > at ? nullptr : take_all(at); }

  private:
    const std::string* take_all(Time at);
    void find_next() { next_ = taken_ < changes_.size() ? changes_[taken_].at : Time::max(); }

    std::span<const ModeFacts> modes_;
    std::span<const ModeChange> changes_;
    Device& device_;
    Metrics& metrics_;
    std::size_t taken_ = 0;
    Time next_ = Time::max();
};

}  // namespace swaplab
