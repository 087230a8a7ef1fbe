#include "policies/port/holding.h"

#include <array>

namespace swaplab {

namespace {

using V = Verb;
using C = Category;

// Columns: from, until, which copy, in staging, category.
constexpr std::array<Holding, 1> kZeroCopy{{{V::read, V::release, 0, false, C::parameters}}};
constexpr std::array<Holding, 2> kStaged{{
    {V::read, V::copy, 0, true, C::staging},
    {V::copy, V::release, 0, false, C::parameters},
}};
// The naive way reserves all its copies when the read starts: 4s on a GPU device (page cache, host
// tensor, device tensor, dummy model), 3s on a CPU device, where the host tensor is the block.
constexpr std::array<Holding, 4> kStandardGpu{{
    {V::read, V::copy, 0, false, C::staging},
    {V::read, V::assemble, 0, false, C::duplicates},
    {V::read, V::release, 0, false, C::parameters},
    {V::read, V::assemble, 0, false, C::duplicates},
}};
constexpr std::array<Holding, 3> kStandardCpu{{
    {V::read, V::copy, 0, false, C::staging},
    {V::read, V::release, 0, false, C::parameters},
    {V::read, V::assemble, 0, false, C::duplicates},
}};

}  // namespace

std::string_view name_of(Category category) {
    static constexpr std::array<std::string_view, kCategories> names{
        "parameters", "staging",  "duplicates", "activations",
        "workspace",  "kv_cache", "skeleton",   "reserved"};
    return names[static_cast<std::size_t>(category)];
}

std::string_view name_of(Account account) { return account == Account::all ? "all" : "parameters"; }

std::span<const Holding> holdings_of(SwapPath path, ComputeKind compute) {
    switch (path) {
        case SwapPath::resident: return {};
        case SwapPath::zero_copy: return kZeroCopy;
        case SwapPath::staged: return kStaged;
        case SwapPath::standard:
            if (compute == ComputeKind::gpu) return kStandardGpu;
            return kStandardCpu;
    }
    return {};
}

std::uint32_t peak_copies(SwapPath path, ComputeKind compute) {
    return static_cast<std::uint32_t>(holdings_of(path, compute).size());
}

}  // namespace swaplab
