#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "hw/storage/pack_index.h"
#include "hw/storage/pack_writer.h"
#include "hw/torch/pack/gathered_tables.h"
#include "hw/torch/pack/layer_measurement.h"
#include "hw/torch/pack/layering.h"
#include "hw/torch/pack/shared_slots.h"
#include "hw/torch/run/input_values.h"
#include "hw/torch/run/model_inputs.h"
#include "hw/torch/run/piece_runner.h"
#include "hw/torch/run/skeleton.h"
#include "hw/torch/run/threads.h"
#include "hw/torch/run/torch_executor.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"
#include "profiles/model/sharing.h"

namespace swaplab {
namespace {

constexpr const char* kInputsFile = "swaplab.json";
constexpr std::uint32_t kInputs = 2;  // drawn and compared

void tell(const PackOptions& options, const std::string& what, std::size_t done,
          std::size_t total) {
    if (options.progress)
        options.progress(what, static_cast<std::int64_t>(done), static_cast<std::int64_t>(total));
}

// --- What the file brings -----------------------------------------------------------------------

PackedInput read_input(const Field& item) {
    Fields fields(item);
    PackedInput input;
    const Field shape = fields.required("shape");
    std::string written;
    for (const Field& size : shape.as_array())
        written += text("{}{}", written.empty() ? "" : "x", size.as_positive());
    if (written.empty()) shape.fail_expecting("at least one size");
    if (const auto dtype = fields.optional("dtype")) written += text(":{}", dtype->as_string());
    fields.finish();
    try {
        return parse_packed_input(written);
    } catch (const InputError& error) {
        item.fail(error.what());
    }
}

// {"inputs": [{"shape": [1, 3, 224, 224], "dtype": "float32"}]}
std::vector<PackedInput> read_inputs(const std::string& content, const std::string& file) {
    const Document document = parse_json(content, text("{}/{}", file, kInputsFile));
    Fields fields(Field::root(document));
    std::vector<PackedInput> inputs;
    for (const Field& item : fields.required("inputs").as_array())
        inputs.push_back(read_input(item));
    return inputs;
}

struct ScriptFile {
    std::string file;
    torch::jit::Module module;
    Lowered lowered;  // holds the weights
    std::vector<PackedInput> inputs;
};

ScriptFile open_source(const std::string& file, const PackOptions& options) {
    torch::jit::ExtraFilesMap extra{{kInputsFile, ""}};
    ScriptFile source{file, load_torchscript(file, extra), {}, options.inputs};
    source.lowered = lower(source.module, file);
    const std::string& named = extra[kInputsFile];
    if (source.inputs.empty() && !named.empty()) source.inputs = read_inputs(named, file);
    const std::size_t takes = source.lowered.model_inputs;
    if (source.inputs.size() != takes)
        throw InputError(
            text("{}: forward takes {} input{}, {} given: say --input SHAPE[:DTYPE] "
                 "once for each, such as --input 1x3x224x224",
                 file, takes, takes == 1 ? "" : "s", source.inputs.size()));
    return source;
}

void check_parameters(const ScriptFile& source) {
    for (const LoweredParameter& parameter : source.lowered.parameters) {
        const at::Tensor& value = parameter.value;
        const auto fail = [&](const std::string& what) {
            throw InputError(text("{}: the parameter {} {}", source.file, parameter.name, what));
        };
        if (!value.defined() || value.layout() != c10::kStrided || !value.device().is_cpu())
            fail("is no plain tensor on the CPU");
        if (value.numel() == 0) fail("is empty");
        if (!element_size(name_of(value.scalar_type())))
            fail(text("is of dtype {}, which packs do not know", name_of(value.scalar_type())));
    }
}

// --- The unswapped model ------------------------------------------------------------------------

std::string run_unswapped(ScriptFile& source, std::uint64_t seed) {
    std::vector<c10::IValue> inputs;
    for (at::Tensor& input : model_inputs(source.inputs, seed)) inputs.emplace_back(input);
    try {
        const c10::InferenceMode inference;
        return digest_of({source.module.forward(std::move(inputs))});
    } catch (const std::exception& error) {
        throw InputError(
            text("{}: forward fails with the given inputs: {}", source.file, reason_of(error)));
    }
}

std::vector<ExpectedOutput> expected_outputs(ScriptFile& source, const PackOptions& options,
                                             std::vector<std::string>& notes) {
    std::vector<ExpectedOutput> expected;
    for (std::uint32_t i = 0; i < kInputs; ++i) {
        tell(options, "executing the whole model, input", i + 1, kInputs);
        expected.push_back({seed_of_input(i), run_unswapped(source, seed_of_input(i))});
    }
    if (expected[0].digest == expected[1].digest)
        notes.emplace_back("both inputs have the same output: comparing outputs shows little");
    return expected;
}

// --- Layers -------------------------------------------------------------------------------------

using Tensors = std::vector<at::Tensor>;

// By layer, the slots that it uses.
std::vector<std::vector<std::uint32_t>> slots_of(const Skeleton& skeleton) {
    const PieceRunner runner(skeleton.program, skeleton.layers);
    std::vector<std::vector<std::uint32_t>> slots;
    for (std::size_t i = 0; i < runner.size(); ++i) {
        slots.push_back(runner.slots(i));
        std::ranges::sort(slots.back());
    }
    return slots;
}

Layer layer_of(const MeasuredLayer& measured, const std::string& name, const LayerSlots& slots,
               const Tensors& parameters) {
    Layer layer;
    layer.name = name;
    layer.op = measured.work.main.value_or(measured.work.other_ops > 0 ? OpClass::elementwise
                                                                       : OpClass::other);
    if (measured.reads_input) layer.inputs.push_back(std::nullopt);
    for (const std::uint32_t source : measured.reads) layer.inputs.push_back(LayerId{source});
    for (const std::uint32_t slot : slots.stored)
        layer.parameter_bytes += {static_cast<std::int64_t>(parameters[slot].nbytes())};
    layer.parameter_tensors = static_cast<std::int64_t>(slots.stored.size());
    layer.shares = slots.owners;
    layer.macs = measured.work.macs;
    layer.other_ops = measured.work.other_ops;
    layer.output_bytes = measured.output;
    return layer;
}

// Workspace is what a layer needed at its peak beyond what the plan counts as alive, so that no
// peak is predicted too low, whatever the model's one output per layer cannot say.
void add_workspace(ModelSpec& spec, const std::vector<MeasuredRun>& runs) {
    constexpr Bytes kStep{4096};
    const Model model(spec);
    for (std::uint32_t i = 0; i < model.layer_count(); ++i) {
        const Bytes alive = model.activation_peak({i, i + 1}).activations;
        Bytes peak;
        for (const MeasuredRun& run : runs) peak = std::max(peak, run.layers[i].peak);
        if (peak > alive) spec.layers[i].workspace_bytes = align_up(peak - alive, kStep);
    }
}

std::string described(const std::vector<PackedInput>& inputs) {
    std::string all;
    for (const PackedInput& input : inputs) {
        std::string shape;
        for (const std::int64_t size : input.shape)
            shape += text("{}{}", shape.empty() ? "" : "x", size);
        all += text(", {}:{}", shape, input.dtype);
    }
    return all;
}

// Of most of the parameters' bytes; integers are positions and masks.
std::string dtype_of(const Tensors& parameters) {
    std::map<std::string, std::size_t> bytes;
    for (const at::Tensor& parameter : parameters) {
        if (parameter.is_floating_point())
            bytes[name_of(parameter.scalar_type())] += parameter.nbytes();
    }
    const auto most = std::ranges::max_element(bytes, {}, [](const auto& b) { return b.second; });
    return most == bytes.end() ? "float32" : most->first;
}

struct Measured {
    Skeleton skeleton;
    std::vector<std::vector<std::uint32_t>> slots;  // by layer
    std::vector<LayerSlots> layers;                 // likewise: which it stores, which it shares
    ModelSpec model;
};

Measured measure(const ScriptFile& source, const PackOptions& options, const std::string& name,
                 const Tensors& parameters, Skeleton skeleton,
                 const std::vector<ExpectedOutput>& expected, std::vector<std::string>& notes) {
    Measured measured{std::move(skeleton), {}, {}, {}};
    measured.slots = slots_of(measured.skeleton);
    measured.layers = share_out(measured.slots, parameters);
    std::vector<MeasuredRun> runs;
    std::vector<Tensors> inputs;
    for (const ExpectedOutput& output : expected) {
        tell(options, "measuring layers, input", runs.size() + 1, expected.size());
        inputs.push_back(model_inputs(source.inputs, output.seed));
        runs.push_back(measure_layers(measured.skeleton, parameters, inputs.back()));
        if (runs.back().digest != output.digest)
            throw InputError(
                text("{}: executed layer by layer it has other outputs than as a "
                     "whole: an operator that depends on more than its inputs?",
                     source.file));
    }
    ModelSpec& spec = measured.model;
    spec.name = name;
    spec.source = text("{}{}", std::filesystem::path(source.file).filename().string(),
                       described(source.inputs));
    spec.dtype = dtype_of(parameters);
    spec.input_bytes = runs.front().input;
    for (std::size_t i = 0; i < measured.slots.size(); ++i)
        spec.layers.push_back(layer_of(runs.front().layers[i], measured.skeleton.names[i],
                                       measured.layers[i], parameters));
    find_gathered_tables(measured.skeleton, parameters, measured.slots, measured.layers, inputs,
                         spec, notes);
    add_workspace(spec, runs);
    return measured;
}

// --- Writing ------------------------------------------------------------------------------------

std::span<const std::byte> bytes_of(const at::Tensor& tensor) {
    return {static_cast<const std::byte*>(tensor.data_ptr()), tensor.nbytes()};
}

// `packed`: the layers that have been added; `least`: of the next one's segment.
void add_layer(PackWriter& writer, const Measured& measured, std::vector<PackedLayer>& packed,
               const Tensors& parameters, Bytes least) {
    const std::size_t layer = packed.size();
    const auto& all = measured.skeleton.program->lowered().parameters;
    std::vector<TensorToPack> tensors;
    for (const std::uint32_t slot : measured.layers[layer].stored) {
        const at::Tensor& value = parameters[slot];
        tensors.push_back({all[slot].name, name_of(value.scalar_type()), value.sizes().vec(), slot,
                           bytes_of(value)});
    }
    packed.push_back(writer.add_layer(measured.skeleton.names[layer], tensors, least));
    for (const SharedSlot& shared : measured.layers[layer].shared) {
        const at::Tensor& value = parameters[shared.slot];
        const auto stored = std::ranges::find(packed[shared.owner].tensors, shared.slot_of_owner,
                                              &PackedTensor::slot);
        writer.share(shared.owner,
                     {all[shared.slot].name, name_of(value.scalar_type()), value.sizes().vec(),
                      stored->offset, stored->size, shared.slot});
    }
}

// The graph that executors will load, with this file's parameters by slot.
Lowered lower_as_stored(const ScriptFile& source, const torch::jit::Module& stripped) {
    Lowered stored = lower_skeleton(write_skeleton(stripped, nullptr), source.file);
    const auto same = [](const LoweredParameter& a, const LoweredParameter& b) {
        return a.name == b.name;
    };
    if (!std::ranges::equal(stored.parameters, source.lowered.parameters, same))
        throw InputError(
            text("{}: its parameters are others after it was written and read again", source.file));
    return stored;
}

}  // namespace

std::vector<std::string> pack_torchscript(const std::string& file, const std::string& folder,
                                          const PackOptions& options) {
    use_threads(options.threads);
    std::vector<std::string> notes = torch_notes();
    ScriptFile source = open_source(file, options);
    check_parameters(source);
    const std::string name =
        options.name.empty() ? std::filesystem::path(file).stem().string() : options.name;
    PackWriter writer(folder, name);  // before the work: the folder may be there already
    const std::vector<ExpectedOutput> expected = expected_outputs(source, options, notes);

    strip(source.module, source.lowered.kept);
    Tensors parameters;
    for (const LoweredParameter& parameter : source.lowered.parameters)
        parameters.push_back(parameter.value.contiguous());
    std::vector<c10::IValue> inputs;
    for (at::Tensor& input : model_inputs(source.inputs, expected[0].seed))
        inputs.emplace_back(input);
    const Measured measured = measure(source, options, name, parameters,
                                      cut_into_layers(lower_as_stored(source, source.module),
                                                      parameters, std::move(inputs), file),
                                      expected, notes);
    note_ties(measured.skeleton, parameters, measured.slots, measured.layers, notes);

    const IdVector<LayerId, Bytes> windows = windows_of_tables(Model(measured.model));
    std::vector<PackedLayer> packed;
    while (packed.size() < measured.slots.size()) {
        tell(options, "writing layer", packed.size() + 1, measured.slots.size());
        add_layer(writer, measured, packed, parameters,
                  windows[LayerId{static_cast<std::uint32_t>(packed.size())}]);
    }
    const std::string skeleton = write_skeleton(source.module, &measured.skeleton);
    writer.add_file("skeleton.pt", std::as_bytes(std::span(skeleton)));
    constexpr std::size_t kLarge = 4 << 20;
    if (skeleton.size() > kLarge)
        notes.push_back(text("the skeleton has constants of {}, which are always in memory",
                             format_bytes({static_cast<std::int64_t>(skeleton.size())})));
    writer.finish({source.inputs, expected, torch_environment(options.threads)}, measured.model);
    return notes;
}

}  // namespace swaplab
