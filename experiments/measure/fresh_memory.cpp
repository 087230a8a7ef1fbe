#include "experiments/measure/fresh_memory.h"

#include <algorithm>
#include <chrono>

#include "hw/host/frames.h"
#include "profiles/cost/cost.h"

namespace swaplab {

namespace {

constexpr std::int64_t kRounds = 3;
constexpr std::int64_t kBlocks = 8;

// About kBlocks blocks with parameters; layers that are too large stay out.
std::vector<UnitRange> blocks_of(const Pack& pack, Bytes most) {
    const Bytes wanted{std::min(most.count, pack.index().size().count / kBlocks + 1)};
    std::vector<UnitRange> blocks;
    UnitRange block;
    for (std::uint32_t l = 0; l < pack.model()->layer_count(); ++l) {
        block.last = l + 1;
        const Bytes size = pack.extent(block).size;
        if (size < wanted && l + 1 < pack.model()->layer_count()) continue;
        if (size.count > 0 && size <= most) blocks.push_back(block);
        block.first = l + 1;
    }
    return blocks;
}

Measurement row_of(const CostModel& cost, UnitRange block, const ReadOptions& options) {
    Measurement row;
    row.activity = Activity::read;
    row.state = MeasuredState::fresh;
    row.label = cost.model().layer({block.first}).name;
    row.features = cost.features(block);
    row.features.bytes = cost.stored_bytes(block);
    row.request_bytes = options.request_bytes;
    row.requests = (row.features.bytes.count - 1) / options.request_bytes.count + 1;
    row.depth = 1;
    return row;
}

}  // namespace

std::vector<Measurement> fresh_reads(const Pack& pack, const Platform& platform,
                                     const ReadOptions& options, Bytes most) {
    using Clock = std::chrono::steady_clock;
    const CostModel cost(*pack.model(), platform);
    const auto reader = pack.open_parameters(options);
    std::vector<Measurement> rows;
    // The round before the first only warms up.
    for (std::int64_t round = 0; round <= kRounds; ++round)
        for (const UnitRange block : blocks_of(pack, most)) {
            const Extent extent = pack.extent(block);
            Frames frames(std::nullopt);
            const Frames::WindowId window = frames.add_window(extent.size);
            const auto begin = Clock::now();
            reader->read(extent.offset, extent.size, frames.base(window));
            const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
            if (round == 0) continue;
            Measurement& row = rows.emplace_back(row_of(cost, block, options));
            row.duration_ns = took.count();
            row.run = round;
        }
    return rows;
}

}  // namespace swaplab
