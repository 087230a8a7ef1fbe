// The swap paths: how a block's parameters reach the place where they execute, as lists of steps
// with what each holds (SEMANTICS: Swap paths). The path decides what is held, not the kind of
// memory.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "policies/port/command.h"
#include "policies/port/holding.h"
#include "profiles/device/memory_kind.h"
#include "profiles/device/platform.h"

namespace swaplab {

enum class SwapPath : std::uint8_t {
    resident,   // in place before the run: `direct`
    zero_copy,  // read -> assemble
    staged,     // read into a host arena -> copy into the device arena -> assemble
    standard,   // page cache -> host tensor (-> device) -> dummy model -> assemble
};
std::string_view name_of(SwapPath path);
std::optional<SwapPath> swap_path_named(std::string_view name);  // of those that swap

// What is done to a block: a step of its way in, above all.
struct SwapStep {
    Verb verb;
    std::uint8_t copy = 0;  // which copy, where the path has several

    friend constexpr bool operator==(SwapStep a, SwapStep b) {
        return std::bit_cast<std::uint16_t>(a) == std::bit_cast<std::uint16_t>(b);
    }
};
constexpr SwapStep step_of(const Action& command) { return {command.verb, command.copy}; }

// One copy of a block's bytes: reserved when `from` starts, freed when `until` ends.
struct Holding {
    SwapStep from;
    SwapStep until;
    bool in_staging;  // in the job's staging arena, if its plan has one
    Category category;
};

inline constexpr std::size_t kMostSteps = 4;     // of any path's way in
inline constexpr std::size_t kMostHoldings = 4;  // of any path

struct SwapPathRow {
    SwapPath path;
    std::optional<ComputeKind> compute;  // where it is so; nothing: on every device
    std::string_view name;
    std::span<const SwapStep> steps;  // of the way in, in order; none: nothing is swapped
    // In the order in which they are reserved. All holdings of one step are reserved together or
    // not at all.
    std::span<const Holding> holdings;
    std::uint8_t executes_from;         // the holding that is bound and executed
    std::optional<std::uint8_t> dummy;  // the holding of the dummy model, filled when it is bound
    std::span<const AddedCost> added;   // to what its steps cost
};

// The row of a path on devices of that kind.
const SwapPathRow& row_of(SwapPath path, ComputeKind compute);

inline std::span<const SwapStep> steps_of(SwapPath path, ComputeKind compute) {
    return row_of(path, compute).steps;
}
inline std::span<const Holding> holdings_of(SwapPath path, ComputeKind compute) {
    return row_of(path, compute).holdings;
}
// The most copies of a block that the path holds at once while the block is swapped in.
inline std::uint32_t peak_copies(SwapPath path, ComputeKind compute) {
    return static_cast<std::uint32_t>(row_of(path, compute).holdings.size());
}

}  // namespace swaplab
