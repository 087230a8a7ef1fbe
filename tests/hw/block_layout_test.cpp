// Where the parameters of blocks lie in the file and in memory, where layers share and gather.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "hw/host/block_layout.h"
#include "hw/host/frames.h"
#include "hw/storage/pack_writer.h"
#include "profiles/base/text.h"
#include "tests/support/random.h"
#include "tests/support/sharing_model.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

Platform of_pages() {
    Platform platform;
    platform.nodes.emplace_back().memory.alignment = kPage;
    return platform;
}

std::vector<Block> random_cut(const Model& model, testing::Rng& rng) {
    std::vector<Block> blocks;
    for (const Block finest : model.finest_blocks()) {
        if (!blocks.empty() && rng.chance(50))
            blocks.back().last = finest.last;
        else
            blocks.push_back(finest);
    }
    return blocks;
}

// Every layer of the block that does not come in by rows, each once, and nothing else of its own.
void expect_all_own_layers(const BlockFacts& facts, const BlockLayout& layout, const Model& model,
                           std::uint32_t pass) {
    std::set<std::uint32_t> expected, found;
    for (const UnitId unit : facts.units)
        if (std::ranges::none_of(facts.brought, [&](const BroughtLayer& layer) {
                return layer.own && layer.owner == model.layer_of(unit);
            }))
            expected.insert(unit.index);
    for (const BlockLayout::Piece& piece : layout.pieces(pass))
        for (const UnitId unit : piece.units)
            if (!piece.by_rows() && unit.index >= facts.units.first) found.insert(unit.index);
    EXPECT_EQ(found, expected);
}

// One behind the other in memory, and of the size that the ledger reserves and counts as read.
TEST(BlockLayout, TakesWhatTheFactsSay) {
    const testing::TemporaryFolder folder;
    SWAPLAB_FOR_SEEDS(seed, 1, 40) {
        testing::Rng rng(seed);
        const std::string path = folder.file(text("pack{}", seed));
        write_synthetic_pack(*testing::sharing_model(seed, seed % 2 == 0 ? 3 : 0), path, 1);
        const Pack pack(path);
        const Platform platform = of_pages();
        const CostModel cost(*pack.model(), platform);
        const std::vector<Block> blocks = random_cut(*pack.model(), rng);
        for (const BlockFacts& facts : facts_of(cost, blocks, SwapPath::zero_copy)) {
            const BlockLayout layout(pack, facts);
            for (const std::uint32_t pass : {0U, 1U}) {
                if (pass > 0 && pack.model()->passes() == 1) continue;
                EXPECT_EQ(layout.size(pass), facts.stored_in(pass));
                EXPECT_EQ(layout.size(pass), facts.held_in(pass));
                Bytes end;
                for (const BlockLayout::Piece& piece : layout.pieces(pass)) {
                    EXPECT_EQ(piece.at, end);
                    end += piece.size;
                }
                EXPECT_EQ(end, layout.size(pass));
                expect_all_own_layers(facts, layout, *pack.model(), pass);
            }
        }
        if (::testing::Test::HasFailure()) return;
    }
}

// Each window holds its row, whole, within the table's segment, and is made of pages.
TEST(BlockLayout, WindowsHoldTheirRows) {
    for (const std::int64_t row : {1, 8, 1000, 1024, 4095, 4096, 4097, 6144, 8192, 9000})
        for (const std::int64_t rows : {1, 3, 500}) {
            SCOPED_TRACE(text("{} rows of {}", rows, row));
            BlockLayout::Piece piece;
            piece.rows = 1;
            piece.of = rows;
            piece.row = {row};
            // By trying: the most pages that one of many rows lies in.
            for (std::int64_t k = 0; k < 4096; ++k)
                piece.window = std::max(piece.window, kPage * ((k * row + row - 1) / kPage.count -
                                                               k * row / kPage.count + 1));
            // As packs have it: a small table's segment takes a window.
            piece.extent = {Bytes{40960},
                            align_up(std::max(Bytes{rows * row}, piece.window), kPage)};
            for (std::int64_t r = 0; r < rows; ++r) {
                const Extent window = piece.window_of(r);
                const Bytes begin = piece.extent.offset + Bytes{r * row};
                EXPECT_EQ(window.offset.count % kPage.count, 0);
                EXPECT_EQ(window.size, piece.window);
                EXPECT_EQ(window.offset + piece.place_in_window(r), begin);
                EXPECT_GE(window.offset, piece.extent.offset);
                EXPECT_LE(window.offset + window.size, piece.extent.offset + piece.extent.size);
                EXPECT_LE(window.offset, begin);
                EXPECT_GE(window.offset + window.size, begin + Bytes{row});
            }
        }
}

TEST(BlockLayout, DrawnRowsAreThoseOfTheTableAndTheSameAgain) {
    const auto rows = drawn_rows({3}, 1, {2}, 1000, 7);
    EXPECT_EQ(rows, drawn_rows({3}, 1, {2}, 1000, 7));
    EXPECT_NE(rows, drawn_rows({3}, 2, {2}, 1000, 7));
    EXPECT_GE(std::ranges::min(rows), 0);
    EXPECT_EQ(std::ranges::max(rows), 6);
}

}  // namespace
}  // namespace swaplab
