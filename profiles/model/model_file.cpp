#include "profiles/model/model_file.h"

#include <algorithm>

#include "profiles/base/hash.h"
#include "profiles/base/text.h"
#include "profiles/document/extras.h"
#include "profiles/document/file_values.h"
#include "profiles/model/layer_names.h"
#include "profiles/model/sharing.h"

namespace swaplab {
namespace {

constexpr std::string_view kSchema = "swaplab/model/1";
constexpr std::string_view kDtypes[] = {"float64", "float32", "float16", "bfloat16",
                                        "int32",   "int16",   "int8",    "uint8"};

// The sums that `Model` insists on, checked here to name the layer at which one passes 63 bits.
class Totals {
  public:
    void add(const Layer& layer, const Field& field, const ModelSpec& spec) {
        units_ += layer.units;
        if (units_ > kMostUnits)
            field.fail(text("the layers up to this one have more than {} units", kMostUnits));
        add(parameters_, layer.parameter_bytes.count, field, "parameter_bytes");
        add(stored_, layer.bytes_on_storage().count, field, "stored_bytes");
        add(tensors_, layer.parameter_tensors, layer.units, field, "parameter_tensors");
        add(flops_, layer.macs, field, "FLOPs");
        add(flops_, layer.macs, field, "FLOPs");
        add(flops_, layer.other_ops, field, "FLOPs");
        add(kv_, layer.kv_bytes_per_token.count, field, "kv_bytes_per_token");
        add(activations_, layer.output_bytes.count, field, kActivations);
        add(activations_, layer.workspace_bytes.count, field, kActivations);
        for (const Source& source : layer.inputs) {
            const Bytes read = source ? spec.layers[source->index].output_bytes : spec.input_bytes;
            add(activations_, read.count, layer.units, field, kActivations);
        }
    }

  private:
    static constexpr std::string_view kActivations = "activation and workspace bytes";

    static void add(std::int64_t& total, std::int64_t amount, const Field& field,
                    std::string_view what) {
        add(total, amount, 1, field, what);
    }
    // An amount that each of so many units has.
    static void add(std::int64_t& total, std::int64_t amount, std::int64_t times,
                    const Field& field, std::string_view what) {
        if (amount > (kMostInTotal - total) / times)
            field.fail(text("the {} of the layers up to this one add up to more than 2^60", what));
        total += amount * times;
    }

    std::int64_t units_ = 0;
    std::int64_t parameters_ = 0;
    std::int64_t stored_ = 0;
    std::int64_t tensors_ = 0;
    std::int64_t flops_ = 0;
    std::int64_t kv_ = 0;
    std::int64_t activations_ = 0;
};

// A group that ended may not begin again: its layers would have to be one block with others
// between.
class Groups {
  public:
    void add(const std::string& group, const Field& field) {
        if (group == last_) return;
        last_ = group;
        if (group.empty()) return;
        const auto [known, is_new] = begun_.emplace(group, field.value().at.line);
        if (is_new) return;
        field.fail(
            text("group {} begins on line {} and other layers stand between: the layers of a "
                 "group must be neighbours",
                 in_quotes(group), known->second));
    }

