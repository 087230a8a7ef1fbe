#include "profiles/device/memory_kind.h"

#include <algorithm>
#include <array>

namespace swaplab {

namespace {

constexpr AddedCost kAttached[] = {{Activity::assemble, Activity::attach},
                                   {Activity::release, Activity::attach}};
constexpr AddedCost kPrefetched[] = {{Activity::assemble, Activity::prefetch}};

// By MemoryKind. Columns: kind, name, for people, staged, what the host may touch, added costs.
constexpr std::array kTable{
    MemoryKindRow{MemoryKind::registered,
                  "register",
                  "host memory, pinned and mapped: read in place, at no cost",
                  false,
                  HostAccess::always,
                  {}},
    MemoryKindRow{MemoryKind::staged,
                  "staged",
                  "read into a pinned ring, then copied: policies that would copy nothing take the "
                  "swap path staged, at the cost of copy",
                  true,
                  HostAccess::always,
                  {}},
    MemoryKindRow{MemoryKind::managed_attach, "managed-attach",
                  "managed: assembly attaches a block to a stream, its release attaches it back to "
                  "the host; each takes attach longer",
                  false, HostAccess::until_assembled, kAttached},
    MemoryKindRow{MemoryKind::managed_prefetch, "managed-prefetch",
                  "managed: assembly takes prefetch longer", false, HostAccess::never, kPrefetched},
};

static_assert(
    [] {
        for (std::size_t i = 0; i < kTable.size(); ++i)
            if (static_cast<std::size_t>(kTable[i].kind) != i) return false;
        return true;
    }(),
    "the table of kinds of memory is in the order of their enumeration");
static_assert(std::ranges::all_of(kTable,
                                  [](const MemoryKindRow& row) {
                                      return std::ranges::find(row.added, Activity::execute,
                                                               &AddedCost::to) == row.added.end();
                                  }),
              "what executes has rows of its own, by op class: nothing is added to it");

}  // namespace

const MemoryKindRow& row_of(std::optional<MemoryKind> kind) {
    return kTable[static_cast<std::size_t>(kind.value_or(MemoryKind::registered))];
}

std::span<const MemoryKindRow> memory_kinds() { return kTable; }

std::string_view name_of(MemoryKind kind) { return row_of(kind).name; }

std::optional<MemoryKind> memory_kind_named(std::string_view name) {
    const auto found = std::ranges::find(kTable, name, &MemoryKindRow::name);
    return found == kTable.end() ? std::nullopt : std::optional(found->kind);
}

}  // namespace swaplab
