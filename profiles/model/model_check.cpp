#include "profiles/model/model_check.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <unordered_set>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/model/sharing.h"

namespace swaplab {
namespace {

// An edge leads from what is read to its reader. Vertices 0..n-1 are the layers, vertex n is the
// input of the model.
using Consumers = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

Consumers consumers_of(const std::vector<Layer>& layers) {
    Consumers consumers(layers.size() + 1);
    for (std::size_t reader = 0; reader < layers.size(); ++reader) {
        for (const Source& source : layers[reader].inputs) {
            boost::add_edge(source ? source->index : layers.size(), reader, consumers);
        }
    }
    return consumers;
}

// " reads a reads b ..." from `later` back to `reader`, along what each reads; empty if `later`
// does not depend on `reader`.
std::string cycle_through(const std::vector<Layer>& layers, std::size_t reader, std::size_t later) {
    const Consumers consumers = consumers_of(layers);
    const std::size_t unreached = num_vertices(consumers);
    std::vector<std::size_t> reads(unreached, unreached);
    boost::breadth_first_search(consumers, reader,
                                boost::visitor(boost::make_bfs_visitor(boost::record_predecessors(
                                    reads.data(), boost::on_tree_edge()))));
    if (reads[later] == unreached) return "";
    std::string way;
    for (std::size_t layer = later; layer != reader; layer = reads[layer]) {
        way += " reads " + in_quotes(layers[layer].name);
    }
    return way + " reads " + in_quotes(layers[reader].name);
}

[[noreturn]] void fail(const Layer& layer, const std::string& message) {
    throw InputError(text("layer {}: {}", in_quotes(layer.name), message));
}

void check_names(const ModelSpec& spec) {
    if (spec.name.empty()) throw InputError("a model needs a name");
    if (spec.layers.empty()) throw InputError("expected at least one layer, found none");
    std::unordered_set<std::string_view> names;
    for (const Layer& layer : spec.layers) {
        if (layer.name.empty()) throw InputError(text("layer {} has no name", names.size()));
        if (layer.name == "input")
            fail(layer, "'input' is the input of the model, not a layer's name");
        if (!names.insert(layer.name).second) fail(layer, "two layers have this name");
    }
}

void check_generation(const ModelSpec& spec) {
    for (const auto& [what, count] :
         {std::pair{"tokens", spec.tokens}, std::pair{"prompt_tokens", spec.prompt_tokens}}) {
        if (count < 0 || count > kMostTokens)
            throw InputError(text("{}: expected 0 to {}, found {}", what, kMostTokens, count));
    }
}

void check_not_negative(const Layer& layer) {
    const std::pair<std::string_view, std::int64_t> sizes[] = {
        {"parameter_bytes", layer.parameter_bytes.count},
        {"parameter_tensors", layer.parameter_tensors},
        {"macs", layer.macs},
        {"other_ops", layer.other_ops},
        {"output_bytes", layer.output_bytes.count},
        {"workspace_bytes", layer.workspace_bytes.count},
        {"stored_bytes", layer.bytes_on_storage().count},
        {"execute_ns", layer.execute ? count_ns(*layer.execute) : 0},
        {"kv_bytes_per_token", layer.kv_bytes_per_token.count},
        {"gemm", layer.gemm ? *std::ranges::min_element(*layer.gemm) : 0},
    };
    for (const auto& [what, size] : sizes) {
        if (size < 0) fail(layer, text("{}: expected at least 0, found {}", what, size));
    }
    if (layer.slices < 1) fail(layer, text("slices: expected at least 1, found {}", layer.slices));
}

void check_division(const std::vector<Layer>& layers) {
    std::int64_t total = 0;
    for (const Layer& layer : layers) {
        const std::int64_t most = most_units_of(layer);
        if (layer.units > 1 && (layer.gathers() || !layer.shares.empty()))
            fail(layer, "units: a layer that shares parameters or gathers rows is not divided");
        if (layer.units < 1 || layer.units > most)
            fail(layer, text("units: expected 1 to {}, found {}", most, layer.units));
        total += layer.units;
        if (total > kMostUnits) throw InputError(text("a model of more than {} units", kMostUnits));
    }
}

void check_sharing(const ModelSpec& spec) {
    for (std::uint32_t l = 0; l < spec.layers.size(); ++l)
        if (const auto fault = sharing_fault(spec, l))
            fail(spec.layers[l], text("{}: {}", fault->key, fault->message));
}

void check_known(const std::vector<Layer>& layers) {
    for (const Layer& layer : layers) {
        for (const Source& source : layer.inputs) {
            if (!source || source->index < layers.size()) continue;
            fail(layer, text("reads layer {} of {} layers", source->index, layers.size()));
        }
    }
}

[[noreturn]] void fail_order(const std::vector<Layer>& layers, std::size_t reader,
                             std::size_t later) {
    const std::string name = in_quotes(layers[reader].name);
    if (later == reader) fail(layers[reader], "reads itself");
    const std::string cycle = cycle_through(layers, reader, later);
    fail(layers[reader], text("reads the later layer {}: layers stand in execution order{}",
                              in_quotes(layers[later].name),
                              cycle.empty() ? "" : "; they form a cycle: " + name + cycle));
}

void check_order(const std::vector<Layer>& layers) {
    check_known(layers);
    for (std::size_t reader = 0; reader < layers.size(); ++reader) {
        for (const Source& source : layers[reader].inputs) {
            if (source && source->index >= reader) fail_order(layers, reader, source->index);
        }
    }
}

class Total {
  public:
    explicit Total(std::string_view what) : what_(what) {}
    void add(std::int64_t amount, std::int64_t times = 1) {
        if (amount > (kMostInTotal - sum_) / times) {
            throw InputError(text("the {} of all layers add up to more than 2^60", what_));
        }
        sum_ += amount * times;
    }
    std::int64_t sum() const { return sum_; }

