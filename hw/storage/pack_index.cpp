#include "hw/storage/pack_index.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <vector>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/file_values.h"
#include "profiles/model/sharing.h"

namespace swaplab {
namespace {

constexpr std::string_view kSchemas = "swaplab/pack/";
constexpr std::string_view kSchema = "swaplab/pack/1";

struct ElementType {
    std::string_view name;
    std::int64_t size;
};
constexpr ElementType kElementTypes[] = {
    {"float64", 8}, {"float32", 4}, {"float16", 2}, {"bfloat16", 2}, {"int64", 8},
    {"int32", 4},   {"int16", 2},   {"int8", 1},    {"uint8", 1},    {"bool", 1}};

constexpr std::int64_t kFinestAlignment = 4096;
constexpr std::int64_t kCoarsestAlignment = std::int64_t{1} << 30;

void check_version(const Field& schema) {
    const std::string found = schema.as_string();
    if (found == kSchema) return;
    if (!found.starts_with(kSchemas)) schema.fail_expecting(in_quotes(kSchema));
    schema.fail(
        text("a pack of another version: {}, and this program reads {}; pack the model "
             "again",
             in_quotes(found), in_quotes(kSchema)));
}

Bytes read_alignment(const Field& field) {
    const std::int64_t alignment = field.as_positive();
    const bool fits = alignment >= kFinestAlignment && alignment <= kCoarsestAlignment &&
                      (alignment & (alignment - 1)) == 0;
    if (!fits) {
        field.fail_expecting(
            text("a power of two from {} to {}", kFinestAlignment, kCoarsestAlignment));
    }
    return {alignment};
}

std::int64_t read_element_type(const Field& field) {
    const std::string name = field.as_string();
    if (const auto size = element_size(name)) return *size;
    std::vector<std::string> known;
    for (const ElementType& type : kElementTypes) known.emplace_back(type.name);
    field.fail(text("unknown dtype {}{}", in_quotes(name), suggestion(name, known)));
}

std::vector<std::int64_t> read_shape(const Field& field) {
    std::vector<std::int64_t> shape;
    for (const Field& extent : field.as_array()) shape.push_back(extent.as_positive());
    return shape;
}

// Bytes of so many elements; fails above the most that a pack may hold.
Bytes size_of(const Field& shape_field, const std::vector<std::int64_t>& shape,
              std::int64_t element) {
    std::int64_t size = element;
    for (const std::int64_t extent : shape) {
        if (extent > kMostInTotal / size) shape_field.fail("more than 2^60 bytes");
        size *= extent;
    }
    return {size};
}

std::uint32_t read_u32(const Field& field) {
    const std::int64_t number = field.as_count();
    if (number > std::numeric_limits<std::uint32_t>::max())
        field.fail_expecting("a whole number below 2^32");
    return static_cast<std::uint32_t>(number);
}

PackedTensor read_tensor(const Field& field, Bytes at_least, Bytes segment) {
    Fields fields(field);
    PackedTensor tensor;
    tensor.name = read_name(fields.required("name"));
    const Field dtype = fields.required("dtype");
    const std::int64_t element = read_element_type(dtype);
    tensor.dtype = dtype.as_string();
    const Field shape = fields.required("shape");
    tensor.shape = read_shape(shape);
    const Field offset = fields.required("offset_bytes");
    tensor.offset = {offset.as_count()};
    const Field size = fields.required("size_bytes");
    tensor.size = {size.as_positive()};
    tensor.slot = read_u32(fields.required("slot"));
    fields.finish();

    if (const Bytes meant = size_of(shape, tensor.shape, element); tensor.size != meant)
        size.fail_expecting(text("the {} bytes of its dtype and shape", meant.count));
    if (tensor.offset.count % kTensorAlignment.count != 0)
        offset.fail_expecting(text("a multiple of {}", kTensorAlignment.count));
    if (tensor.offset < at_least)
        offset.fail_expecting(text("at least {}, where the tensor before it ends", at_least.count));
    if (tensor.offset > segment || tensor.size > segment - tensor.offset)
        size.fail(text("the tensor ends outside its layer's segment of {} bytes", segment.count));
    return tensor;
}

void read_tensors(const Field& field, PackedLayer& layer) {
    Bytes end;
    for (const Field& item : field.as_array()) {
        layer.tensors.push_back(read_tensor(item, end, layer.size));
        end = layer.tensors.back().offset + layer.tensors.back().size;
    }
}

SharedTensor read_shared(const Field& field, const std::vector<PackedLayer>& earlier) {
    Fields fields(field);
    const Field owner = fields.required("layer");
    const auto found = std::ranges::find(earlier, owner.as_string(), &PackedLayer::name);
    if (found == earlier.end()) owner.fail_expecting("the name of an earlier layer");
    SharedTensor shared{static_cast<std::uint32_t>(found - earlier.begin()),
                        read_tensor(fields.required("tensor"), {}, found->size)};
    fields.finish();
    return shared;
}

void check_slots(const Field& field, const PackedLayer& layer) {
    std::vector<std::uint32_t> slots;
    for (const PackedTensor& tensor : layer.tensors) slots.push_back(tensor.slot);
    for (const SharedTensor& shared : layer.shared) slots.push_back(shared.tensor.slot);
    std::ranges::sort(slots);
    const auto twice = std::ranges::adjacent_find(slots);
    if (twice != slots.end()) field.fail(text("two tensors of one layer have slot {}", *twice));
}

PackedLayer read_layer(const Field& field, const PackIndex& index) {
    const Bytes begin = index.size();
    const Bytes alignment = index.alignment;
    Fields fields(field);
    PackedLayer layer;
    layer.name = read_name(fields.required("name"));
    const Field offset = fields.required("offset_bytes");
    layer.offset = {offset.as_count()};
    if (layer.offset != begin)
        offset.fail_expecting(text("{}, where the segment before it ends", begin.count));
    const Field size = fields.required("stored_bytes");
    layer.size = {size.as_count()};
    if (layer.size.count % alignment.count != 0)
        size.fail_expecting(text("a multiple of alignment_bytes, {}", alignment.count));
    if (layer.size.count > kMostInTotal - begin.count)
        size.fail("the segments up to this one have more than 2^60 bytes");
    layer.crc = read_u32(fields.required("crc32"));
    const Field tensors = fields.required("tensors");
    read_tensors(tensors, layer);
    if (const auto shared = fields.optional("shared"))
        for (const Field& item : shared->as_array())
            layer.shared.push_back(read_shared(item, index.layers));
    check_slots(tensors, layer);
    fields.finish();
    if (layer.size.count > 0 && layer.tensors.empty())
        tensors.fail(text("no tensor in a segment of {} bytes", layer.size.count));
    return layer;
}

PackedInput read_input(const Field& field) {
    Fields fields(field);
    PackedInput input;
    const Field dtype = fields.required("dtype");
    const std::int64_t element = read_element_type(dtype);
    input.dtype = dtype.as_string();
    const Field shape = fields.required("shape");
    input.shape = read_shape(shape);
    size_of(shape, input.shape, element);
    fields.finish();
    return input;
}

ExpectedOutput read_expected(const Field& field) {
    Fields fields(field);
    ExpectedOutput expected;
    expected.seed = static_cast<std::uint64_t>(fields.required("seed").as_count());
    expected.digest = read_name(fields.required("digest"));
    fields.finish();
    return expected;
}

void write_shape(JsonWriter& writer, const std::vector<std::int64_t>& shape) {
    writer.key("shape").begin_array();
    for (const std::int64_t extent : shape) writer.value(extent);
    writer.end_array();
}

void write_tensor(JsonWriter& writer, const PackedTensor& tensor) {
    writer.begin_object().member("name", tensor.name).member("dtype", tensor.dtype);
    write_shape(writer, tensor.shape);
    writer.member("offset_bytes", tensor.offset.count);
    writer.member("size_bytes", tensor.size.count).member("slot", tensor.slot).end_object();
}

void write_shared(JsonWriter& writer, const std::vector<SharedTensor>& tensors,
                  const std::vector<PackedLayer>& layers) {
    if (tensors.empty()) return;
    writer.key("shared").begin_array();
    for (const SharedTensor& shared : tensors) {
        writer.begin_object().member("layer", layers[shared.owner].name).key("tensor");
        write_tensor(writer, shared.tensor);
        writer.end_object();
    }
    writer.end_array();
}

void write_layer(JsonWriter& writer, const PackedLayer& layer,
                 const std::vector<PackedLayer>& layers) {
    writer.begin_object().member("name", layer.name).member("offset_bytes", layer.offset.count);
    writer.member("stored_bytes", layer.size.count).member("crc32", layer.crc);
    writer.key("tensors").begin_array();
    for (const PackedTensor& tensor : layer.tensors) write_tensor(writer, tensor);
    writer.end_array();
    write_shared(writer, layer.shared, layers);
    writer.end_object();
}

// Says in model.json what index.json has there.
class Fit {
  public:
    explicit Fit(const std::string& index_path) : index_path_(index_path) {}

