#include "hw/torch/run/torch_executor.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "hw/torch/run/cpu_allocator.h"
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
    std::size_t offset = 0;  // from the begin of the block
    std::vector<std::int64_t> shape;
    at::TensorOptions options;
};

struct BoundBlock {
    std::vector<Binding> bindings;  // in the order of the piece's slots
    std::vector<at::Tensor> views;  // empty while it is not bound
    std::atomic<std::int64_t> alive{0};
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

void check_fit(const Pack& pack, const Skeleton& skeleton) {
    check_layers(pack, skeleton);
    for (const PackedLayer& layer : pack.index().layers) {
        for (const PackedTensor& tensor : layer.tensors) check_tensor(pack, skeleton, tensor);
    }
    const std::size_t inputs = skeleton.program->lowered().model_inputs;
    if (pack.index().inputs.size() != inputs)
        throw InputError(text("{}: expected {} inputs as in index.json, found {}",
                              pack.skeleton_path(), pack.index().inputs.size(), inputs));
}

// By slot, what a block of these layers holds.
std::map<std::uint32_t, Binding> bindings_of(const Pack& pack, UnitRange units) {
    std::map<std::uint32_t, Binding> bindings;
    const Bytes begin = pack.extent(units).offset;
    for (const UnitId unit : units) {
        const PackedLayer& layer = pack.index().layers[unit.index];
        for (const PackedTensor& tensor : layer.tensors) {
            const auto offset =
                static_cast<std::size_t>((layer.offset - begin + tensor.offset).count);
            bindings.try_emplace(
                tensor.slot, Binding{offset, tensor.shape,
                                     at::TensorOptions().dtype(scalar_type_named(tensor.dtype))});
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
        : ranges_(std::vector<Block>(ranges.begin(), ranges.end())),
          names_(skeleton.names),
          options_(options),
          activations_(&activations),
          runner_(skeleton.program, pieces_of(skeleton, ranges)),
          blocks_(ranges.size()) {
        for (std::uint32_t i = 0; i < options.inputs; ++i)
            inputs_.push_back(model_inputs(pack.index().inputs, seed_of_input(i)));
        for (const BlockId block : blocks_.ids()) prepare(pack, block);
    }

    ~TorchExecutor() override {
        runner_.clear();  // what a request that was cut off left may refer to parameters
        for (const BlockId block : blocks_.ids()) unbind(block);
    }

    void bind(BlockId id, std::byte* at) override {
        BoundBlock& block = blocks_[id];
        SWAPLAB_CHECK(block.views.empty(), "block {} is bound twice", id.index);
        const auto forget = [&alive = block.alive](void*) { --alive; };
        for (const Binding& binding : block.bindings) {
            ++block.alive;
            block.views.push_back(
                at::from_blob(at + binding.offset, binding.shape, forget, binding.options));
        }
    }

    void unbind(BlockId id) override {
        BoundBlock& block = blocks_[id];
        block.views.clear();
        SWAPLAB_CHECK(block.alive == 0, "{} views of block {} outlive its memory",
                      block.alive.load(), id.index);
    }

    void execute(RequestId request, std::uint32_t pass, BlockId id) override {
        SWAPLAB_CHECK(pass == 0, "a model that is no generative one in pass {}", pass);
        const BoundBlock& block = blocks_[id];
        SWAPLAB_CHECK(block.views.size() == block.bindings.size(), "block {} is not bound",
                      id.index);
        use_threads(options_.threads);
        try {
            const ActivationScope scope(*activations_);
            if (id.index == 0) start(request);
            runner_.run(id.index, block.views);
        } catch (const OutOfMemory&) {
            runner_.clear();
            throw;
        } catch (const std::exception& error) {
            runner_.clear();
            throw std::runtime_error(text("block {} ({} to {}): {}", id.index,
                                          names_[ranges_[id].first], names_[ranges_[id].last - 1],
                                          reason_of(error)));
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

    IdVector<BlockId, Block> ranges_;
    std::vector<std::string> names_;  // of the layers
    TorchOptions options_;
    ActivationMemory* activations_;
    std::vector<std::vector<at::Tensor>> inputs_;
    PieceRunner runner_;
    IdVector<BlockId, BoundBlock> blocks_;
    mutable std::mutex mutex_;  // digests are asked for by other threads
    std::map<RequestId, std::string> digests_;
};

}  // namespace

std::unique_ptr<Executor> make_torch_executor(const Pack& pack, std::span<const UnitRange> blocks,
                                              const TorchOptions& options,
                                              ActivationMemory& activations) {
    check_cover(pack, blocks);
    SWAPLAB_CHECK(options.inputs > 0, "no inputs");
    const Skeleton skeleton = read_skeleton(pack.skeleton_path());
    check_fit(pack, skeleton);
    warm_up(options.threads);
    return std::make_unique<TorchExecutor>(pack, skeleton, blocks, options, activations);
}

}  // namespace swaplab
