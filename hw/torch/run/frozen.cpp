#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/passes/frozen_graph_optimizations.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "hw/storage/reader.h"
#include "hw/torch/run/model_inputs.h"
#include "hw/torch/run/piece_runner.h"
#include "hw/torch/run/skeleton.h"
#include "hw/torch/run/threads.h"
#include "hw/torch/run/torch_executor.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

using torch::jit::Module;

// --- The module with its parameters -------------------------------------------------------------

std::shared_ptr<std::byte> read_segment(Reader& reader, const PackedLayer& layer, Bytes alignment) {
    const auto aligned = static_cast<std::align_val_t>(alignment.count);
    auto* const at = static_cast<std::byte*>(
        ::operator new(static_cast<std::size_t>(layer.size.count), aligned));
    std::shared_ptr<std::byte> segment(
        at, [aligned](std::byte* memory) { ::operator delete(memory, aligned); });
    reader.read(layer.offset, layer.size, at);
    return segment;
}

// `path` is "features.0.weight", as `lower` names parameters.
void set_parameter(const Pack& pack, const Module& module, const std::string& path,
                   at::Tensor value) {
    torch::jit::ModulePtr owner = module._ivalue();
    std::size_t begin = 0;
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
        const std::string name = path.substr(begin, dot - begin);
        if (!owner->type()->hasAttribute(name) || !owner->getAttr(name).isObject()) break;
        owner = owner->getAttr(name).toObject();
        begin = dot + 1;
    }
    const std::string name = path.substr(begin);
    if (!owner->type()->hasAttribute(name) || !owner->getAttr(name).isTensor())
        throw InputError(text("{}: expected the parameter {} as in index.json, found none",
                              pack.skeleton_path(), in_quotes(path)));
    owner->setAttr(name, std::move(value));
}

// Each tensor keeps the segment it lies in.
Module whole_module(const Pack& pack) {
    torch::jit::ExtraFilesMap no_extra;
    Module module = load_torchscript(pack.open(kSkeletonFile), pack.skeleton_path(), no_extra);
    ReadOptions reading;
    reading.alignment = pack.index().alignment;
    const auto reader = pack.open_parameters(reading);
    std::vector<std::shared_ptr<std::byte>> segments;  // by layer
    const auto set = [&](const PackedTensor& tensor, const std::shared_ptr<std::byte>& segment) {
        set_parameter(pack, module, tensor.name,
                      at::from_blob(
                          segment.get() + tensor.offset.count, tensor.shape, [segment](void*) {},
                          scalar_type_named(tensor.dtype)));
    };
    for (const PackedLayer& layer : pack.index().layers) {
        segments.push_back(
            layer.tensors.empty() ? nullptr : read_segment(*reader, layer, pack.index().alignment));
        for (const PackedTensor& tensor : layer.tensors) set(tensor, segments.back());
        for (const SharedTensor& shared : layer.shared) set(shared.tensor, segments[shared.owner]);
    }
    return module;
}

// As Python's torch.jit.freeze and optimize_for_inference do it; the `freeze` of C++ optimises the
// graph of the module that it was given instead of the frozen one.
Module optimised(const Pack& pack, const Module& module) {
    try {
        Module frozen = torch::jit::freeze_module(module);
        std::shared_ptr<torch::jit::Graph> graph = frozen.get_method("forward").graph();
        torch::jit::OptimizeFrozenGraph(graph);
        return torch::jit::optimize_for_inference(frozen);
    } catch (const std::exception& error) {
        throw UnsupportedError(text("{}: this LibTorch cannot freeze the model: {}",
                                    pack.skeleton_path(), reason_of(error)));
    }
}

// --- Execution ----------------------------------------------------------------------------------

// Models may write into their inputs.
std::vector<c10::IValue> copies_of(const std::vector<at::Tensor>& inputs) {
    std::vector<c10::IValue> copies;
    for (const at::Tensor& input : inputs) copies.emplace_back(input.clone());
    return copies;
}

c10::IValue forward(Module& module, std::vector<c10::IValue> inputs) {
    const c10::InferenceMode inference;
    return module.forward(std::move(inputs));
}

double largest_of(const at::Tensor& tensor) {
    return tensor.numel() == 0 ? 0 : tensor.to(at::kDouble).abs().max().item<double>();
}

double largest_output(const c10::IValue& output) {
    double largest = 0;
    for_each_tensor(
        output, [&](const at::Tensor& tensor) { largest = std::max(largest, largest_of(tensor)); });
    return largest;
}

double largest_difference(const c10::IValue& one, const c10::IValue& other) {
    std::vector<at::Tensor> tensors;
    for_each_tensor(one, [&](const at::Tensor& tensor) { tensors.push_back(tensor); });
    std::size_t next = 0;
    double largest = 0;
    for_each_tensor(other, [&](const at::Tensor& tensor) {
        const at::Tensor before = tensors.at(next++).to(at::kDouble);
        largest = std::max(largest, largest_of(before.sub(tensor.to(at::kDouble))));
    });
    return largest;
}

}  // namespace

FrozenRun run_frozen(const Pack& pack, const TorchOptions& options, std::uint32_t requests) {
    SWAPLAB_CHECK(options.inputs > 0, "no inputs");
    constexpr std::uint32_t kWarmUp = 2;  // of each input; the first compiles
    use_threads(options.threads);
    std::vector<std::vector<at::Tensor>> inputs;
    std::vector<c10::IValue> plain;  // outputs of the module as it was packed
    FrozenRun run;
    Module module = whole_module(pack);
    for (std::uint32_t i = 0; i < options.inputs; ++i) {
        inputs.push_back(model_inputs(pack.index().inputs, seed_of_input(i)));
        plain.push_back(forward(module, copies_of(inputs[i])));
        run.plain_digests.push_back(digest_of({plain[i]}));
        run.largest_output = std::max(run.largest_output, largest_output(plain[i]));
    }
    module = optimised(pack, module);
    run.identical = true;
    for (std::uint32_t i = 0; i < kWarmUp * options.inputs; ++i) {
        const std::uint32_t input = i % options.inputs;
        const c10::IValue output = forward(module, copies_of(inputs[input]));
        run.identical &= digest_of({output}) == run.plain_digests[input];
        run.largest_difference =
            std::max(run.largest_difference, largest_difference(plain[input], output));
    }
    for (std::uint32_t i = 0; i < requests; ++i) {
        std::vector<c10::IValue> copies = copies_of(inputs[i % options.inputs]);
        const auto begin = std::chrono::steady_clock::now();
        forward(module, std::move(copies));
        run.durations.push_back(std::chrono::steady_clock::now() - begin);
    }
    return run;
}

}  // namespace swaplab
