// The records of submitted commands that have not been reported yet, and who waits for whom.
#pragma once

#include <array>
#include <limits>
#include <vector>

#include "policies/port/command.h"

namespace swaplab {

class TicketRing {
  public:
    enum class State : std::uint8_t { waiting, running, ended };

    // Two lines of a cache: what is done with a command touches one record after another.
    struct alignas(64) Record {
        Completion completion;  // ticket and action; times as they become known
        Ticket next_in_lane;    // valid while the record is not the last of its lane
        std::uint32_t first_waiter = kNobody;
        std::array<std::uint32_t, After::kMost> next_waiter{};
        std::uint8_t unmet = 0;  // tickets of `after` that have not ended
        State state = State::waiting;
        Duration work{};  // of what runs and has a host part before: known when it starts
    };
    static_assert(sizeof(Record) == 128);

    TicketRing() : records_(64), mask_(63) {}

    // Adds a command and links it to those of its `after` that have not ended.
    Record& add(const Command& command);
    Record& operator[](Ticket ticket) { return records_[ticket.index & mask_]; }
    const Record& operator[](Ticket ticket) const { return records_[ticket.index & mask_]; }

    bool ended(Ticket ticket) const {
        return ticket < first_ || (*this)[ticket].state == State::ended;
    }
    // Marks the ticket as ended and calls `freed(record)` for every command whose last wait it was.
    template <class Freed>
    void end(Ticket ticket, Time now, Freed freed);
    // Forgets ended records from the oldest on; call when ended records have been reported. One
    // that was cancelled while it waited stays until nobody has to tell it of an end any more.
    void forget_ended() {
        while (first_ < next_ && (*this)[first_].state == State::ended &&
               (*this)[first_].unmet == 0)
            ++first_.index;
    }

    // Those that `ticket` waits for and that have not ended; looks through all records.
    std::vector<Ticket> waited_for(Ticket ticket) const;

    Ticket first() const { return first_; }
    Ticket next() const { return next_; }

  private:
    static constexpr std::uint32_t kNobody = ~std::uint32_t{0};

    void grow();

    std::vector<Record> records_;  // a power of two, indexed by ticket modulo its size
    std::uint32_t mask_;           // its size - 1
    // waiters: a list through `next_waiter`, an entry being (ticket modulo 2^29) * 8 + which
    // `after`
    Ticket first_, next_;
};

inline TicketRing::Record& TicketRing::add(const Command& command) {
    SWAPLAB_CHECK(next_.index < std::numeric_limits<std::uint32_t>::max(),
                  "more than {} commands in one run", next_.index);
    if (next_.index - first_.index > mask_) grow();
    const Ticket ticket = next_;
    ++next_.index;
    Record& record = (*this)[ticket];
    record.completion.ticket = ticket;
    record.completion.command = command;
    record.completion.released_at.reset();
    record.completion.blocked_since.reset();
    record.first_waiter = kNobody;
    record.unmet = 0;
    record.state = State::waiting;
    std::uint32_t which = 0;
    for (const Ticket before : command.after) {
        if (!ended(before)) {
            Record& other = (*this)[before];
            record.next_waiter[which] = other.first_waiter;
            other.first_waiter = (ticket.index << 3) | which;
            ++record.unmet;
        }
        ++which;
    }
    return record;
}

template <class Freed>
void TicketRing::end(Ticket ticket, Time now, Freed freed) {
    Record& ended = (*this)[ticket];
    ended.state = State::ended;
    const bool is_release = swaps_out(ended.completion.command.verb);
    std::uint32_t entry = ended.first_waiter;
    while (entry != kNobody) {
        Record& waiter = records_[(entry >> 3) & mask_];
        if (is_release) waiter.completion.released_at = now;
        entry = waiter.next_waiter[entry & 7U];
        if (--waiter.unmet == 0) freed(waiter);
    }
}

}  // namespace swaplab
