// A policy's alarms (`wake_at`): a heap behind one slot of the engine, which is asked for at the
// first alarm: most policies set none, and a slot less is a comparison less per event.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "policies/port/command.h"
#include "sim/engine.h"

namespace swaplab {

class Timers {
  public:
    void add(Engine& engine, Time at, Ticket ticket) {
        heap_.emplace_back(at, ticket);
        std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
        if (!slot_) slot_ = engine.add_slot(Phase::timer);
        engine.set(*slot_, heap_.front().first);
    }

    bool due(Time now) const { return !heap_.empty() && heap_.front().first <= now; }

    // Appends all that are due now, in order of time and submission.
    void take_due(Engine& engine, std::vector<Ticket>& due) {
        while (this->due(engine.now())) {
            due.push_back(heap_.front().second);
            std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
            heap_.pop_back();
        }
        if (!heap_.empty()) engine.set(*slot_, heap_.front().first);
    }

  private:
    std::optional<Engine::Slot> slot_;           // for the earliest
    std::vector<std::pair<Time, Ticket>> heap_;  // the earliest first
};

}  // namespace swaplab
