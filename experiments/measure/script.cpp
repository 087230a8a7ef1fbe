#include "experiments/measure/script.h"

namespace swaplab {

namespace {

// As schedulers do: tens of commands per lane.
constexpr std::size_t kWindow = 64;

}  // namespace

StepIndex Script::add(Verb verb, JobId job, BlockId block, std::initializer_list<StepIndex> after,
                      RequestId request, std::uint8_t copy) {
    Step step;
    step.command.verb = verb;
    step.command.lane = lane_of(verb);
    step.command.copy = copy;
    step.command.job = job;
    step.command.request = request;
    step.command.block = block;
    step.after = after;
    steps_.push_back(std::move(step));
    return steps_.size() - 1;
}

StepIndex Script::pause(Duration rest) {
    const StepIndex index = add(kWake, {}, {});
    steps_.back().pause = rest;
    return index;
}

void ScriptScheduler::decide(const View& view, Moves& moves) {
    pending_ -= view.completions.size();
    while (tickets_.size() < script_->steps().size() && pending_ < kWindow) {
        const Step& step = script_->steps()[tickets_.size()];
        Command command = step.command;
        if (command.verb == kWake) {
            if (pending_ > 0) return;
            command.at = view.now + step.pause;
        }
        for (const StepIndex before : step.after) command.after.add(tickets_[before]);
        tickets_.push_back(moves.submit(command));
        submitted_.push_back(view.now);
        ++pending_;
    }
}

}  // namespace swaplab