    template <class T>
    void check(bool fits, const Field& field, std::string_view what, const T& packed) const {
        if (fits) return;
        field.fail(text("does not fit {}, which has {} {}", index_path_, what, packed));
    }

    // `field` is the unit's layer.
    void check_unit(const Field& field, const Model& model, UnitId id,
                    const PackedLayer& packed) const {
        const Unit unit = model.unit(id);
        Fields fields(field);
        const auto at = [&](std::string_view key) { return fields.optional(key).value_or(field); };
        Bytes parameters;
        for (const PackedTensor& tensor : packed.tensors) parameters += tensor.size;
        const auto tensors = static_cast<std::int64_t>(packed.tensors.size());
        check(model.name_of(id) == packed.name, at("name"), "layer", in_quotes(packed.name));
        check(unit.parameter_bytes == parameters, at("parameter_bytes"), "tensors of together",
              text("{} bytes", parameters.count));
        check(unit.bytes_on_storage == packed.size, at("stored_bytes"), "stored_bytes",
              packed.size.count);
        check(unit.parameter_tensors == tensors, at("parameter_tensors"), "tensors:", tensors);
        const std::vector<LayerId>& shares = model.layer(unit.layer).shares;
        for (const SharedTensor& shared : packed.shared)
            check(std::ranges::count(shares, model.layer_of(UnitId{shared.owner})) > 0,
                  at("shares"), "a tensor of", in_quotes(model.name_of(UnitId{shared.owner})));
    }

