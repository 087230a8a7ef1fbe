#include "sim/ticket_ring.h"

#include <limits>

namespace swaplab {

TicketRing::Record& TicketRing::add(const Command& command) {
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
    record.extra_work = {};
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

std::vector<Ticket> TicketRing::waited_for(Ticket ticket) const {
    std::vector<Ticket> all;
    for (Ticket t = first_; t < ticket; ++t.index) {
        if (ended(t)) continue;
        std::uint32_t entry = (*this)[t].first_waiter;
        while (entry != kNobody) {
            const Record& waiter = records_[(entry >> 3) & mask_];
            if (waiter.completion.ticket == ticket) all.push_back(t);
            entry = waiter.next_waiter[entry & 7U];
        }
    }
    return all;
}

void TicketRing::grow() {
    std::vector<Record> larger(2 * records_.size());
    SWAPLAB_CHECK(larger.size() < (std::size_t{1} << 29), "{} commands are waiting", larger.size());
    const auto mask = static_cast<std::uint32_t>(larger.size()) - 1;
    for (Ticket t = first_; t < next_; ++t.index) larger[t.index & mask] = (*this)[t];
    records_ = std::move(larger);
    mask_ = mask;
}

}  // namespace swaplab
