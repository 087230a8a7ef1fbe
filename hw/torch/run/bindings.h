// What an executor binds: where the parameters of blocks lie by the pack's index, and which of them
// are tables that may come in by rows.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "hw/storage/pack.h"
#include "hw/torch/run/gathering.h"
#include "hw/torch/run/skeleton.h"
#include "policies/port/executor.h"

namespace swaplab {

// Throws `InputError` where the skeleton is not what the index says.
void check_fit(const Pack& pack, const Skeleton& skeleton);

// A parameter as it will lie in memory, prepared so that binding it takes about a microsecond.
struct Binding {
    std::uint32_t layer = 0;  // whose segment it is in
    std::size_t offset = 0;   // from the begin of that
    std::vector<std::int64_t> shape;
    at::TensorOptions options;
};

// By slot, what a block of these layers uses: tensors of its own layers, and of those that they
// share.
std::map<std::uint32_t, Binding> bindings_of(const Pack& pack, UnitRange units);

// Where segments of layers lie that a block which is bound at `at` has or brings.
class Segments {
  public:
    // Borrows `brought`.
    Segments(const Pack& pack, UnitRange units, std::byte* at, std::span<const BroughtAt> brought);

    // Null: in memory of another block.
    std::byte* of(std::uint32_t layer) const;
    // What came in of it by rows; null: all of it came in, or nothing.
    const BroughtAt* by_rows(std::uint32_t layer) const;
    // Those that others may use: whole ones.
    template <class Visit>
    void for_each_whole(Visit&& visit) const {
        for (std::size_t i = 0; i < own_.size(); ++i)
            if (own_[i] != nullptr) visit(first_ + static_cast<std::uint32_t>(i), own_[i]);
        for (const BroughtAt& segment : brought_)
            if (!segment.by_rows()) visit(segment.owner.index, segment.at);
    }

  private:
    const BroughtAt* brought(std::uint32_t layer) const;

    std::uint32_t first_;
    std::vector<std::byte*> own_;  // by layer of the block; null: comes in by rows
    std::span<const BroughtAt> brought_;
};

// An embedding of a layer that the model's file says to gather rows, and what it looks up.
struct GatheringStep {
    LayerId table;                // whose parameter the table is
    std::uint32_t slot = 0;       // of it
    std::vector<at::Tensor> ids;  // by input
};

// By step. Throws `InputError` naming the layer where the skeleton has no such embedding, or one
// that touches more rows than the file says. `inputs`: the model's, each with its tensors.
std::map<std::size_t, GatheringStep> gathering_steps(
    const Pack& pack, const Skeleton& skeleton, const std::vector<std::vector<at::Tensor>>& inputs);

// Rows that came in of a table, as a table of their own that lies where they do. Each is at a place
// of its own in its window: in this table a row begins at every multiple of what all such places
// have in common, so that rows overlap, and those that came in are among them.
class RowsThatCameIn {
  public:
    RowsThatCameIn(const Binding& table, const BroughtAt& brought);

    std::array<std::int64_t, 2> sizes() const { return {last_ + 1, columns_}; }
    std::array<std::int64_t, 2> strides() const { return {stride_, 1}; }
    // Which rows of it are these of the whole table. One that did not come in aborts.
    at::Tensor ids_of(const at::Tensor& rows) const;

  private:
    std::int64_t columns_;
    std::int64_t stride_;                                  // in elements
    std::int64_t last_ = 0;                                // row that came in
    std::unordered_map<std::int64_t, std::int64_t> here_;  // by row of the whole table
};

}  // namespace swaplab
