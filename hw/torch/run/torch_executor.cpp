#include "hw/torch/run/torch_executor.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "hw/torch/run/bindings.h"
#include "hw/torch/run/cpu_allocator.h"
#include "hw/torch/run/input_values.h"
#include "hw/torch/run/model_inputs.h"
#include "hw/torch/run/piece_runner.h"
#include "hw/torch/run/skeleton.h"
#include "hw/torch/run/threads.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

struct BoundBlock {
    std::vector<Binding> bindings;  // in the order of the piece's slots
    // One each; empty while the block is not bound, undefined where another block's memory holds
    // the parameter.
    std::vector<at::Tensor> views;
    std::map<std::uint32_t, RowsThatCameIn> rows;  // by slot, of tables that came in by rows
    std::atomic<std::int64_t> alive{0};
};

// Where a layer's segment lies in the memory of a block that is bound.
struct Located {
    BlockId block;
    std::byte* at = nullptr;
};

std::vector<StepRange> pieces_of(const Skeleton& skeleton, std::span<const UnitRange> blocks) {
    std::vector<StepRange> pieces;
    for (const UnitRange& block : blocks)
        pieces.push_back(
            {skeleton.layers[block.first].first, skeleton.layers[block.last - 1].last});
    return pieces;
}

void check_cover(const Pack& pack, std::span<const UnitRange> blocks) {
    const std::size_t layers = pack.index().layers.size();
    std::uint32_t next = 0;
    for (const UnitRange& block : blocks) {
        if (next == layers) next = 0;  // the next cover
        SWAPLAB_CHECK(block.first == next && block.last > next, "block [{}, {}) behind layer {}",
                      block.first, block.last, next);
        next = block.last;
    }
    SWAPLAB_CHECK(next == layers, "blocks end at layer {} of {}", next, layers);
}

std::set<std::size_t> keys_of(const std::map<std::size_t, GatheringStep>& steps) {
    std::set<std::size_t> keys;
    for (const auto& [step, gathers] : steps) keys.insert(step);
    return keys;
}

std::vector<std::vector<at::Tensor>> all_inputs(const Pack& pack, std::uint32_t count) {
    std::vector<std::vector<at::Tensor>> inputs;
    for (std::uint32_t i = 0; i < count; ++i)
        inputs.push_back(model_inputs(pack.index().inputs, seed_of_input(i)));
    return inputs;
}

class TorchExecutor final : public Executor {
  public:
    TorchExecutor(const Pack& pack, const Skeleton& skeleton, std::span<const UnitRange> ranges,
                  const TorchOptions& options, ActivationMemory& activations)
        : pack_(pack),
          ranges_(std::vector<Block>(ranges.begin(), ranges.end())),
          names_(skeleton.names),
          options_(options),
          activations_(&activations),
          inputs_(all_inputs(pack, options.inputs)),
          gathering_(gathering_steps(pack, skeleton, inputs_)),
          runner_(skeleton.program, pieces_of(skeleton, ranges), keys_of(gathering_)),
          blocks_(ranges.size()),
          located_(skeleton.names.size()) {
        for (const BlockId block : blocks_.ids()) prepare(pack, block);
    }

    ~TorchExecutor() override {
        runner_.clear();  // what a request that was cut off left may refer to parameters
        for (const BlockId block : blocks_.ids()) unbind(block);
    }

    void bind(BlockId id, std::byte* at) override { bind_with(id, at, {}); }

    void bind_with(BlockId id, std::byte* at, std::span<const BroughtAt> brought) override {
        BoundBlock& block = blocks_[id];
        SWAPLAB_CHECK(block.views.empty(), "block {} is bound twice", id.index);
        const Segments segments(pack_, ranges_[id], at, brought);
        for (std::size_t i = 0; i < block.bindings.size(); ++i)
            block.views.push_back(
                bound(id, segments, block.bindings[i], runner_.slots(id.index)[i]));
        locate(id, segments);
    }

