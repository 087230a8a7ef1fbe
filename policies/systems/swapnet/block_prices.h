// What it takes to bring any block of a model in and out, and what is held of it, from sums up to
// each cut: `BlockFacts` without making them. For models of which every block brings its own
// layers' parameters, whole (`Model::brings_plainly`).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policies/plan/planner.h"

namespace swaplab {

class BlockPrices {
  public:
    // Borrows the cost model of the request.
    BlockPrices(const PartitionRequest& request, SwapPath path);
    // The same with some of the cuts.
    BlockPrices(const BlockPrices& finer, const std::vector<std::uint32_t>& cuts);
    BlockPrices(const BlockPrices&) = delete;  // it refers to itself
    BlockPrices& operator=(const BlockPrices&) = delete;

    // Rounded ns and bytes of the block between two cuts, i < j.
    std::int64_t in(std::uint32_t i, std::uint32_t j) const;
    std::int64_t out(std::uint32_t i, std::uint32_t j) const;
    std::int64_t held(std::uint32_t i, std::uint32_t j) const {
        const std::int64_t bytes = at_[j].bytes - at_[i].bytes;
        const std::int64_t stored = at_[j].stored - at_[i].stored;
        const std::int64_t most = bytes > stored ? bytes : stored;
        if (alignment_ == 1) return most;
        return (most + alignment_ - 1) / alignment_ * alignment_;
    }
    // What divides `held` of every block.
    std::int64_t granularity() const;
    // Of all blocks [i, j) with i in [first, last), added to `sums`; and of all [i, j) with j in
    // [first, last].
    void add_out(std::uint32_t first, std::uint32_t last, std::uint32_t j,
                 std::int64_t* sums) const;
    void add_in(std::uint32_t i, std::uint32_t first, std::uint32_t last, std::int64_t* sums) const;
    // Equal for blocks that cost the same.
    std::string digest() const;

  private:
    // Sums up to a cut.
    struct Sums {
        std::int64_t bytes = 0, stored = 0, tensors = 0, layers = 0, flops = 0,
                     activation_bytes = 0;
    };
    // What a verb costs, how often the way in has it. Without a line: more than one line, or a
    // table of reads.
    struct Price {
        Verb verb{};
        const LinearCost* line = nullptr;
        double scale = 1;
        bool reads = false;
        std::int64_t times = 1;
        // The terms of the line that are not 0: the sums up to each cut, and what one of them
        // costs.
        std::vector<std::pair<const std::vector<double>*, double>> terms;
    };
    // What a block counts, up to each cut, where doubles hold it.
    struct Columns {
        std::vector<double> bytes, stored, tensors, layers, flops, activation_bytes;
    };

    void add_price(std::vector<Price>& prices, Verb verb) const;
    std::int64_t rounded(const Price& price, std::uint32_t i, std::uint32_t j) const;
    double ns(const Price& price, const Sums& from, const Sums& to) const;
    void find_columns();
    void find_terms(Price& price) const;
    void add(const Price& price, std::uint32_t fixed, std::uint32_t first, std::size_t count,
             std::int64_t* sums) const;
    void add_requests(const Price& price, std::uint32_t fixed, std::uint32_t first,
                      std::size_t count) const;

    const CostModel* cost_;
    const SwapPathRow* row_;
    std::int64_t alignment_;
    std::vector<Sums> at_;
    std::vector<std::uint32_t> units_before_;
    std::vector<Price> in_, out_;
    std::optional<Columns> columns_;     // nothing where doubles do not hold the sums
    mutable std::vector<double> costs_;  // scratch
};

}  // namespace swaplab
