// What a run did, in which order: the same for two runs that decided alike, whenever it happened.
#pragma once

#include <cstdint>

#include "policies/metrics/observer.h"

namespace swaplab {

// Digests of two sequences. Times are in neither, nor is what came at one instant together: in real
// time nothing does.
struct RunOrder {
    std::uint64_t commands = 0;  // submitted and cancelled: which, on which lane, after what
    std::uint64_t completions = 0;

    friend bool operator==(const RunOrder&, const RunOrder&) = default;
};

class OrderRecorder final : public Observer {
  public:
    Interests interests() const override { return {true, true, false}; }
    void on_span(const Completion& span) override;
    void on_decision(const Decision& decision) override;

    const RunOrder& order() const { return order_; }

  private:
    RunOrder order_;
};

}  // namespace swaplab
