#include "policies/port/swap_path.h"

#include <algorithm>
#include <array>

#include "profiles/base/error.h"

namespace swaplab {

namespace {

using C = Category;

constexpr SwapStep kRead{Verb::read};
constexpr SwapStep kCopy{Verb::copy};
constexpr SwapStep kCopyAgain{Verb::copy, 1};
constexpr SwapStep kAssemble{Verb::assemble};
constexpr SwapStep kRelease{Verb::release};

constexpr SwapStep kNoCopy[] = {kRead, kAssemble};
constexpr SwapStep kOneCopy[] = {kRead, kCopy, kAssemble};
constexpr SwapStep kTwoCopies[] = {kRead, kCopy, kCopyAgain, kAssemble};

// Columns: from, until, in staging, category.
constexpr Holding kZeroCopy[] = {{kRead, kRelease, false, C::parameters}};
constexpr Holding kStaged[] = {
    {kRead, kCopy, true, C::staging},
    {kCopy, kRelease, false, C::parameters},
};
// The naive way reserves all its copies when the read starts: 4s on a GPU device (page cache, host
// tensor, device tensor, dummy model), 3s on a CPU device, where the host tensor is the block.
constexpr Holding kStandardGpu[] = {
    {kRead, kCopy, false, C::staging},
    {kRead, kAssemble, false, C::duplicates},
    {kRead, kRelease, false, C::parameters},
    {kRead, kAssemble, false, C::duplicates},
};
constexpr Holding kStandardCpu[] = {
    {kRead, kCopy, false, C::staging},
    {kRead, kRelease, false, C::parameters},
    {kRead, kAssemble, false, C::duplicates},
};

// The dummy model is made when the block is assembled.
constexpr AddedCost kDummy[] = {{Activity::assemble, Activity::instantiate}};

// Columns: path, on which devices, name, steps, holdings, which holding executes, which is the
// dummy model, added costs.
constexpr auto kGpu = ComputeKind::gpu;
constexpr auto kCpu = ComputeKind::cpu;
constexpr std::array kTable{
    SwapPathRow{SwapPath::resident, {}, "resident", {}, {}, 0, {}, {}},
    SwapPathRow{SwapPath::zero_copy, {}, "zero-copy", kNoCopy, kZeroCopy, 0, {}, {}},
    SwapPathRow{SwapPath::staged, {}, "staged", kOneCopy, kStaged, 1, {}, {}},
    SwapPathRow{SwapPath::standard, kGpu, "standard", kTwoCopies, kStandardGpu, 2, 3, kDummy},
    SwapPathRow{SwapPath::standard, kCpu, "standard", kOneCopy, kStandardCpu, 1, 2, kDummy},
};

static_assert(std::ranges::all_of(kTable, [](const SwapPathRow& row) {
    return row.steps.size() <= kMostSteps && row.holdings.size() <= kMostHoldings;
}));

}  // namespace

const SwapPathRow& row_of(SwapPath path, ComputeKind compute) {
    const auto found = std::ranges::find_if(kTable, [&](const SwapPathRow& row) {
        return row.path == path && row.compute.value_or(compute) == compute;
    });
    SWAPLAB_CHECK(found != kTable.end(), "no swap path {} among {}", static_cast<int>(path),
                  kTable.size());
    return *found;
}

std::string_view name_of(SwapPath path) {
    return std::ranges::find(kTable, path, &SwapPathRow::path)->name;
}

std::optional<SwapPath> swap_path_named(std::string_view name) {
    const auto found = std::ranges::find_if(
        kTable, [&](const SwapPathRow& row) { return row.name == name && !row.steps.empty(); });
    return found == kTable.end() ? std::nullopt : std::optional(found->path);
}

}  // namespace swaplab
