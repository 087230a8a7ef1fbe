// Who has not started, and why: the same words from every device.
#pragma once

#include <vector>

#include "policies/lanes/ticket_ring.h"
#include "policies/port/device.h"

namespace swaplab {

// All records that wait, in order of submission.
std::vector<Waiting> waiting_commands(const TicketRing& tickets, const AllFacts& facts);

}  // namespace swaplab