    std::vector<std::int64_t> rows(RequestId request, std::uint32_t, BlockId id,
                                   LayerId table) const override {
        std::set<std::int64_t> rows;
        for (const std::size_t step : runner_.gathers(id.index)) {
            const GatheringStep& gathers = gathering_.at(step);
            if (gathers.table != table) continue;
            const at::Tensor ids = ids_in(gathers, request).to(at::kLong);
            const std::span all(ids.data_ptr<std::int64_t>(),
                                static_cast<std::size_t>(ids.numel()));
            rows.insert(all.begin(), all.end());
        }
        return {rows.begin(), rows.end()};
    }

    void unbind(BlockId id) override {
        BoundBlock& block = blocks_[id];
        block.views.clear();
        block.rows.clear();
        forget(id);
        SWAPLAB_CHECK(block.alive == 0, "{} views of block {} outlive its memory",
                      block.alive.load(), id.index);
    }

    void execute(RequestId request, std::uint32_t pass, BlockId id) override {
        SWAPLAB_CHECK(pass == 0, "a model that is no generative one in pass {}", pass);
        use_threads(options_.threads);
        std::optional<ActivationScope> scope;
        try {
            const std::vector<at::Tensor> views = all_views(id);
            const std::vector<at::Tensor> ids = all_ids(id, request);
            scope.emplace(*activations_);
            if (ranges_[id].first == 0) start(request);
            runner_.run(id.index, views, ids);
        } catch (const OutOfMemory&) {
            runner_.clear();
            throw;
        } catch (const std::exception& error) {
            runner_.clear();
            fail(id, error, scope ? scope->refusal() : std::nullopt);
        }
        scope.reset();
        if (ranges_[id].last == names_.size()) end(request);
    }

    std::optional<std::string> output_digest(RequestId request) const override {
        const std::lock_guard lock(mutex_);
        if (last_ended_ != request) return std::nullopt;
        return last_digest_;
    }

  private:
    void prepare(const Pack& pack, BlockId id) {
        std::map<std::uint32_t, Binding> bindings = bindings_of(pack, ranges_[id]);
        for (const std::uint32_t slot : runner_.slots(id.index)) {
            const auto found = bindings.find(slot);
            if (found == bindings.end())
                throw InputError(
                    text("{}: the layers {} to {} use parameter {}, which index.json "
                         "does not store with them",
                         pack.skeleton_path(), names_[ranges_[id].first],
                         names_[ranges_[id].last - 1], slot));
            blocks_[id].bindings.push_back(found->second);
        }
        blocks_[id].views.reserve(blocks_[id].bindings.size());
    }

    // What a block does with inputs and parameters of the shapes that the pack names is the pack's.
    [[noreturn]] void fail(BlockId id, const std::exception& error,
                           const std::optional<std::string>& refusal) const {
        const std::string block = text("block {} ({} to {})", id.index, names_[ranges_[id].first],
                                       names_[ranges_[id].last - 1]);
        if (refusal) throw OutOfMemory(text("{}: {}", block, *refusal));
        throw_if_out_of_memory(error, text("{}: {}", pack_.skeleton_path(), block));
        throw InputError(text("{}: {} fails with the inputs of {} ({}): {}", pack_.skeleton_path(),
                              block, kIndexFile, described(pack_.index().inputs),
                              reason_of(error)));
    }

    // Undefined where another block's memory holds it.
    at::Tensor bound(BlockId id, const Segments& segments, const Binding& binding,
                     std::uint32_t slot) {
        const BroughtAt* const by_rows = segments.by_rows(binding.layer);
        if (by_rows == nullptr) {
            std::byte* const segment = segments.of(binding.layer);
            return segment == nullptr ? at::Tensor() : view(id, segment, binding);
        }
        const bool gathered = std::ranges::any_of(runner_.gathers(id.index), [&](std::size_t step) {
            return gathering_.at(step).slot == slot;
        });
        SWAPLAB_CHECK(gathered, "block {} gets rows of layer {}, and needs all of it", id.index,
                      names_[binding.layer]);
        const auto rows = blocks_[id].rows.emplace(slot, RowsThatCameIn(binding, *by_rows)).first;
        BoundBlock& block = blocks_[id];
        ++block.alive;
        return at::from_blob(
            by_rows->at, rows->second.sizes(), rows->second.strides(),
            [&alive = block.alive](void*) { --alive; }, binding.options);
    }

