#include "policies/metrics/stall_clocks.h"

#include <algorithm>

#include "policies/lanes/lane_widths.h"
#include "profiles/base/error.h"

namespace swaplab {

namespace {

constexpr std::uint32_t kRemembered = 1024;  // commands, whether they have ended or not
constexpr std::uint32_t kAtOnce = 64;        // how many are settled at a time, about

// In how many of the clocks what a lane does takes time: a step of a way in up to the clock that
// leaves it out, all else in each.
constexpr std::array<std::size_t, kLanes> kLasts = [] {
    std::array<std::size_t, kLanes> lasts{};
    for (const VerbRow& row : kVerbTable)
        if (row.lane != Lane::none)
            lasts[index_of(row.lane)] =
                row.stage == Stage::swap_in ? step_rank(row.verb) + 1 : kStallClocks;
    return lasts;
}();

static_assert(kStallReasons == kStallClocks + 2, "one for each clock, idle, other");
constexpr StallReason reason_of(std::size_t clock) { return static_cast<StallReason>(clock); }

// What a cause has of an observed end.
double part_of(double end, const ClockInstants& ends, std::size_t clock) {
    return (clock == 0 ? end : ends[clock - 1]) - ends[clock];
}

Duration whole(double ns) { return Duration{static_cast<std::int64_t>(ns)}; }

}  // namespace

StallClocks::StallClocks(const DeviceSetup& setup, bool at_once, Observer* observer)
    : records_(kRemembered),
      ends_of_(kRemembered),
      mask_(kRemembered - 1),
      watches_(!at_once || observer != nullptr),
      observer_(observer) {
    if (!at_once) starts_.emplace(setup);
    if (observer != nullptr) actions_.resize(kRemembered);
    for (const Node& node : setup.platform.nodes) {
        const LaneWidths widths = lane_widths(setup.deployment, node);
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            lanes_.emplace_back(widths[lane], kLasts[lane]);
    }
}

void StallClocks::watch_submit(std::uint32_t ticket, const Command& command, Time now) {
    if (starts_) starts_->on_submit(ticket, now);
    if (observer_ != nullptr) actions_[ticket & mask_] = command;
}

void StallClocks::watch_end(const Completion& span) {
    if (starts_) starts_->on_end(span);
    settle_ended();
}

void StallClocks::make_room() {
    settle_ended();
    if (next_ - first_ > mask_ / 2) grow();
    settle_at_ = std::min(next_ + kAtOnce, first_ + mask_ / 2 + 1);
}

void StallClocks::grow() {
    const std::size_t size = 2 * records_.size();
    const auto mask = static_cast<std::uint32_t>(size) - 1;
    const std::uint32_t oldest = next_ < records_.size() ? 0 : next_ - mask_ - 1;
    const auto larger = [&]<class Element>(std::vector<Element>& of) {
        if (of.empty()) return;
        std::vector<Element> all(size);
        for (std::uint32_t t = oldest; t != next_; ++t) all[t & mask] = of[t & mask_];
        of = std::move(all);
    };
    larger(records_);
    larger(ends_of_);
    larger(actions_);
    mask_ = mask;
}

void StallClocks::on_cancel(Ticket ticket) {
    Record& record = records_[ticket.index & mask_];
    record.state = State::known;
    record.from = 0;
    if (watches_) settle_ended();
}

// When what has ended ends by each clock. Of those it waits for that are forgotten, all do earlier.
inline ClockInstants StallClocks::settled(std::uint32_t ticket, const Record& record) {
    ClockInstants instants(record.from);
    for (const Ticket t : record.after)
        if (ticket - t.index <= mask_) instants.raise(ends_of_[t.index & mask_]);
    LaneClocks& lane = lanes_[record.lane];
    lane.wait(instants);
    if (starts_) [[unlikely]]
        add_lateness(ticket, record, instants);
    lane.occupy(instants, record.length);
    return instants;
}

void StallClocks::settle_ended() {
    for (; first_ != next_; ++first_) {
        if (!given_up_.empty()) [[unlikely]]
            end_given_up();
        const Record& record = records_[first_ & mask_];
        if (record.state == State::submitted) return;
        if (record.state == State::known) {
            ends_of_[first_ & mask_] = ClockInstants(record.from);
            continue;
        }
        const ClockInstants ends = settled(first_, record);
        ends_of_[first_ & mask_] = ends;
        if (uses(static_cast<Lane>(record.lane % kLanes))) explain(first_, record, ends);
    }
}

// Where a device began later than it could have, all clocks do: that is no cause of theirs.
void StallClocks::add_lateness(std::uint32_t ticket, const Record& record, ClockInstants& start) {
    const auto late = static_cast<double>(starts_->of(ticket, record.after, record.lane));
    start.pass(late, ClockInstants(1));
}

// An execution: the idle time before it, and what is known of the time since requests are there.
void StallClocks::explain(std::uint32_t ticket, const Record& record, const ClockInstants& ends) {
    if (!open_) open_period(ticket);
    if (observer_ != nullptr && record.end - record.length > compute_end_)
        tell(largest_cause(record.end, ends), compute_end_, record.end - record.length, ticket);
    ends_.raise(ends);
    compute_end_ = std::max(compute_end_, record.end);
    if (record.state == State::ended_last) end_period();
}

void StallClocks::end_period() {
    if (open_) add_period(stalls_);
    begins_.pop_front();
    first_one_ = first_one_ && !open_;
    open_ = false;
}

// All that was submitted before has ended.
void StallClocks::end_given_up() {
    while (!given_up_.empty() && given_up_.front() <= first_) {
        given_up_.pop_front();
        end_period();
    }
}

// Nothing is idle before the first request.
void StallClocks::open_period(std::uint32_t ticket) {
    SWAPLAB_CHECK(!begins_.empty(), "an execution with {} requests there, after {} ns",
                  begins_.size(), compute_end_);
    const double begin = begins_.front();
    open_ = true;
    ends_ = ClockInstants(begin);
    if (compute_end_ >= begin) return;
    if (!first_one_) {
        stalls_[StallReason::idle] += whole(begin - compute_end_);
        tell(StallReason::idle, compute_end_, begin, ticket);
    }
    compute_end_ = begin;
}

// Of the gap before an execution: what more each cause has at its end than at the end before.
StallReason StallClocks::largest_cause(double end, const ClockInstants& ends) const {
    StallReason largest = StallReason::other;
    double most = 0;
    for (std::size_t c = 0; c < kStallClocks; ++c) {
        const double more = part_of(end, ends, c) - part_of(compute_end_, ends_, c);
        if (more <= most) continue;
        most = more;
        largest = reason_of(c);
    }
    return largest;
}

void StallClocks::tell(StallReason reason, double from, double to, std::uint32_t ticket) const {
    if (observer_ == nullptr) return;
    observer_->on_stall({reason, at(from), at(to), actions_[ticket & mask_]});
}

void StallClocks::add_period(Stalls& stalls) const {
    for (std::size_t c = 0; c < kStallClocks; ++c)
        stalls[reason_of(c)] += whole(part_of(compute_end_, ends_, c));
}

Stalls StallClocks::stalls() {
    settle_ended();
    if (first_ == next_) end_given_up();
    Stalls stalls = stalls_;
    if (open_) add_period(stalls);
    return stalls;
}

}  // namespace swaplab