  private:
    std::string last_;
    std::unordered_map<std::string, int> begun_;
};

OpClass read_op(const Field& field) {
    const std::string name = field.as_string();
    const auto op = op_class_named(name);
    if (!op)
        field.fail(
            text("unknown op class {}{}", in_quotes(name), suggestion(name, op_class_names())));
    return *op;
}

std::string read_dtype(const Field& field) {
    std::string name = field.as_string();
    if (std::ranges::find(kDtypes, name) == std::end(kDtypes)) {
        const std::vector<std::string> known(std::begin(kDtypes), std::end(kDtypes));
        field.fail(text("unknown dtype {}{}", in_quotes(name), suggestion(name, known)));
    }
    return name;
}

// Asked for last: what a layer may be divided into depends on what it is.
void read_units(const Field& field, Layer& layer) {
    layer.units = field.as_positive();
    const std::int64_t most = most_units_of(layer);
    if (layer.units <= most) return;
    if (layer.units > 1 && !layer.group.empty())
        field.fail(text("the layers of a group ({}) are not divided", in_quotes(layer.group)));
    if (layer.gathers() || !layer.shares.empty())
        field.fail("a layer that shares parameters or gathers rows is not divided");
    if (most < kMostUnitsOfLayer)
        field.fail(text("expected at most {}, one for each byte of the parameters, found {}", most,
                        layer.units));
    field.fail_expecting(text("at most {}", most));
}

void read_slices(const Field& field, Layer& layer) {
    if (field.value().kind != Value::Kind::object) {
        layer.slices = field.as_positive();
        return;
    }
    Fields fields(field);
    if (const auto count = fields.optional("count")) layer.slices = count->as_positive();
    layer.slice_axis = string_or(fields, "along", "");
    fields.finish();
}

std::array<std::int64_t, 3> read_gemm(const Field& field) {
    const std::vector<Field> sizes = field.as_array();
    if (sizes.size() != 3) field.fail(text("expected [M, K, N], found {} items", sizes.size()));
    return {sizes[0].as_positive(), sizes[1].as_positive(), sizes[2].as_positive()};
}

void check_parameters(const Layer& layer, const std::optional<Field>& tensors,
                      const std::optional<Field>& stored) {
    if (layer.parameter_bytes.count > 0) return;
    if (layer.parameter_tensors > 0)
        tensors->fail("parameter_tensors > 0, but parameter_bytes is 0");
    if (layer.bytes_on_storage().count > 0)
        stored->fail("stored_bytes > 0, but parameter_bytes is 0");
}

void read_sharing(Fields& fields, const LayerNames& names, std::uint32_t index, Layer& layer) {
    if (const auto shares = fields.optional("shares")) layer.shares = names.shared(index, *shares);
    if (const auto touched = fields.optional("touched_bytes"))
        layer.touched_bytes = Bytes{touched->as_count()};
    if (const auto rows = fields.optional("rows")) layer.rows = rows->as_positive();
    if (const auto touched = fields.optional("rows_touched"))
        layer.rows_touched = touched->as_positive();
}

// Of the layer that was read last.
void check_sharing(const ModelSpec& spec, const Field& field) {
    const auto last = static_cast<std::uint32_t>(spec.layers.size()) - 1;
    const auto fault = sharing_fault(spec, last);
    if (!fault) return;
    Fields fields(field);
    fields.optional(fault->key).value_or(field).fail(fault->message);
}

Layer read_layer(const LayerNames& names, std::uint32_t index, const ModelSpec& spec,
                 Groups& groups) {
    Fields fields(names.layers()[index]);
    Layer layer;
    layer.name = fields.required("name").as_string();
    if (const auto op = fields.optional("op")) layer.op = read_op(*op);
    layer.inputs = names.sources(index, fields.optional("inputs"));
    layer.parameter_bytes = {fields.required("parameter_bytes").as_count()};
    const auto tensors = fields.optional("parameter_tensors");
    if (tensors) layer.parameter_tensors = tensors->as_count();
    layer.macs = count_or(fields, "macs", 0);
    layer.other_ops = count_or(fields, "other_ops", 0);
    layer.output_bytes = {count_or(fields, "output_bytes", 0)};
    layer.workspace_bytes = {count_or(fields, "workspace_bytes", 0)};
    if (const auto measured = fields.optional("execute_ns")) {
        if (spec.measured_on.empty())
            measured->fail("needs the file's measured_on, which is missing");
        layer.execute = read_duration(*measured);
    }
    const auto stored = fields.optional("stored_bytes");
    if (stored) layer.stored_bytes = Bytes{stored->as_count()};
    if (const auto group = fields.optional("group")) layer.group = read_name(*group);
    read_sharing(fields, names, index, layer);
    if (const auto units = fields.optional("units")) read_units(*units, layer);
    if (const auto slices = fields.optional("slices")) read_slices(*slices, layer);
    if (const auto gemm = fields.optional("gemm")) layer.gemm = read_gemm(*gemm);
    layer.kv_bytes_per_token = {count_or(fields, "kv_bytes_per_token", 0)};
    fields.finish();
    check_parameters(layer, tensors, stored);
    groups.add(layer.group, names.layers()[index]);
    return layer;
}

std::map<std::string, Duration> read_anchors(const Field& field) {
    std::map<std::string, Duration> anchors;
    Fields fields(field);
    for (const auto& [device, time] : fields.rest()) {
        const std::size_t colon = device.find(':');
        const std::string_view mode =
            colon == std::string::npos ? "" : std::string_view(device).substr(colon);
        const bool well_formed = colon != 0 && !device.empty() &&
                                 (mode.empty() || (mode.starts_with(":mode=") && mode.size() > 6));
        if (!well_formed) time.fail_at_key("expected a key DEVICE or DEVICE:mode=NAME");
        anchors[device] = nanoseconds(time.as_positive());
        if (anchors[device] >= kLongestModel) time.fail_expecting("less than 2^53 ns (104 days)");
    }
    return anchors;
}

std::vector<Field> layer_fields(const Field& field) {
    std::vector<Field> layers = field.as_array();
    if (layers.empty()) field.fail("expected at least one layer");
    return layers;
}

void write_sharing(JsonWriter& writer, const Model& model, const Layer& layer) {
    if (!layer.shares.empty()) {
        writer.key("shares").begin_array();
        for (const LayerId owner : layer.shares) writer.value(model.layer(owner).name);
        writer.end_array();
    }
    if (layer.touched_bytes) writer.member("touched_bytes", layer.touched_bytes->count);
    if (layer.rows > 0) writer.member("rows", layer.rows);
    if (layer.rows_touched) writer.member("rows_touched", *layer.rows_touched);
}

void write_layer(JsonWriter& writer, const Model& model, const Layer& layer) {
    writer.begin_object().member("name", layer.name).member("op", name_of(layer.op));
    writer.key("inputs").begin_array();
    for (const Source& source : layer.inputs)
        writer.value(source ? model.layer(*source).name : "input");
    writer.end_array();
    writer.member("parameter_bytes", layer.parameter_bytes.count);
    writer.member("parameter_tensors", layer.parameter_tensors);
    writer.member("macs", layer.macs).member("other_ops", layer.other_ops);
    writer.member("output_bytes", layer.output_bytes.count);
    writer.member("workspace_bytes", layer.workspace_bytes.count);
    if (layer.execute) writer.member("execute_ns", count_ns(*layer.execute));
    if (layer.stored_bytes) writer.member("stored_bytes", layer.stored_bytes->count);
    if (!layer.group.empty()) writer.member("group", layer.group);
    if (layer.units != 1) writer.member("units", layer.units);
    if (layer.slices != 1 || !layer.slice_axis.empty()) {
        writer.key("slices").begin_object().member("count", layer.slices);
        if (!layer.slice_axis.empty()) writer.member("along", layer.slice_axis);
        writer.end_object();
    }
    if (layer.gemm) {
        writer.key("gemm").begin_array();
        for (const std::int64_t size : *layer.gemm) writer.value(size);
        writer.end_array();
    }
    if (layer.kv_bytes_per_token.count > 0) {
        writer.member("kv_bytes_per_token", layer.kv_bytes_per_token.count);
    }
    write_sharing(writer, model, layer);
    writer.end_object();
}

// Without `prompt_tokens` the layers describe the pass of one token.
void read_generation(Fields& fields, ModelSpec& spec) {
    const auto at_most = [](const Field& field) {
        const std::int64_t count = field.as_count();
        if (count > kMostTokens) field.fail_expecting(text("at most {}", kMostTokens));
        return count;
    };
    if (const auto tokens = fields.optional("tokens")) spec.tokens = at_most(*tokens);
    if (const auto prompt = fields.optional("prompt_tokens")) spec.prompt_tokens = at_most(*prompt);
}

}  // namespace

Model read_model(const Document& document) {
    Fields fields(Field::root(document));
    check_schema(fields, kSchema);
    ModelSpec spec;
    spec.name = read_name(fields.required("name"));
    spec.source = string_or(fields, "source", "");
    if (const auto dtype = fields.optional("dtype")) spec.dtype = read_dtype(*dtype);
    spec.input_bytes = {count_or(fields, "input_bytes", 0)};
    if (const auto device = fields.optional("measured_on")) spec.measured_on = read_name(*device);
    if (const auto anchors = fields.optional("anchors")) spec.anchors = read_anchors(*anchors);
    read_generation(fields, spec);
    const Field layers = fields.required("layers");
    fields.finish();

    const LayerNames names(layer_fields(layers));
    Totals totals;
    Groups groups;
    for (std::uint32_t i = 0; i < names.layers().size(); ++i) {
        spec.layers.push_back(read_layer(names, i, spec, groups));
        check_sharing(spec, names.layers()[i]);
        totals.add(spec.layers.back(), names.layers()[i], spec);
    }
    spec.extras = extras_of(document.root);
    return Model(std::move(spec));
}

Model load_model(const std::string& path) { return read_model(load_document(path)); }

std::string write_model(const Model& model) {
    const ModelSpec& spec = model.spec();
    JsonWriter writer;
    writer.begin_object().member("schema", kSchema).member("name", spec.name);
    if (!spec.source.empty()) writer.member("source", spec.source);
    writer.member("dtype", spec.dtype).member("input_bytes", spec.input_bytes.count);
    if (!spec.measured_on.empty()) writer.member("measured_on", spec.measured_on);
    if (!spec.anchors.empty()) {
        writer.key("anchors").begin_object();
        for (const auto& [device, time] : spec.anchors) writer.member(device, count_ns(time));
        writer.end_object();
    }
    if (spec.tokens > 0) writer.member("tokens", spec.tokens);
    if (spec.prompt_tokens > 0) writer.member("prompt_tokens", spec.prompt_tokens);
    writer.key("layers").begin_array();
    for (const Layer& layer : model.layers()) write_layer(writer, model, layer);
    writer.end_array().end_object();
    return with_extras(writer.str(), spec.extras);
}

std::string model_hash(const Model& model) { return hex_digest(write_model(model)); }

}  // namespace swaplab