    at::Tensor view(BlockId of, std::byte* segment, const Binding& binding) {
        BoundBlock& block = blocks_[of];
        ++block.alive;
        return at::from_blob(
            segment + binding.offset, binding.shape, [&alive = block.alive](void*) { --alive; },
            binding.options);
    }

    const at::Tensor& ids_in(const GatheringStep& step, RequestId request) const {
        return step.ids[request.index % options_.inputs];
    }

    // Ids that the block's embeddings look up: of whole tables the model's.
    std::vector<at::Tensor> all_ids(BlockId id, RequestId request) const {
        std::vector<at::Tensor> all;
        for (const std::size_t step : runner_.gathers(id.index)) {
            const GatheringStep& gathers = gathering_.at(step);
            const auto rows = blocks_[id].rows.find(gathers.slot);
            const at::Tensor& ids = ids_in(gathers, request);
            all.push_back(rows == blocks_[id].rows.end() ? ids : rows->second.ids_of(ids));
        }
        return all;
    }

    // Those of parameters in the memory of another block (one that stays) are made for one
    // execution.
    std::vector<at::Tensor> all_views(BlockId id) {
        const BoundBlock& block = blocks_[id];
        std::vector<at::Tensor> views = block.views;
        views.resize(block.bindings.size());
        for (std::size_t i = 0; i < views.size(); ++i) {
            const Binding& binding = block.bindings[i];
            if (views[i].defined()) continue;
            const Located found = located(binding.layer);
            SWAPLAB_CHECK(found.at != nullptr,
                          "block {} uses parameters of layer {}, which no "
                          "bound block holds",
                          id.index, names_[binding.layer]);
            views[i] = view(found.block, found.at, binding);
        }
        return views;
    }

    // Blocks are bound beside executions, which look others' segments up.
    void locate(BlockId id, const Segments& segments) {
        const std::lock_guard lock(mutex_);
        segments.for_each_whole([&](std::uint32_t layer, std::byte* segment) {
            located_[layer].push_back({id, segment});
        });
    }
    void forget(BlockId id) {
        const std::lock_guard lock(mutex_);
        for (std::vector<Located>& layer : located_)
            std::erase_if(layer, [&](const Located& at) { return at.block == id; });
    }
    Located located(std::uint32_t layer) const {
        const std::lock_guard lock(mutex_);
        return located_[layer].empty() ? Located{} : located_[layer].front();
    }

    // The request's input counts as an activation: it is copied there.
    void start(RequestId request) {
        std::vector<c10::IValue> copies;
        for (const at::Tensor& input : inputs_[request.index % options_.inputs])
            copies.emplace_back(at::empty(input.sizes(), input.options()).copy_(input));
        runner_.start(std::move(copies));
    }

    void end(RequestId request) {
        std::string digest = digest_of(runner_.outputs());
        runner_.clear();
        const std::lock_guard lock(mutex_);
        last_ended_ = request;
        last_digest_ = std::move(digest);
    }

    const Pack& pack_;
    IdVector<BlockId, Block> ranges_;
    std::vector<std::string> names_;  // of the layers
    TorchOptions options_;
    ActivationMemory* activations_;
    std::vector<std::vector<at::Tensor>> inputs_;
    std::map<std::size_t, GatheringStep> gathering_;  // by step
    PieceRunner runner_;
    IdVector<BlockId, BoundBlock> blocks_;
    std::vector<std::vector<Located>> located_;  // by layer
    mutable std::mutex mutex_;  // of `located_`, and of the digest, asked for by other threads
    std::optional<RequestId> last_ended_;
    std::string last_digest_;
};

}  // namespace

std::unique_ptr<Executor> make_torch_executor(const Pack& pack, std::span<const UnitRange> blocks,
                                              const TorchOptions& options,
                                              ActivationMemory& activations) {
    check_cover(pack, blocks);
    SWAPLAB_CHECK(options.inputs > 0, "no inputs");
    const Skeleton skeleton = read_skeleton(pack);
    check_fit(pack, skeleton);
    warm_up(options.threads);
    return std::make_unique<TorchExecutor>(pack, skeleton, blocks, options, activations);
}

}  // namespace swaplab
