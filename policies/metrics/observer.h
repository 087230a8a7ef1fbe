// Listening to a run: what a runner tells about it while it goes on.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policies/metrics/stalls.h"
#include "policies/port/device.h"
#include "policies/port/device_listener.h"
#include "policies/port/workload.h"

namespace swaplab {

// A command that a policy asked to take back.
struct Cancellation {
    Ticket ticket;
    bool done = false;        // it had not started
    std::size_t before_it{};  // how many commands of the same decision had been submitted
};

// One scheduler call: all that it saw and all that it asked for (a line of the decision log).
struct Decision {
    Time at{};
    std::span<const Arrival> arrivals;
    std::span<const Completion> completions;
    const MemoryReport& memory;   // as it was when the scheduler was called
    std::optional<Bytes> budget;  // as in `View`
    std::span<const Command> commands;
    Ticket first_ticket;  // of `commands`
    std::span<const Cancellation> cancellations = {};
    const std::string* mode = nullptr;  // as in `View`
    std::span<const RequestRef> expired = {};
};

// The end of the last execution of a request.
struct RequestEnd {
    JobId job;
    RequestId request;
    Time arrival{};
    Time end{};
    bool missed = false;         // its deadline
    Duration latency{}, turn{};  // as in the result
};

// What an observer listens to. Nothing is called, and nothing collected, for what nobody wants.
struct Interests {
    bool spans = true;
    bool decisions = true;
    // Arrivals and ends of requests, stalls, changes of memory, budget and mode.
    bool timeline = false;

    friend constexpr Interests operator|(Interests a, Interests b) {
        return {a.spans || b.spans, a.decisions || b.decisions, a.timeline || b.timeline};
    }
};

// Each kind of call comes in order of time (spans and stalls: of their ends); stalls come later
// than the spans around them.
// What the device tells (changes of memory) comes on top.
class Observer : public DeviceListener {
  public:
    // Asked before the run; the answer holds for all of it.
    virtual Interests interests() const { return {}; }
    DeviceInterests device_interests() const override { return {.memory = interests().timeline}; }
    // The run begins and ends; always called (the end not where a policy is blamed). What a run is
    // of stays until `on_end` has returned.
    virtual void on_start(const DeviceSetup&, const Workload&) {}
    virtual void on_end() {}

    virtual void on_span(const Completion&) {}
    virtual void on_decision(const Decision&) {}

    virtual void on_arrival(const Arrival&) {}
    virtual void on_request_end(const RequestEnd&) {}
    virtual void on_abort(JobId, RequestId, Time) {}  // it is given up at its deadline
    virtual void on_stall(const Stall&) {}
    virtual void on_budget(Time, Bytes) {}           // the budget is another from now on
    virtual void on_mode(Time, std::string_view) {}  // likewise; empty: the device's own
};

}  // namespace swaplab
