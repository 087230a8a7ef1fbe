#include "hw/torch/run/torch_executor.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "hw/storage/pack_index.h"
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

// A parameter as it will lie in memory, prepared so that binding it takes about a microsecond.
struct Binding {
    std::size_t offset = 0;  // from the begin of the block, or of its owner's segment
    std::vector<std::int64_t> shape;
    at::TensorOptions options;
    std::optional<std::uint32_t> owner{};  // the layer that stores it, of another block
};

struct BoundBlock {
    std::vector<Binding> bindings;  // in the order of the piece's slots
    // One each; empty while the block is not bound, undefined where another block's memory holds
    // the parameter.
    std::vector<at::Tensor> views;
    std::atomic<std::int64_t> alive{0};
};

// Where a layer's segment lies in the memory of a block that is bound.
struct Located {
    BlockId block;
    std::byte* at = nullptr;
};

// --- What the index says must be what the skeleton needs ----------------------------------------

void check_layers(const Pack& pack, const Skeleton& skeleton) {
    const PackIndex& index = pack.index();
    if (index.layers.size() != skeleton.names.size())
        throw InputError(text("{}: expected {} layers as in index.json, found {}",
                              pack.skeleton_path(), index.layers.size(), skeleton.names.size()));
    for (std::size_t i = 0; i < index.layers.size(); ++i) {
        if (index.layers[i].name != skeleton.names[i])
            throw InputError(text("{}: expected layer {} to be {} as in index.json, found {}",
                                  pack.skeleton_path(), i, in_quotes(index.layers[i].name),
                                  in_quotes(skeleton.names[i])));
    }
}

void check_tensor(const Pack& pack, const Skeleton& skeleton, const PackedTensor& tensor) {
    const auto& parameters = skeleton.program->lowered().parameters;
    const auto fail = [&](const std::string& found) {
        throw InputError(text("{}: expected parameter {} to be {} ({}) as in index.json, found {}",
                              pack.skeleton_path(), tensor.slot, in_quotes(tensor.name),
                              tensor.dtype, found));
    };
    if (tensor.slot >= parameters.size()) fail(text("{} parameters", parameters.size()));
    const LoweredParameter& found = parameters[tensor.slot];
    const std::string dtype = name_of(found.value.scalar_type());
    if (found.name != tensor.name || dtype != tensor.dtype)
        fail(text("{} ({})", in_quotes(found.name), dtype));
}

// What the model was measured with.
void check_input_bytes(const Pack& pack) {
    Bytes found;
    for (const PackedInput& input : pack.index().inputs)
        found += activation_bytes_taken(static_cast<std::size_t>(element_count(input)) *
                                        static_cast<std::size_t>(*element_size(input.dtype)));
    const Bytes expected = pack.model()->spec().input_bytes;
    if (found != expected)
        throw InputError(
            text("{}: inputs: expected {} bytes in whole pages as {} says "
                 "(input_bytes), found {}, of {}",
                 pack.index_path(), expected.count, pack.model_path(), found.count,
                 described(pack.index().inputs)));
}

void check_fit(const Pack& pack, const Skeleton& skeleton) {
    check_layers(pack, skeleton);
    for (const PackedLayer& layer : pack.index().layers) {
        for (const PackedTensor& tensor : layer.tensors) check_tensor(pack, skeleton, tensor);
        for (const SharedTensor& shared : layer.shared) check_tensor(pack, skeleton, shared.tensor);
    }
    check_input_bytes(pack);
    const std::size_t inputs = skeleton.program->lowered().model_inputs;
    if (pack.index().inputs.size() != inputs)
        throw InputError(text("{}: expected {} inputs as in index.json, found {}",
                              pack.skeleton_path(), pack.index().inputs.size(), inputs));
}

Binding binding_of(const PackedTensor& tensor, Bytes segment) {
    return {static_cast<std::size_t>((segment + tensor.offset).count), tensor.shape,
            at::TensorOptions().dtype(scalar_type_named(tensor.dtype))};
}

// By slot, what a block of these layers uses: tensors of its own layers, and of those that they
// share.
std::map<std::uint32_t, Binding> bindings_of(const Pack& pack, UnitRange units) {
    std::map<std::uint32_t, Binding> bindings;
    const std::vector<PackedLayer>& layers = pack.index().layers;
    const Bytes begin = pack.extent(units).offset;
    for (const UnitId unit : units) {
        const PackedLayer& layer = layers[unit.index];
        for (const PackedTensor& tensor : layer.tensors)
            bindings.try_emplace(tensor.slot, binding_of(tensor, layer.offset - begin));
        for (const SharedTensor& shared : layer.shared) {
            const bool inside = shared.owner >= units.first && shared.owner < units.last;
            const Bytes segment = inside ? layers[shared.owner].offset - begin : Bytes{};
            Binding binding = binding_of(shared.tensor, segment);
            if (!inside) binding.owner = shared.owner;
            bindings.try_emplace(shared.tensor.slot, std::move(binding));
        }
    }
    return bindings;
}

