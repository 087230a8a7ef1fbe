// Arenas: where the bytes of blocks go, by address. Pure bookkeeping over a capacity: `sim` uses it
// as it is, real backends add the base address of their memory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "policies/port/deployment.h"
#include "profiles/base/units.h"

namespace swaplab {

// A reserved range. `id` tells reservations of one arena apart.
struct Place {
    Bytes offset;
    Bytes size;
    std::uint32_t id = 0;
};

class Arena {
  public:
    virtual ~Arena() = default;
    // A place for `size` > 0 bytes, or nothing if there is none now. `size` <= capacity.
    virtual std::optional<Place> reserve(Bytes size) = 0;
    // Gives back a place that `reserve` returned and that was not given back yet; else aborts.
    virtual void free(const Place& place) = 0;
    // The largest contiguous free range.
    virtual Bytes largest_hole() const = 0;

    Bytes capacity() const { return capacity_; }

  protected:
    explicit Arena(Bytes capacity) : capacity_(capacity) {}

  private:
    Bytes capacity_;
};

std::unique_ptr<Arena> make_arena(const ArenaPlan& plan);

// What an arena is for: blocks execute from one, or pass through it on their way to the other.
enum class ArenaUse : std::uint8_t { executing, staging };
using ArenaFactory = std::function<std::unique_ptr<Arena>(const ArenaPlan& plan, ArenaUse use)>;

// One factory per kind, each in its own file.
std::unique_ptr<Arena> make_counter_arena(Bytes capacity);
std::unique_ptr<Arena> make_two_ended_arena(Bytes capacity);
std::unique_ptr<Arena> make_ring_arena(Bytes capacity);
std::unique_ptr<Arena> make_slot_arena(Bytes capacity, std::uint32_t slots);
std::unique_ptr<Arena> make_fixed_arena(const std::vector<Bytes>& places);

// For real memory in place of a counter: takes and refuses exactly what a counter of `capacity`
// does, but gives every reservation addresses of its own within `span`, the lowest that are free.
// Only pages in use need memory behind them, so the span may be many times the capacity; it must be
// large enough that no pattern of reservations fragments it (Robson's bound: about log2 of capacity
// over the smallest reservation, times the capacity). Aborts where it was not.
std::unique_ptr<Arena> make_first_fit_arena(Bytes capacity, Bytes span);

}  // namespace swaplab
