// The clocks that say why the compute lane was idle (SEMANTICS: Stalls).
//
// Beside the observed start and end of every command run clocks in which causes cost nothing, one
// after the other left out: memory (places in arenas, and releases that a command waits for), then
// also reads, then also copies, then also assemblies. A command of such a clock begins when what it
// waits for has ended, its lane has room in the order of submission, and its request has arrived;
// it takes what was observed, or nothing. What a stall is due to is the difference between
// neighbouring clocks at the end of the last execution.
//
// Costs: a record per command, and one maximum per clock and ticket waited for, taken in order of
// submission, in which everything comes after what it waits for. What commands that have ended do
// to the clocks depends on nothing that happens later, so it is worked out for many at a time;
// at once only where somebody listens.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "policies/metrics/lane_clocks.h"
#include "policies/metrics/lateness_of_starts.h"
#include "policies/metrics/observer.h"
#include "policies/metrics/stalls.h"
#include "policies/port/device.h"

namespace swaplab {

class StallClocks {
  public:
    // `at_once`: on this device a command begins as soon as it may. `observer` hears of gaps; may
    // be null.
    StallClocks(const DeviceSetup& setup, bool at_once, Observer* observer);

    // Every command, in order of submission; `arrival` of its request.
    void on_submit(const Command& command, Time now, Time arrival) {
        if (next_ == settle_at_) [[unlikely]]
            make_room();
        const std::uint32_t ticket = next_++;
        Record& record = records_[ticket & mask_];
        record.after = command.after;
        if (command.lane == Lane::none) {
            record.state = State::known;
            record.from = swaps_out(command.verb) ? 0 : since_origin(command.at);
        } else {
            record.state = State::submitted;
            record.from = since_origin(arrival);
            record.lane =
                static_cast<std::uint32_t>(command.node.index * kLanes + index_of(command.lane));
        }
        if (watches_) [[unlikely]]
            watch_submit(ticket, command, now);
    }
    void on_cancel(Ticket ticket);
    // The end of every command that has a lane. `last`: no request is left then.
    void on_end(const Completion& span, bool last) {
        Record& record = records_[span.ticket.index & mask_];
        record.state = last ? State::ended_last : State::ended;
        record.end = since_origin(span.end);
        record.length = static_cast<double>((span.end - span.start).count());
        if (watches_) [[unlikely]]
            watch_end(span);
    }
    // Of what has none.
    void on_release(const Completion& span) {
        if (starts_) [[unlikely]]
            starts_->on_end(span);
    }
    // A request arrives when none is there.
    void on_busy(Time at) {
        if (first_one_ && begins_.empty()) origin_ = at;
        begins_.push_back(since_origin(at));
    }
    // No request is left, since the last one was given up; nobody submits anything for it any more.
    void on_given_up() { given_up_.push_back(next_); }

    // All but `other`, which is what is left of the makespan.
    Stalls stalls();

  private:
    // `known`: it has no lane, or was taken back, and ends at the same instant in each clock: a
    // release at once, an alarm when it rings.
    enum class State : std::uint8_t { submitted, ended, ended_last, known };
    struct Record {
        After after;
        double from = 0;  // when its request arrived; where it is known, its end
        double end = 0;   // observed
        double length = 0;
        std::uint32_t lane = 0;  // of all nodes' lanes
        State state = State::known;
    };

    void watch_submit(std::uint32_t ticket, const Command& command, Time now);
    void watch_end(const Completion& span);
    void make_room();
    void grow();
    void settle_ended();
    void end_given_up();
    void end_period();
    ClockInstants settled(std::uint32_t ticket, const Record& record);
    void add_lateness(std::uint32_t ticket, const Record& record, ClockInstants& start);
    void explain(std::uint32_t ticket, const Record& record, const ClockInstants& ends);
    void open_period(std::uint32_t ticket);
    double since_origin(Time at) const { return static_cast<double>((at - origin_).count()); }
    Time at(double instant) const { return origin_ + Duration{static_cast<std::int64_t>(instant)}; }
    StallReason largest_cause(double end, const ClockInstants& ends) const;
    void tell(StallReason reason, double from, double to, std::uint32_t ticket) const;
    void add_period(Stalls& stalls) const;

    // By ticket modulo their size, a power of two, at most half of which is not settled.
    std::vector<Record> records_;
    std::vector<ClockInstants> ends_of_;  // of those that are settled
    std::uint32_t mask_;
    std::uint32_t first_ = 0;  // not settled yet
    std::uint32_t next_ = 0;
    std::uint32_t settle_at_ = 0;  // when `next_` gets there: room is made
    std::vector<LaneClocks> lanes_;
    bool watches_;                            // starts, or for an observer
    std::optional<LatenessOfStarts> starts_;  // of a device on which it may begin late
    Observer* observer_;
    std::vector<Action> actions_;  // likewise by ticket, where there is an observer

    // Of the time since requests were there without a break.
    Time origin_ = kStart;
    std::deque<double> begins_;  // of this one and those after it
    // Before which tickets such a time ends, although no execution was the last of it.
    std::deque<std::uint32_t> given_up_;
    bool first_one_ = true;
    bool open_ = false;       // an execution of it has ended
    ClockInstants ends_;      // of its last execution
    double compute_end_ = 0;  // of the last execution, observed
    Stalls stalls_;           // of the times before
};

}  // namespace swaplab
