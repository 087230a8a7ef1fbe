// What a block's swap-in holds, and from when to when: the swap paths as a table.
#pragma once

#include <cstddef>
#include <span>

#include "policies/port/block.h"
#include "policies/port/command.h"

namespace swaplab {

// The categories by which memory is accounted.
enum class Category : std::uint8_t {
    parameters,
    staging,
    duplicates,
    activations,
    workspace,
    kv_cache,
    skeleton,
    reserved
};
inline constexpr std::size_t kCategories = 8;
std::string_view name_of(Category category);
constexpr bool holds_weights(Category c) { return c <= Category::duplicates; }

// Which bytes the budget bounds (3-semantics: Memory).
enum class Account : std::uint8_t {
    all,         // every category
    parameters,  // parameters, staging and duplicates: every byte that holds weights
};
std::string_view name_of(Account account);

// One copy of a block's bytes: reserved when `from` starts, freed when `until` ends.
struct Holding {
    Verb from;
    Verb until;
    std::uint8_t until_copy;  // which copy, where `until` is Verb::copy
    bool in_staging;          // in the job's staging arena, if its plan has one
    Category category;
};

inline constexpr std::size_t kMostHoldings = 4;  // of any path

// In the order in which they are reserved. All holdings of one verb are reserved together or not
// at all. 1 zero-copy, 2 staged, 4 (gpu) or 3 (cpu) standard; none for `resident`.
std::span<const Holding> holdings_of(SwapPath path, ComputeKind compute);

// The most copies of a block that the path holds at once while the block is swapped in.
std::uint32_t peak_copies(SwapPath path, ComputeKind compute);

}  // namespace swaplab
