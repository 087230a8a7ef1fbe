// Why the compute lane was idle (SEMANTICS: Stalls).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policies/port/command.h"
#include "profiles/base/units.h"

namespace swaplab {

// `memory`, then the steps of a way in, in the order in which they are left out one after the
// other; `idle`: no request was there; `other`: what is left.
enum class StallReason : std::uint8_t { memory, read, copy, assembly, idle, other };
inline constexpr std::size_t kStallReasons = 6;
std::string_view name_of(StallReason reason);

// Busy + all of these = makespan.
class Stalls {
  public:
    Duration operator[](StallReason reason) const { return by_[static_cast<std::size_t>(reason)]; }
    Duration& operator[](StallReason reason) { return by_[static_cast<std::size_t>(reason)]; }
    Duration sum() const;
    // What swapping in and room for it took: all but `idle` and `other`.
    Duration swapping() const;

    friend bool operator==(const Stalls&, const Stalls&) = default;

  private:
    std::array<Duration, kStallReasons> by_{};
};
// Every reason, as results list them.
inline constexpr std::array<StallReason, kStallReasons> kAllStallReasons{
    StallReason::memory,   StallReason::read, StallReason::copy,
    StallReason::assembly, StallReason::idle, StallReason::other};

// Idle time before an execution, by its largest cause: what a timeline draws. The lengths add up to
// the idle time of compute; by reason they are not the totals, which are shares of many gaps.
struct Stall {
    StallReason reason = StallReason::other;
    Time from{};
    Time to{};
    Action next;  // the execution that the lane waited for
};

}  // namespace swaplab
