#include "hw/torch/run/skeleton.h"

#include <ATen/ops/empty.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {
namespace {

constexpr const char* kCutFile = "swaplab_cut.json";
constexpr const char* kSchema = "swaplab/cut/1";

constexpr std::array<std::pair<at::ScalarType, std::string_view>, 9> kTypes{{
    {at::kFloat, "float32"},
    {at::kDouble, "float64"},
    {at::kHalf, "float16"},
    {at::kBFloat16, "bfloat16"},
    {at::kLong, "int64"},
    {at::kInt, "int32"},
    {at::kShort, "int16"},
    {at::kByte, "uint8"},
    {at::kBool, "bool"},
}};

void strip(c10::ivalue::Object& object, const std::vector<KeptAttribute>& kept) {
    for (std::size_t i = 0; i < object.slots().size(); ++i) {
        const c10::IValue& slot = object.getSlot(i);
        const KeptAttribute attribute{&object, object.type()->getAttributeName(i)};
        if (slot.isModule()) {
            strip(slot.toObjectRef(), kept);
        } else if (slot.isTensor() && slot.toTensor().defined() &&
                   std::ranges::count(kept, attribute) == 0) {
            object.setSlot(i, at::empty({0}, at::dtype(slot.toTensor().scalar_type())));
        }
    }
}

// Where the layers begin and what floats. `steps` guards against a LibTorch that reads the same
// file as another graph.
std::string write_cut(const Skeleton& cut) {
    JsonWriter json;
    json.begin_object();
    json.key("schema").value(kSchema);
    json.key("steps").value(static_cast<std::int64_t>(cut.program->size()));
    json.key("layers").begin_array();
    for (std::size_t i = 0; i < cut.layers.size(); ++i) {
        const std::size_t first = cut.layers[i].first;
        json.begin_object();
        json.key("name").value(cut.names[i]);
        json.key("step").value(static_cast<std::int64_t>(first));
        json.key("operator").value(cut.program->step(first).kind().toQualString());
        json.end_object();
    }
    json.end_array();
    json.key("floating").begin_array();
    for (std::size_t i = 0; i < cut.program->size(); ++i) {
        if (cut.program->floating(i)) json.value(static_cast<std::int64_t>(i));
    }
    json.end_array();
    json.end_object();
    return json.str();
}

std::vector<bool> read_floating(const Field& field, std::size_t steps) {
    std::vector<bool> floating(steps);
    for (const Field& item : field.as_array()) {
        const auto step = static_cast<std::size_t>(item.as_count());
        if (step >= steps) item.fail_expecting(text("a step below {}", steps));
        floating[step] = true;
    }
    return floating;
}

void read_layer(Skeleton& skeleton, const Field& item) {
    Fields layer(item);
    const auto first = static_cast<std::size_t>(layer.required("step").as_count());
    const std::size_t before = skeleton.layers.empty() ? 0 : skeleton.layers.back().first + 1;
    const bool starts = !skeleton.layers.empty() || first == 0;
    if (!starts || first < before || first >= skeleton.program->size())
        item.fail("layers do not cover the steps in order");
    const std::string expected = layer.required("operator").as_string();
    const std::string found = skeleton.program->step(first).kind().toQualString();
    if (expected != found)
        item.fail(
            text("expected {} at step {}, found {}: this LibTorch reads another graph than "
                 "the one that was packed; pack the model again",
                 expected, first, found));
    skeleton.names.push_back(layer.required("name").as_string());
    layer.finish();
    if (!skeleton.layers.empty()) skeleton.layers.back().last = first;
    skeleton.layers.push_back({first, skeleton.program->size()});
}

Skeleton read_cut(Lowered lowered, const Document& document) {
    Fields fields(Field::root(document));
    const Field schema = fields.required("schema");
    if (schema.as_string() != kSchema) schema.fail_expecting(kSchema);
    const std::size_t steps = top_nodes(*lowered.graph).size();
    const Field count = fields.required("steps");
    if (static_cast<std::size_t>(count.as_count()) != steps)
        count.fail(
            text("expected {} steps, found {}: this LibTorch reads another graph than the "
                 "one that was packed; pack the model again",
                 count.as_count(), steps));
    Skeleton skeleton;
    skeleton.program = std::make_shared<Program>(std::move(lowered),
                                                 read_floating(fields.required("floating"), steps));
    const Field layers = fields.required("layers");
    for (const Field& item : layers.as_array()) read_layer(skeleton, item);
    fields.finish();
    if (skeleton.layers.empty()) layers.fail("expected at least one layer, found none");
    return skeleton;
}

}  // namespace

std::string name_of(at::ScalarType type) {
    for (const auto& [known, name] : kTypes) {
        if (known == type) return std::string(name);
    }
    return c10::toString(type);
}

at::ScalarType scalar_type_named(const std::string& dtype) {
    std::vector<std::string> names;
    for (const auto& [type, name] : kTypes) {
        if (name == dtype) return type;
        names.emplace_back(name);
    }
    throw InputError(text("unknown dtype {}{}", in_quotes(dtype), suggestion(dtype, names)));
}

void strip(torch::jit::Module& module, const std::vector<KeptAttribute>& kept) {
    strip(*module._ivalue(), kept);
}

std::string write_skeleton(const torch::jit::Module& stripped, const Skeleton* cut) {
    torch::jit::ExtraFilesMap extra;
    if (cut != nullptr) extra[kCutFile] = write_cut(*cut);
    std::ostringstream bytes;
    stripped.save(bytes, extra);
    return std::move(bytes).str();
}

Lowered lower_skeleton(const std::string& bytes, const std::string& file) {
    std::istringstream stream(bytes);
    torch::jit::Module module = torch::jit::load(stream);
    module.eval();
    return lower(module, file);
}

Skeleton read_skeleton(const std::string& file) {
    torch::jit::ExtraFilesMap extra{{kCutFile, ""}};
    const torch::jit::Module module = load_torchscript(file, extra);
    if (extra[kCutFile].empty())
        throw InputError(
            text("{}: expected a skeleton that swaplab wrote, found a TorchScript file "
                 "without {}",
                 file, kCutFile));
    return read_cut(lower(module, file),
                    parse_json(extra[kCutFile], text("{}/{}", file, kCutFile)));
}

}  // namespace swaplab
