// A schedule written down beforehand, and the scheduler that plays it: what `profile` runs instead
// of a policy, through the same runner, lanes and arenas.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <vector>

#include "policies/schedule/scheduler.h"

namespace swaplab {

// Where in its script a step stands.
using StepIndex = std::size_t;

struct Step {
    Command command;               // without `after` and `at`
    std::vector<StepIndex> after;  // steps before it, After::kMost at most
    Duration pause{};              // of wake_at: from when everything before has ended
};

class Script {
  public:
    StepIndex add(Verb verb, JobId job, BlockId block, std::initializer_list<StepIndex> after = {},
                  RequestId request = {}, std::uint8_t copy = 0);
    // Ends `rest` after everything before it has ended; what comes later is submitted then.
    StepIndex pause(Duration rest);

    const std::vector<Step>& steps() const { return steps_; }
    bool empty() const { return steps_.empty(); }

  private:
    std::vector<Step> steps_;
};

// Submits the steps in their order, a window ahead of what has ended.
class ScriptScheduler final : public Scheduler {
  public:
    explicit ScriptScheduler(const Script& script) : script_(&script) {}

    void decide(const View& view, Moves& moves) override;

    const std::vector<Ticket>& tickets() const { return tickets_; }  // by step
    const std::vector<Time>& submitted() const { return submitted_; }

  private:
    const Script* script_;
    std::vector<Ticket> tickets_;
    std::vector<Time> submitted_;
    std::size_t pending_ = 0;
};

}  // namespace swaplab
