#include "hw/session.h"

#include <algorithm>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Addresses for activations are plenty; the budget bounds the memory behind them.
constexpr Bytes kActivationSpan{std::int64_t{64} << 30};

void check_cut(const Model& model, std::uint32_t cut, std::uint32_t before) {
    const auto legal =
        std::ranges::find(model.finest_blocks(), cut, &Block::first) != model.finest_blocks().end();
    if (cut <= before || !legal)
        throw InputError(
            text("cut {}: expected where a finest block of {} begins, above {} and "
                 "below {}",
                 cut, model.name(), before, model.unit_count()));
}

// Every block brings what its layers share, and tables whole.
BlockFacts facts_in(const Pack& pack, Block units) {
    Platform platform;
    platform.nodes.emplace_back().memory.alignment = kPage;
    const CostModel cost(*pack.model(), platform);
    return facts_of(cost, units, SwapPath::zero_copy, {.block = true});
}

}  // namespace

Session::Session(PackPtr pack, const std::vector<std::uint32_t>& cuts, Bytes budget,
                 const CpuOptions& options)
    : Session(pack, cuts, budget, options, torch_executors({pack}, options)) {}

Session::Session(PackPtr pack, const std::vector<std::uint32_t>& cuts, Bytes budget,
                 const CpuOptions& options, const ExecutorFactory& executors)
    : pack_(std::move(pack)), frames_(budget), activations_(frames_, kActivationSpan) {
    std::vector<Block> ranges;
    std::uint32_t first = 0;
    for (const std::uint32_t cut : cuts) {
        check_cut(*pack_->model(), cut, first);
        ranges.push_back({first, cut});
        first = cut;
    }
    ranges.push_back({first, pack_->model()->unit_count()});
    for (const Block units : ranges) {
        const BlockLayout layout(*pack_, facts_in(*pack_, units));
        blocks_.push_back({units, layout, frames_.add_window(layout.size(0))});
    }
    executor_ = executors({}, ranges, activations_);
    ReadOptions read;
    apply(options, read);
    reader_ = open_reader(pack_->parameters_path(), read);
}

Session::BlockState& Session::state(BlockId block, bool loaded) {
    SWAPLAB_CHECK(blocks_.contains(block), "block {} of {}", block.index, blocks_.size());
    BlockState& state = blocks_[block];
    SWAPLAB_CHECK(state.loaded == loaded, "block {} is loaded: {}, expected {}", block.index,
                  state.loaded, loaded);
    return state;
}

void Session::load_block(BlockId id) {
    BlockState& block = state(id, false);
    const Bytes size = block.layout.size(0);
    if (size.count > 0) {
        frames_.use(block.window, {}, size);
        try {
            read(block);
        } catch (...) {
            frames_.unuse(block.window, {}, size);
            throw;
        }
        executor_->bind_with(id, address(block), brought(block));
    }
    block.loaded = true;
}

void Session::read(const BlockState& block) {
    const std::lock_guard lock(reading_);
    std::vector<ReadRange> ranges;
    for (const BlockLayout::Piece& piece : block.layout.pieces(0))
        ranges.push_back({piece.extent.offset, piece.size, address(block) + piece.at.count});
    reader_->read(ranges);
}

std::vector<BroughtAt> Session::brought(const BlockState& block) const {
    std::vector<BroughtAt> brought;
    for (const BlockLayout::Piece& piece : block.layout.pieces(0))
        if (piece.units.first < block.units.first)  // an owner comes before those that share it
            brought.push_back({pack_->model()->layer_of(UnitId{piece.units.first}),
                               address(block) + piece.at.count});
    return brought;
}

void Session::run_block(BlockId id) {
    state(id, true);
    SWAPLAB_CHECK(id.index == next_, "block {} runs, block {} is next", id.index, next_);
    executor_->execute(request_, 0, id);
    if (++next_ < blocks_.size()) return;
    next_ = 0;
    ++request_.index;
}

void Session::unload_block(BlockId id) {
    BlockState& block = state(id, true);
    block.loaded = false;
    if (block.layout.size(0).count == 0) return;
    executor_->unbind(id);
    frames_.unuse(block.window, {}, block.layout.size(0));
}

std::optional<std::string> Session::output_digest() const {
    if (request_.index == 0) return std::nullopt;
    return executor_->output_digest({request_.index - 1});
}

}  // namespace swaplab
