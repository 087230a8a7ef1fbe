// Strong ids: each indexes one dense vector (`IdVector`) and cannot be mistaken for another. Names
// are for people.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace swaplab {

template <class Tag>
struct Id {
    std::uint32_t index = 0;
    friend constexpr auto operator<=>(Id, Id) = default;
};

using LayerId = Id<struct LayerTag>;      // a layer of one model, in execution order
using UnitId = Id<struct UnitTag>;        // a unit of one model: a layer, or a part of a layer
using JobId = Id<struct JobTag>;          // one -m entry of a run (two entries may name one model)
using NodeId = Id<struct NodeTag>;        // a node of a platform
using BlockId = Id<struct BlockTag>;      // a block of one job's deployment, in execution order
using RequestId = Id<struct RequestTag>;  // a request of one job, in order of arrival
using Ticket = Id<struct TicketTag>;      // a submitted command, in order of submission

template <class Id>
class IdIterator {
  public:
    using value_type = Id;
    using difference_type = std::ptrdiff_t;

    constexpr IdIterator() = default;
    constexpr explicit IdIterator(Id id) : id_(id) {}
    constexpr Id operator*() const { return id_; }
    constexpr IdIterator& operator++() {
        ++id_.index;
        return *this;
    }
    constexpr IdIterator operator++(int) {
        const IdIterator before = *this;
        ++*this;
        return before;
    }
    friend constexpr bool operator==(IdIterator, IdIterator) = default;

  private:
    Id id_;
};

// The ids [first, last), to go through in order: `for (const JobId job : IdRange<JobId>(0, 3))`.
template <class Id>
class IdRange {
  public:
    constexpr IdRange(std::uint32_t first, std::uint32_t last) : first_(first), last_(last) {}
    constexpr IdIterator<Id> begin() const { return IdIterator<Id>({first_}); }
    constexpr IdIterator<Id> end() const { return IdIterator<Id>({last_}); }

  private:
    std::uint32_t first_, last_;
};

}  // namespace swaplab
