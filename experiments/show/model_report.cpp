#include "experiments/show/model_report.h"

#include <algorithm>
#include <numeric>

#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "experiments/text/table.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// What the file says of its layers that nothing acts on in this version.
std::string not_used_yet(const ModelSpec& spec) {
    const auto sliced = std::ranges::count_if(spec.layers, [](const Layer& layer) {
        return layer.slices != 1 || !layer.slice_axis.empty();
    });
    const auto sized = std::ranges::count_if(
        spec.layers, [](const Layer& layer) { return layer.gemm.has_value(); });
    std::vector<std::string> unused;
    if (sliced > 0) unused.push_back(text("slices of {}", plural(sliced, "layer")));
    if (sized > 0) unused.push_back(text("gemm of {}", plural(sized, "layer")));
    return join(unused, ", ");
}

// "2 layers, into 8 units"; nothing where every layer is one unit.
std::string divided_layers(const Model& model) {
    std::int64_t layers = 0;
    std::int64_t units = 0;
    for (const Layer& layer : model.layers()) {
        if (layer.units == 1) continue;
        ++layers;
        units += layer.units;
    }
    return layers == 0 ? "" : text("{}, into {} units", plural(layers, "layer"), units);
}

// "1 layer shares parameters, 2 gather rows of tables"; nothing where none does.
std::string shared_parameters(const Model& model) {
    const auto sharing = std::ranges::count_if(
        model.layers(), [](const Layer& layer) { return !layer.shares.empty(); });
    const auto gathering = std::ranges::count_if(model.layers(), &Layer::gathers);
    std::vector<std::string> parts;
    if (sharing > 0)
        parts.push_back(text("{} earlier ones' parameters",
                             sharing == 1 ? "1 layer uses" : text("{} layers use", sharing)));
    if (gathering > 0)
        parts.push_back(text("{} rows of a table", gathering == 1
                                                       ? "1 layer gathers"
                                                       : text("{} layers gather", gathering)));
    return join(parts, ", ");
}

std::string totals(const Model& model) {
    const ModelSpec& spec = model.spec();
    TextTable table;
    table.add_column({}, Align::left);
    table.add_column({}, Align::left);
    table.add_row({"source", spec.source.empty() ? "not given" : spec.source});
    table.add_row({"dtype", spec.dtype});
    table.add_row({"layers", text("{}, in {} units between which a cut is legal",
                                  model.layer_count(), model.finest_blocks().size())});
    if (const std::string divided = divided_layers(model); !divided.empty())
        table.add_row({"divided", divided});
    table.add_row(
        {"parameters", text("{} ({} bytes) in {} tensors", format_bytes(model.parameter_bytes()),
                            model.parameter_bytes().count, model.parameter_tensors())});
    if (const std::string shared = shared_parameters(model); !shared.empty())
        table.add_row({"shared", shared});
    table.add_row({"FLOPs", text("{:.3f} G = 2 * MACs + other operations ({:.3f} G MACs)",
                                 static_cast<double>(model.flops()) / 1e9,
                                 static_cast<double>(model.macs()) / 1e9)});
    table.add_row({"input", format_bytes(spec.input_bytes)});
    if (spec.tokens > 0)
        table.add_row(
            {"generates", text("{} after a prompt of {}, a pass each; a KV cache of {} at the end",
                               plural(spec.tokens, "token"), spec.prompt_tokens,
                               format_bytes(model.kv_cache_bytes()))});
    for (const auto& [device, duration] : spec.anchors)
        table.add_row(
            {"measured", text("{} on {} (whole model)", format_duration(duration), device)});
    if (!spec.measured_on.empty()) table.add_row({"layers timed on", spec.measured_on});
    if (const std::string unused = not_used_yet(spec); !unused.empty())
        table.add_row({"unused yet", unused});
    return table.str(2);
}

std::string activation_line(const Model& model) {
    const ActivationPeak peak = model.activation_peak(model.whole());
    Bytes live;
    for (std::uint32_t cut = 1; cut < model.unit_count(); ++cut)
        live = std::max(live, model.live_across(cut));
    return wrap(text("Activations need up to {} ({} tensors + {} workspace); up to {} stay alive "
                     "across a cut.",
                     format_bytes(peak.total()), format_bytes(peak.activations),
                     format_bytes(peak.workspace), format_bytes(live)),
                90) +
           '\n';
}

std::string largest_layers(const Model& model) {
    constexpr std::size_t shown = 5;
    std::vector<std::uint32_t> order(model.layer_count());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return model.layer({a}).parameter_bytes > model.layer({b}).parameter_bytes;
    });
    TextTable table;
    table.add_column({}, Align::left);
    table.add_column({});
    table.add_column({});
    for (std::size_t i = 0; i < std::min<std::size_t>(shown, order.size()); ++i) {
        const Layer& layer = model.layer({order[i]});
        table.add_row({layer.name, format_bytes(layer.parameter_bytes),
                       percent(share(layer.parameter_bytes, model.parameter_bytes()))});
    }
    return "Largest layers\n" + table.str(2);
}

// "wte", "fc (4 units)", "head (shares wte)", "wte (64 of 50257 rows)".
std::string layer_name(const Model& model, LayerId id) {
    const Layer& layer = model.layer(id);
    std::vector<std::string> parts;
    if (layer.units > 1) parts.push_back(text("{} units", layer.units));
    std::vector<std::string> owners;
    for (const LayerId owner : layer.shares) owners.push_back(model.layer(owner).name);
    if (!owners.empty()) parts.push_back(text("shares {}", join(owners, ", ")));
    if (layer.gathers())
        parts.push_back(
            text("{} of {} rows", model.rows_touched(id, model.described_tokens()), layer.rows));
    return parts.empty() ? layer.name : text("{} ({})", layer.name, join(parts, ", "));
}

std::vector<std::string> layer_row(const Model& model, std::uint32_t i) {
    const Layer& layer = model.layer({i});
    return {text("{}", i + 1),
            layer_name(model, {i}),
            std::string(name_of(layer.op)),
            format_bytes(layer.parameter_bytes),
            text("{}", layer.parameter_tensors),
            significant(static_cast<double>(layer.flops()) / 1e6),
            format_bytes(layer.output_bytes),
            format_bytes(model.live_across(model.units_of({i}).last))};
}

std::string layer_table(const Model& model, bool all) {
    constexpr std::uint32_t head = 12;
    constexpr std::uint32_t tail = 6;
    TextTable table;
    table.add_column({"#"});
    table.add_column({"layer"}, Align::left);
    table.add_column({"op"}, Align::left);
    for (const char* heading : {"parameters", "tensors", "MFLOP", "output", "live after"})
        table.add_column({heading});
    const bool shorten = !all && model.layer_count() > head + tail + 1;
    for (std::uint32_t i = 0; i < model.layer_count(); ++i) {
        if (shorten && i == head)
            table.add_row(
                {"...", text("({} more, --all shows them)", model.layer_count() - head - tail)});
        if (shorten && i >= head && i < model.layer_count() - tail) continue;
        table.add_row(layer_row(model, i));
    }
    return table.str(2);
}

}  // namespace

std::string model_report(const Model& model, bool all) {
    return text("{}\n\n{}\n{}\n{}\nLayers\n{}", model.name(), totals(model), activation_line(model),
                largest_layers(model), layer_table(model, all));
}

}  // namespace swaplab
