#include "policies/lanes/closed_loop.h"

#include <algorithm>

#include "policies/lanes/uniform_draws.h"

namespace swaplab {

namespace {

constexpr std::uint32_t kDrawsOfClients = 3;  // those of lists of arrivals end with 0 to 2

}  // namespace

Duration jitter_of(const ClosedLoop& loop, std::uint32_t client, std::uint32_t number) {
    if (loop.jitter == Duration::zero()) return loop.jitter;
    return Duration{UniformDraws(loop.seed).whole({loop.stream, client, number, kDrawsOfClients},
                                                  count_ns(loop.jitter))};
}

Time first_arrival_of(const ClosedLoop& loop) {
    Duration earliest = loop.jitter;
    for (std::uint32_t client = 0; client < loop.clients && earliest > Duration::zero(); ++client)
        earliest = std::min(earliest, jitter_of(loop, client, 0));
    return kStart + loop.offset + earliest;
}

}  // namespace swaplab
