// A policy's alarms (`wake_at`): a heap behind one slot of the engine.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "policies/command.h"
#include "sim/engine.h"

namespace swaplab {

class Timers {
  public:
    void add(Engine& engine, Time at, Ticket ticket) {
        heap_.emplace_back(at, ticket);
        std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
        engine.set(slot, heap_.front().first);
    }

    bool due(Time now) const { return !heap_.empty() && heap_.front().first <= now; }

    // Appends all that are due now, in order of time and submission.
    void take_due(Engine& engine, std::vector<Ticket>& due) {
        while (this->due(engine.now())) {
            due.push_back(heap_.front().second);
            std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
            heap_.pop_back();
        }
        if (!heap_.empty()) engine.set(slot, heap_.front().first);
    }

    Engine::Slot slot = 0;  // the engine's, for the earliest

  private:
    std::vector<std::pair<Time, Ticket>> heap_;  // the earliest first
};

}  // namespace swaplab
