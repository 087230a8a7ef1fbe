// What of a closed loop is drawn.
#pragma once

#include "policies/port/workload.h"

namespace swaplab {

// How much later than otherwise a client sends its request of that number, from 0.
Duration jitter_of(const ClosedLoop& loop, std::uint32_t client, std::uint32_t number);
Time first_arrival_of(const ClosedLoop& loop);  // of all clients

}  // namespace swaplab
