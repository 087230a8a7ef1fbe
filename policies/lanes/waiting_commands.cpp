#include "policies/lanes/waiting_commands.h"

#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::string reason_for(const TicketRing& tickets, const TicketRing::Record& record,
                       const AllFacts& facts) {
    const Action& command = record.completion.command;
    std::string reason;
    for (const Ticket before : tickets.waited_for(record.completion.ticket)) {
        const Action& other = tickets[before].completion.command;
        reason += text("{}the {} of block {} of job {} (ticket {})", reason.empty() ? "" : ", ",
                       name_of(other.verb), other.block.index, other.job.index, before.index);
    }
    if (!reason.empty()) return reason;
    if (record.completion.blocked_since)
        return text("a place for {} bytes in its arena",
                    facts[command.job][command.block].held_in(command.pass).count);
    return text("its turn on the {} lane", name_of(command.lane));
}

}  // namespace

std::vector<Waiting> waiting_commands(const TicketRing& tickets, const AllFacts& facts) {
    std::vector<Waiting> all;
    for (Ticket t = tickets.first(); t < tickets.next(); ++t.index) {
        const TicketRing::Record& record = tickets[t];
        if (record.state == TicketRing::State::waiting)
            all.push_back({t, record.completion.command, reason_for(tickets, record, facts)});
    }
    return all;
}

}  // namespace swaplab