std::vector<StepRange> pieces_of(const Skeleton& skeleton, std::span<const UnitRange> blocks) {
    std::vector<StepRange> pieces;
    for (const UnitRange& block : blocks)
        pieces.push_back(
            {skeleton.layers[block.first].first, skeleton.layers[block.last - 1].last});
    return pieces;
}

void check_cover(const Pack& pack, std::span<const UnitRange> blocks) {
    std::uint32_t next = 0;
    for (const UnitRange& block : blocks) {
        SWAPLAB_CHECK(block.first == next && block.last > next, "block [{}, {}) behind layer {}",
                      block.first, block.last, next);
        next = block.last;
    }
    SWAPLAB_CHECK(next == pack.index().layers.size(), "blocks end at layer {} of {}", next,
                  pack.index().layers.size());
}

// --- Execution ----------------------------------------------------------------------------------

class TorchExecutor final : public Executor {
  public:
    TorchExecutor(const Pack& pack, const Skeleton& skeleton, std::span<const UnitRange> ranges,
                  const TorchOptions& options, ActivationMemory& activations)
        : pack_(pack),
          ranges_(std::vector<Block>(ranges.begin(), ranges.end())),
          names_(skeleton.names),
          options_(options),
          activations_(&activations),
          runner_(skeleton.program, pieces_of(skeleton, ranges)),
          blocks_(ranges.size()),
          located_(skeleton.names.size()) {
        for (std::uint32_t i = 0; i < options.inputs; ++i)
            inputs_.push_back(model_inputs(pack.index().inputs, seed_of_input(i)));
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
        for (const Binding& binding : block.bindings) {
            std::byte* from = at;
            if (binding.owner) {
                const auto found =
                    std::ranges::find(brought, LayerId{*binding.owner}, &BroughtAt::owner);
                from = found == brought.end() ? nullptr : found->at;
            }
            block.views.push_back(from == nullptr ? at::Tensor() : view(id, from, binding));
        }
        locate(id, at, brought);
    }

    void unbind(BlockId id) override {
        BoundBlock& block = blocks_[id];
        block.views.clear();
        forget(id);
        SWAPLAB_CHECK(block.alive == 0, "{} views of block {} outlive its memory",
                      block.alive.load(), id.index);
    }

    void execute(RequestId request, std::uint32_t pass, BlockId id) override {
        SWAPLAB_CHECK(pass == 0, "a model that is no generative one in pass {}", pass);
        use_threads(options_.threads);
        const ActivationScope scope(*activations_);
        try {
            const std::vector<at::Tensor> views = all_views(id);
            if (id.index == 0) start(request);
            runner_.run(id.index, views);
        } catch (const OutOfMemory&) {
            runner_.clear();
            throw;
        } catch (const std::exception& error) {
            runner_.clear();
            fail(id, error, scope.refusal());
        }
        if (id.index + 1 == blocks_.size()) end(request);
    }

    std::optional<std::string> output_digest(RequestId request) const override {
        const std::lock_guard lock(mutex_);
        const auto found = digests_.find(request);
        if (found == digests_.end()) return std::nullopt;
        return found->second;
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

    at::Tensor view(BlockId of, std::byte* segment, const Binding& binding) {
        BoundBlock& block = blocks_[of];
        ++block.alive;
        return at::from_blob(
            segment + binding.offset, binding.shape, [&alive = block.alive](void*) { --alive; },
            binding.options);
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
            SWAPLAB_CHECK(binding.owner, "block {} is not bound", id.index);
            const Located found = located(*binding.owner);
            SWAPLAB_CHECK(found.at != nullptr,
                          "block {} uses parameters of layer {}, which no "
                          "bound block holds",
                          id.index, names_[*binding.owner]);
            views[i] = view(found.block, found.at, binding);
        }
        return views;
    }

    // Blocks are bound beside executions, which look others' segments up.
    void locate(BlockId id, std::byte* at, std::span<const BroughtAt> brought) {
        const std::lock_guard lock(mutex_);
        const Bytes begin = pack_.extent(ranges_[id]).offset;
        for (const UnitId unit : ranges_[id])
            located_[unit.index].push_back(
                {id, at + (pack_.index().layers[unit.index].offset - begin).count});
        for (const BroughtAt& segment : brought)
            located_[segment.owner.index].push_back({id, segment.at});
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
        digests_[request] = std::move(digest);
    }

    const Pack& pack_;
    IdVector<BlockId, Block> ranges_;
    std::vector<std::string> names_;  // of the layers
    TorchOptions options_;
    ActivationMemory* activations_;
    std::vector<std::vector<at::Tensor>> inputs_;
    PieceRunner runner_;
    IdVector<BlockId, BoundBlock> blocks_;
    std::vector<std::vector<Located>> located_;  // by layer
    mutable std::mutex mutex_;  // of `located_`, and of digests, asked for by other threads
    std::map<RequestId, std::string> digests_;
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