    // `field` is the layer of a table that is gathered by rows of this window: each row must stand
    // in the segment where a table alone would have it, and a window within the segment.
    void check_table(const Field& field, const PackedLayer& packed, Bytes window) const {
        if (packed.tensors.size() != 1 || packed.tensors[0].offset.count != 0)
            field.fail(
                text("a table that is gathered by rows is one tensor at the begin of its "
                     "segment, and does not fit {}, which has {} tensors there",
                     index_path_, packed.tensors.size()));
        if (packed.size < window)
            field.fail(
                text("rows of this table come in by windows of {} bytes, and its segment in "
                     "{} has {}: pack the model again",
                     window.count, index_path_, packed.size.count));
    }

  private:
    const std::string& index_path_;
};

}  // namespace

std::optional<std::int64_t> element_size(std::string_view dtype) {
    const auto* const type = std::ranges::find(kElementTypes, dtype, &ElementType::name);
    if (type == std::end(kElementTypes)) return std::nullopt;
    return type->size;
}

PackIndex read_pack_index(const Document& document) {
    Fields fields(Field::root(document));
    check_version(fields.required("schema"));
    PackIndex index;
    index.model = read_name(fields.required("model"));
    index.alignment = read_alignment(fields.required("alignment_bytes"));
    index.environment = string_or(fields, "environment", "");
    if (const auto inputs = fields.optional("inputs"))
        for (const Field& input : inputs->as_array()) index.inputs.push_back(read_input(input));
    if (const auto expected = fields.optional("expected"))
        for (const Field& item : expected->as_array())
            index.expected.push_back(read_expected(item));
    const Field layers = fields.required("layers");
    for (const Field& layer : layers.as_array()) index.layers.push_back(read_layer(layer, index));
    if (index.layers.empty()) layers.fail("expected at least one layer");
    fields.finish();
    return index;
}

std::string write_pack_index(const PackIndex& index) {
    JsonWriter writer;
    writer.begin_object().member("schema", kSchema).member("model", index.model);
    writer.member("alignment_bytes", index.alignment.count);
    writer.member("environment", index.environment);
    writer.key("inputs").begin_array();
    for (const PackedInput& input : index.inputs) {
        writer.begin_object().member("dtype", input.dtype);
        write_shape(writer, input.shape);
        writer.end_object();
    }
    writer.end_array().key("expected").begin_array();
    for (const ExpectedOutput& expected : index.expected) {
        writer.begin_object().member("seed", expected.seed);
        writer.member("digest", expected.digest).end_object();
    }
    writer.end_array().key("layers").begin_array();
    for (const PackedLayer& layer : index.layers) write_layer(writer, layer, index.layers);
    writer.end_array().end_object();
    return writer.str();
}

void check_model_fits(const PackIndex& index, const std::string& index_path,
                      const Document& model_document, const Model& model) {
    Fields fields(Field::root(model_document));
    const Field layers = fields.required("layers");
    const Fit fit(index_path);
    fit.check(model.name() == index.model, fields.required("name"), "model",
              in_quotes(index.model));
    fit.check(model.unit_count() == index.layers.size(), layers, "layers:", index.layers.size());
    for (const UnitId unit : model.whole())
        fit.check_unit(layers.item(model.layer_of(unit).index), model, unit,
                       index.layers[unit.index]);
    const IdVector<LayerId, Bytes> windows = windows_of_tables(model);
    for (const LayerId table : windows.ids())
        if (windows[table].count > 0)
            fit.check_table(layers.item(table.index), index.layers[model.units_of(table).first],
                            windows[table]);
}

}  // namespace swaplab
