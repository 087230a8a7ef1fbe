// Where the parameters of a block lie: in its pack's file, and in one copy of it in memory. Its own
// layers come first, one behind the other as in the file, then what it brings besides
// (SEMANTICS: Parameters that are shared, touched, gathered).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "hw/storage/pack.h"
#include "policies/port/block.h"

namespace swaplab {

class BlockLayout {
  public:
    // A range of the file that comes in whole, or the rows that come in of a layer's table.
    struct Piece {
        UnitRange units;        // whose parameters they are
        Extent extent;          // all of them
        Bytes at;               // from the begin of the block's memory
        Bytes size;             // there
        std::int64_t rows = 0;  // that come in; 0: it comes in whole
        std::int64_t of = 0;    // rows of the table
        Bytes row, window;

        bool by_rows() const { return rows > 0; }
        // Where the window of a row is in the file: whole pages, within the table's segment.
        Extent window_of(std::int64_t row_number) const;
        // Where the row begins in its window.
        Bytes place_in_window(std::int64_t row_number) const;
    };

    BlockLayout(const Pack& pack, const BlockFacts& facts);

    const std::vector<Piece>& pieces(std::uint32_t pass) const { return pieces_[index(pass)]; }
    Bytes size(std::uint32_t pass) const { return sizes_[index(pass)]; }

  private:
    static std::size_t index(std::uint32_t pass) { return pass > 0 ? 1 : 0; }
    void add_own(const Pack& pack, const BlockFacts& facts, std::uint32_t pass);
    void add(const Pack& pack, UnitRange units, std::uint32_t pass);
    void add_rows(const Pack& pack, const BroughtLayer& layer, std::uint32_t pass);

    std::array<std::vector<Piece>, 2> pieces_;  // of the first pass, of the others
    std::array<Bytes, 2> sizes_;
};

// Rows of a table for who has no tokens: drawn from request, pass and table, the same on every
// machine.
std::vector<std::int64_t> drawn_rows(RequestId request, std::uint32_t pass, LayerId table,
                                     std::int64_t rows, std::int64_t of);

}  // namespace swaplab
