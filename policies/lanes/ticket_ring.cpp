#include "policies/lanes/ticket_ring.h"

namespace swaplab {

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
