// What a block brings in besides the parameters of its own layers, or instead of them: those that
// its layers share with layers of other blocks, and rows of tables that are gathered
// (SEMANTICS: Parameters that are shared, touched, gathered).
#pragma once

#include <vector>

#include "profiles/cost/cost.h"

namespace swaplab {

// Parameters of one layer that a block brings apart from those of its own layers: another extent.
struct BroughtLayer {
    LayerId owner;
    bool own = false;  // it is one of the block's layers, and its table comes in by rows
    // Rows that come in in the described pass and in a pass of one token, a window each; 0: all of
    // the parameters come in.
    std::int64_t rows = 0;
    std::int64_t rows_of_token = 0;
    Bytes row, window;

    bool by_rows() const { return rows > 0; }
    std::int64_t rows_in(std::uint32_t pass) const { return pass == 0 ? rows : rows_of_token; }
};

// Which parameters are in memory to the end of a request, whoever brings them in.
struct Staying {
    bool all = false;                            // those of every block
    bool block = false;                          // those of the block in question
    const std::vector<bool>* earlier = nullptr;  // by layer: those of an earlier block; null: none
    // The block is not the first part of one that was divided since it takes too long: what is paid
    // once for every block, the first part pays.
    bool continued = false;
};

// The amounts of one pass.
struct BroughtAmounts {
    Bytes not_own;         // parameter bytes of the block's layers that come in by rows
    Bytes stored_not_own;  // their bytes on storage
    Bytes bytes, stored;   // of what comes in as extents of its own
    Bytes held;            // one copy of it in memory, each extent rounded up
    std::int64_t tensors = 0;
    std::int64_t requests = 0;
    Bytes by_rows{};     // of `stored`, what comes in by rows,
    double rows_ns = 0;  // and what a table of reads makes of that: as many at once as its depth
};

// Of a block that grows at its end. For models in which every block brings its own layers'
// parameters, whole, it does nothing.
class Brought {
  public:
    Brought() = default;
    // Borrows `cost` and `staying.earlier`.
    Brought(const CostModel& cost, std::uint32_t first_unit, const Staying& staying);
    // Takes in the next unit. Takes longer the more layers are brought, not the more there are.
    void add(UnitId unit) {
        if (watches_) add_layer(unit);
    }

    const std::vector<BroughtLayer>& layers() const { return layers_; }
    bool by_rows() const;
    // In the described pass and in one of one token.
    const BroughtAmounts& in_described() const { return described_; }
    const BroughtAmounts& in_token() const { return token_; }

  private:
    void add_layer(UnitId unit);
    void need_rows(LayerId layer);
    void need_all(LayerId owner);
    BroughtLayer* known(LayerId owner);
    bool is_there(LayerId owner) const;
    BroughtAmounts amounts(bool of_token) const;

    const CostModel* cost_ = nullptr;
    std::uint32_t first_unit_ = 0;
    Staying staying_;
    bool watches_ = false;
    std::vector<BroughtLayer> layers_;
    std::vector<LayerId> whole_;  // tables of the block's own that somebody in it needs whole
    BroughtAmounts described_, token_;
};

}  // namespace swaplab
