#include "hw/host/block_layout.h"

#include <algorithm>

#include "hw/host/frames.h"
#include "profiles/base/error.h"

namespace swaplab {

// Those of the last rows would reach beyond the segment, and begin earlier instead.
Extent BlockLayout::Piece::window_of(std::int64_t row_number) const {
    SWAPLAB_CHECK(window <= extent.size, "a window of {} bytes in a segment of {}", window.count,
                  extent.size.count);
    const Bytes begin{row_number * row.count / kPage.count * kPage.count};
    return {extent.offset + std::min(begin, extent.size - window), window};
}

Bytes BlockLayout::Piece::place_in_window(std::int64_t row_number) const {
    return extent.offset + row_number * row - window_of(row_number).offset;
}

BlockLayout::BlockLayout(const Pack& pack, const BlockFacts& facts) {
    for (const std::uint32_t pass : {0U, 1U}) {
        add_own(pack, facts, pass);
        for (const BroughtLayer& layer : facts.brought) {
            if (layer.by_rows())
                add_rows(pack, layer, pass);
            else
                add(pack, pack.model()->units_of(layer.owner), pass);
        }
    }
}

// Up to a layer that comes in by rows, and on behind it.
void BlockLayout::add_own(const Pack& pack, const BlockFacts& facts, std::uint32_t pass) {
    UnitRange run{facts.units.first, facts.units.first};
    const auto end_run = [&] {
        if (run.size() > 0) add(pack, run, pass);
    };
    for (const UnitId unit : facts.units) {
        run.last = unit.index + 1;
        const bool apart = std::ranges::any_of(facts.brought, [&](const BroughtLayer& layer) {
            return layer.own && layer.owner == pack.model()->layer_of(unit);
        });
        if (!apart) continue;
        run.last = unit.index;
        end_run();
        run = {unit.index + 1, unit.index + 1};
    }
    end_run();
}

void BlockLayout::add(const Pack& pack, UnitRange units, std::uint32_t pass) {
    const Extent extent = pack.extent(units);
    pieces_[pass].push_back({units, extent, sizes_[pass], extent.size, 0, 0, {}, {}});
    sizes_[pass] += extent.size;
}

void BlockLayout::add_rows(const Pack& pack, const BroughtLayer& layer, std::uint32_t pass) {
    const UnitRange units = pack.model()->units_of(layer.owner);
    const std::int64_t rows = layer.rows_in(pass);
    const Bytes size = rows * layer.window;
    const std::int64_t of =
        pack.model()->layer(layer.owner).parameter_bytes.count / layer.row.count;
    pieces_[pass].push_back(
        {units, pack.extent(units), sizes_[pass], size, rows, of, layer.row, layer.window});
    sizes_[pass] += size;
}

std::vector<std::int64_t> drawn_rows(RequestId request, std::uint32_t pass, LayerId table,
                                     std::int64_t rows, std::int64_t of) {
    std::vector<std::int64_t> drawn;
    std::uint64_t state = (std::uint64_t{request.index} << 32 | pass) ^
                          std::uint64_t{table.index} * 0x9e3779b97f4a7c15U;
    for (std::int64_t i = 0; i < rows; ++i) {  // SplitMix64
        std::uint64_t z = state += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        drawn.push_back(
            static_cast<std::int64_t>((z ^ (z >> 31)) % static_cast<std::uint64_t>(of)));
    }
    return drawn;
}

}  // namespace swaplab
