#include "hw/cuda/memory/kinds.h"

#include <array>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using K = MemoryKind;

// By MemoryKind. Columns: kind, where copies execute, where reads land that execute there, what
// assembly hands over, whether every block has an allocation of its own.
constexpr std::array kTable{
    CudaKindRow{K::registered, Space::pinned, Space::pinned, Handover::none, false},
    CudaKindRow{K::staged, Space::device, Space::pinned, Handover::none, false},
    CudaKindRow{K::managed_attach, Space::managed, Space::managed, Handover::attach, true},
    CudaKindRow{K::managed_prefetch, Space::managed, Space::managed, Handover::prefetch, false},
};

static_assert(
    [] {
        for (std::size_t i = 0; i < kTable.size(); ++i)
            if (static_cast<std::size_t>(kTable[i].kind) != i) return false;
        return true;
    }(),
    "the table is in the order of the enumeration");

// What the GPU lacks for a kind; null where nothing.
const char* lacking(const Gpu& gpu, const CudaKindRow& row) {
    if (!gpu.maps_host_memory) return "canMapHostMemory and hostRegisterSupported";
    if (row.executes_in == Space::managed && !gpu.managed_memory) return "managedMemory";
    if (row.handover == Handover::prefetch && !gpu.concurrent_managed_access)
        return "concurrentManagedAccess";
    return nullptr;
}

std::string attributes_of(const Gpu& gpu) {
    return text(
        "integrated={:d} concurrentManagedAccess={:d} pageableMemoryAccess={:d} "
        "canUseHostPointerForRegisteredMem={:d}",
        gpu.integrated, gpu.concurrent_managed_access, gpu.pageable_memory_access,
        gpu.host_pointer_is_device_pointer);
}

// The usual one, by attributes alone; which is best on a board is measured.
ChosenKind usual_kind(const Gpu& gpu, Ways ways) {
    if (ways.copied || !ways.in_place)
        return {K::staged, gpu.integrated ? "blocks are copied, or stay"
                                          : "the GPU is discrete: what executes is read over the "
                                            "link once, and then from the device's own memory"};
    if (gpu.integrated && !gpu.concurrent_managed_access && gpu.managed_memory)
        return {K::managed_attach,
                "the GPU is integrated and does not cache registered memory; the host may read "
                "beside kernels into what is attached to it"};
    if (!gpu.integrated && gpu.concurrent_managed_access && gpu.managed_memory)
        return {K::managed_prefetch,
                "blocks are not copied, and the GPU is discrete: they are prefetched"};
    return {K::registered, "the GPU reads the host's memory in place"};
}

}  // namespace

const CudaKindRow& cuda_row_of(MemoryKind kind) { return kTable[static_cast<std::size_t>(kind)]; }

ChosenKind choose_kind(const Gpu& gpu, std::optional<MemoryKind> asked, Ways ways) {
    ChosenKind chosen = asked ? ChosenKind{*asked, "asked for"} : usual_kind(gpu, ways);
    const CudaKindRow& row = cuda_row_of(chosen.kind);
    if (row.handover == Handover::attach && ways.copied)
        throw UnsupportedError(
            text("memory of kind {} takes no copies on the way in, which the device would make of "
                 "memory that is attached to the host: take --swap-path zero-copy, or another kind",
                 name_of(chosen.kind)));
    if (const char* const attribute = lacking(gpu, row))
        throw UnsupportedError(text("{}: memory of kind {} takes {}, which this GPU does not have",
                                    gpu.name, name_of(chosen.kind), attribute));
    chosen.why = text("{}: {} ({})", name_of(chosen.kind), chosen.why, attributes_of(gpu));
    return chosen;
}

}  // namespace swaplab
