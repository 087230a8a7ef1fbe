#include "hw/run_limits.h"

#include <algorithm>

#include "hw/host/block_work.h"
#include "hw/host/frames.h"
#include "policies/memory/block_memory.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

Bytes arena_bytes(const Deployment& deployment) {
    Bytes sum;
    for (const JobPlan& job : deployment.jobs) {
        Bytes most;
        for (const Variant& variant : job.variants) most = std::max(most, variant.arena_bytes());
        if (job.path != SwapPath::resident) sum += most;
    }
    return sum;
}

// Every block must be one range of whole pages, as large as its place.
void check_sizes(const DeviceSetup& setup, const Pack& pack,
                 const IdVector<BlockId, BlockFacts>& blocks,
                 const IdVector<BlockId, Bytes>& sizes) {
    for (const BlockId b : blocks.ids()) {
        const BlockFacts& block = blocks[b];
        const bool whole = sizes[b].count % kPage.count == 0;
        if (block.stored_bytes != sizes[b] || block.held_bytes != sizes[b] || !whole)
            throw InputError(text(
                "{}: layers {} to {} take {} bytes in the pack, {} on storage by the model and {} "
                "in memory; expected all three equal and whole pages of {} bytes (is "
                "memory.alignment_bytes of the device {}?)",
                pack.folder(), block.units.first, block.units.last, sizes[b].count,
                block.stored_bytes.count, block.held_bytes.count, kPage.count,
                setup.platform.nodes.front().memory.alignment.count));
    }
}

}  // namespace

std::optional<Bytes> most_memory(const DeviceSetup& setup) {
    if (!setup.budget) return std::nullopt;
    if (setup.account == Account::all)
        return *setup.budget - setup.platform.nodes.front().memory.reserved;
    const Bytes activations = most_activations(setup.facts);
    return arena_bytes(setup.deployment) + activations + Bytes{activations.count / 4} +
           4 * Bytes{1 << 20};
}

ReadOptions read_options(const DeviceSetup& setup, const CpuOptions& options) {
    ReadOptions read;
    const ReadSpec& spec = setup.platform.nodes.front().read;
    if (spec.cost.request_bytes) read.request_bytes = align_up(*spec.cost.request_bytes, kPage);
    if (spec.depth) read.depth = static_cast<std::uint32_t>(*spec.depth);
    apply(options, read);
    return read;
}

JobPacks checked_packs(const DeviceSetup& setup, JobPacks packs) {
    const BlockSizes sizes = BlockWork::sizes_of(setup, packs);
    for (const JobId j : packs.ids()) check_sizes(setup, *packs[j], setup.facts[j], sizes[j]);
    return packs;
}

}  // namespace swaplab
