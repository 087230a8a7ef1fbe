// Strong ids: each indexes one dense vector and cannot be mistaken for another. Names are for
// people.
#pragma once

#include <compare>
#include <cstdint>

namespace swaplab {

template <class Tag>
struct Id {
    std::uint32_t index = 0;
    friend constexpr auto operator<=>(Id, Id) = default;
};

using LayerId = Id<struct LayerTag>;      // a layer of one model, in execution order
using JobId = Id<struct JobTag>;          // one -m entry of a run (two entries may name one model)
using NodeId = Id<struct NodeTag>;        // a node of a platform
using BlockId = Id<struct BlockTag>;      // a block of one job's deployment, in execution order
using RequestId = Id<struct RequestTag>;  // a request of one job, in order of arrival
using Ticket = Id<struct TicketTag>;      // a submitted command, in order of submission

}  // namespace swaplab
