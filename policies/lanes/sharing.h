// Sharing and contention: how fast each kind of activity progresses, in integers.
//
// All running activities of one kind on one node progress at one rate r (units of 2^-20 ns of work
// per ns), so a kind needs a single work clock: an activity that starts at clock value c with W ns
// of work ends when the clock reaches c + W * 2^20. That equals keeping the remaining work of each
// activity (SEMANTICS: Sharing and contention) and costs one multiplication per kind and event.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "policies/port/command.h"
#include "profiles/device/platform.h"

namespace swaplab {

// The kinds of work that share a node: the verbs that take time.
inline constexpr std::size_t kKinds = kTimedVerbs;

inline constexpr std::int64_t kFullRate = std::int64_t{1} << 20;
// Of an activity that progresses so many times as fast as alone.
std::int64_t rate_of(double speed);

// The rates of all kinds for every number of parallel reads and set of running kinds.
class RateTable {
  public:
    using Rates = std::array<std::int64_t, kKinds>;

    RateTable(const Node& node, std::uint32_t most_reads);

    // `shared_by`: the number of reads << kKinds, and bit i while a verb i is running.
    const Rates& at(std::uint32_t shared_by) const { return rates_[shared_by]; }

  private:
    std::vector<Rates> rates_;
};

// The running activities of one kind, and the clock of their work.
class WorkClock {
  public:
    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    std::int64_t rate() const { return rate_; }

    // Both return whether `next_end` may have changed.
    bool start(Ticket ticket, Duration work, Time now) {
        advance(now);
        const Pending added{clock_ + static_cast<std::uint64_t>(work.count()) * kFullRate, ticket};
        if (size_++ > 0) return insert(added);
        first_ = added;
        return true;
    }
    bool set_rate(std::int64_t rate, Time now) {
        if (rate == rate_) return false;
        advance(now);
        rate_ = rate;
        return true;
    }
    // Takes out all that has ended by `now` and calls `end(ticket)` for each, in order of
    // submission.
    template <class End>
    void end_all(Time now, std::vector<Ticket>& scratch, End end) {
        advance(now);
        if (size_ == 0 || left(first_) > 0) return;
        const Ticket first = first_.ticket;
        drop_first();
        if (size_ == 0 || left(first_) > 0) return end(first);
        scratch.assign(1, first);
        take_ended(scratch);
        for (const Ticket ticket : scratch) end(ticket);
    }
    // When the first will end if the rate stays. Throws `InputError` beyond the range of `Time`.
    Time next_end() const {
        const std::int64_t work = left(first_);
        if (work <= 0) return updated_;
        const std::int64_t wait =
            rate_ == kFullRate ? (work + kFullRate - 1) >> 20 : (work - 1) / rate_ + 1;
        if (wait > kFurthest - count_ns(updated_)) [[unlikely]]
            fail_range(wait);
        return updated_ + Duration{wait};
    }

  private:
    struct Pending {
        std::uint64_t end;  // on the work clock, modulo 2^64
        Ticket ticket;
    };

    void advance(Time now) {
        clock_ += static_cast<std::uint64_t>((now - updated_).count()) *
                  static_cast<std::uint64_t>(rate_);
        updated_ = now;
    }
    static constexpr std::int64_t kFurthest = std::numeric_limits<std::int64_t>::max() / 2;

    void drop_first() {
        if (--size_ == 0) return;
        first_ = rest_.back();
        rest_.pop_back();
    }
    bool insert(const Pending& added);
    [[noreturn]] void fail_range(std::int64_t wait) const;
    void take_ended(std::vector<Ticket>& ended);
    std::int64_t left(const Pending& pending) const {
        return static_cast<std::int64_t>(pending.end - clock_);
    }

    std::size_t size_ = 0;
    Pending first_{};            // the first to end, where there is one
    std::vector<Pending> rest_;  // the others; of them the first to end is at the back
    std::uint64_t clock_ = 0;
    std::int64_t rate_ = kFullRate;
    Time updated_ = kStart;
};

}  // namespace swaplab
