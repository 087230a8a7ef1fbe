// The mode of a run in which it may change (`Workload::mode_changes`).
#pragma once

#include <optional>
#include <string_view>

#include "policies/device.h"
#include "policies/runtime/metrics.h"
#include "policies/workload.h"

namespace swaplab {

class ModeInForce {
  public:
    // Everything is borrowed for the run.
    ModeInForce(const DeviceSetup& setup, const Workload& workload, Device& device,
                Metrics& metrics)
        : modes_(setup.modes),
          changes_(workload.mode_changes),
          device_(device),
          metrics_(metrics) {}

    // When it changes next; nothing if it does not.
    std::optional<Time> next_change() const;
    // Takes all changes up to `at`; instants come in order. Returns the mode from now on if there
    // was a change, to the same mode too.
    std::optional<std::string_view> take(Time at);

  private:
    std::span<const ModeFacts> modes_;
    std::span<const ModeChange> changes_;
    Device& device_;
    Metrics& metrics_;
    std::size_t taken_ = 0;
};

}  // namespace swaplab