  private:
    std::string_view what_;
    std::int64_t sum_ = 0;
};

std::int64_t total(const std::vector<Layer>& layers, std::string_view what,
                   std::int64_t (*of)(const Layer&)) {
    Total sum(what);
    for (const Layer& layer : layers) sum.add(of(layer));
    return sum.sum();
}

// Costs count every tensor in each unit, so it is bounded as often.
std::int64_t total_tensors(const std::vector<Layer>& layers) {
    Total counted("parameter tensors");
    std::int64_t tensors = 0;
    for (const Layer& layer : layers) {
        counted.add(layer.parameter_tensors, layer.units);
        tensors += layer.parameter_tensors;
    }
    return tensors;
}

std::int64_t total_flops(const std::vector<Layer>& layers) {
    Total sum("FLOPs");
    for (const Layer& layer : layers) {
        sum.add(layer.macs);
        sum.add(layer.macs);
        sum.add(layer.other_ops);
    }
    return sum.sum();
}

// What executions read of parameters: each sharer reads what it shares again.
void check_touched(const ModelSpec& spec) {
    Total touched("touched bytes");
    Total windows("bytes of the rows");
    for (const Layer& layer : spec.layers) {
        touched.add(layer.touched_bytes.value_or(layer.parameter_bytes).count);
        for (const LayerId owner : layer.shares)
            touched.add(touched_whole(spec.layers[owner.index]).count);
        if (!layer.gathers()) continue;
        const Layer& table = layer.shares.empty() ? layer : spec.layers[layer.shares[0].index];
        windows.add(window_of_row({table.parameter_bytes.count / layer.rows}).count,
                    rows_described(layer, spec));
    }
}

// What the KV cache holds at the end of a request; the last token is not fed back.
Bytes kv_cache_of(const ModelSpec& spec) {
    const std::int64_t per_token = total(spec.layers, "kv_bytes_per_token",
                                         [](const Layer& l) { return l.kv_bytes_per_token.count; });
    if (spec.tokens == 0) return {};
    const std::int64_t kept = spec.prompt_tokens + spec.tokens - 1;
    if (per_token > kMostInTotal / kept)
        throw InputError("the KV cache of a request takes more than 2^60 bytes");
    return {per_token * kept};
}

// The total bounds what all units together read and write, and whatever is alive at any moment.
void check_activations(const ModelSpec& spec) {
    Total sum("activation and workspace bytes");
    for (const Layer& layer : spec.layers) {
        for (const Source& source : layer.inputs) {
            const Bytes read = source ? spec.layers[source->index].output_bytes : spec.input_bytes;
            sum.add(read.count, layer.units);
        }
        sum.add(layer.output_bytes.count);
        sum.add(layer.workspace_bytes.count);
    }
}

}  // namespace

void check_model(const ModelSpec& spec) {
    check_names(spec);
    if (spec.input_bytes.count < 0)
        throw InputError(
            text("input_bytes: expected at least 0, found {}", spec.input_bytes.count));
    check_generation(spec);
    for (const Layer& layer : spec.layers) check_not_negative(layer);
    check_division(spec.layers);
    check_order(spec.layers);
    check_sharing(spec);
}

ModelTotals checked_totals(const ModelSpec& spec) {
    const std::vector<Layer>& layers = spec.layers;
    ModelTotals totals;
    totals.parameter_bytes = {
        total(layers, "parameter bytes", [](const Layer& l) { return l.parameter_bytes.count; })};
    totals.parameter_tensors = total_tensors(layers);
    total(layers, "bytes on storage", [](const Layer& l) { return l.bytes_on_storage().count; });
    totals.kv_cache_bytes = kv_cache_of(spec);
    totals.flops = total_flops(layers);
    totals.macs = total(layers, "macs", [](const Layer& l) { return l.macs; });
    check_activations(spec);
    check_touched(spec);
    return totals;
}

}  // namespace swaplab
