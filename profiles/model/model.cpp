#include "profiles/model/model.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <unordered_set>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr std::array<std::string_view, kOpClasses> kOpNames{
    "conv2d", "depthwise", "linear",      "matmul", "attention",
    "norm",   "embedding", "elementwise", "pool",   "other"};

// --- Who reads what -----------------------------------------------------------------------------

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

// The last layer that reads each vertex's output; absent where nobody does.
std::vector<std::optional<std::size_t>> last_readers(const Consumers& consumers) {
    std::vector<std::optional<std::size_t>> last(num_vertices(consumers));
    for (std::size_t vertex = 0; vertex < last.size(); ++vertex) {
        for (auto [reader, end] = adjacent_vertices(vertex, consumers); reader != end; ++reader) {
            last[vertex] = std::max(last[vertex], std::optional(*reader));
        }
    }
    return last;
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

// --- What makes a spec a model ------------------------------------------------------------------

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
    void add(std::int64_t amount) {
        if (amount > kMostInTotal - sum_) {
            throw InputError(text("the {} of all layers add up to more than 2^60", what_));
        }
        sum_ += amount;
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

std::int64_t total_flops(const std::vector<Layer>& layers) {
    Total sum("FLOPs");
    for (const Layer& layer : layers) {
        sum.add(layer.macs);
        sum.add(layer.macs);
        sum.add(layer.other_ops);
    }
    return sum.sum();
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

// Bytes that each layer reads and writes. The total bounds whatever is alive at any moment.
std::vector<Bytes> activation_bytes_of(const ModelSpec& spec) {
    Total sum("activation and workspace bytes");
    std::vector<Bytes> bytes;
    bytes.reserve(spec.layers.size());
    for (const Layer& layer : spec.layers) {
        const std::int64_t before = sum.sum();
        for (const Source& source : layer.inputs) {
            sum.add((source ? spec.layers[source->index].output_bytes : spec.input_bytes).count);
        }
        sum.add(layer.output_bytes.count);
        bytes.push_back({sum.sum() - before});
    }
    for (const Layer& layer : spec.layers) sum.add(layer.workspace_bytes.count);
    return bytes;
}

std::vector<UnitRange> finest_blocks_of(const std::vector<Layer>& layers) {
    std::vector<UnitRange> blocks;
    for (std::uint32_t i = 0; i < layers.size(); ++i) {
        const bool joined =
            i > 0 && !layers[i].group.empty() && layers[i].group == layers[i - 1].group;
        if (joined) {
            blocks.back().last = i + 1;
        } else {
            blocks.push_back({i, i + 1});
        }
    }
    return blocks;
}

}  // namespace

std::string_view name_of(OpClass op) { return kOpNames[static_cast<std::size_t>(op)]; }

std::optional<OpClass> op_class_named(std::string_view name) {
    const auto found = std::ranges::find(kOpNames, name);
    if (found == kOpNames.end()) return std::nullopt;
    return static_cast<OpClass>(found - kOpNames.begin());
}

std::vector<std::string> op_class_names() { return {kOpNames.begin(), kOpNames.end()}; }

Model::Model(ModelSpec spec) : spec_(std::move(spec)) {
    const std::vector<Layer>& layers = spec_.layers;
    check_names(spec_);
    if (spec_.input_bytes.count < 0) {
        throw InputError(
            text("input_bytes: expected at least 0, found {}", spec_.input_bytes.count));
    }
    check_generation(spec_);
    if (spec_.tokens > 0 && spec_.prompt_tokens == 0) spec_.prompt_tokens = 1;
    for (const Layer& layer : layers) check_not_negative(layer);
    check_order(layers);

    parameter_bytes_ = {
        total(layers, "parameter bytes", [](const Layer& l) { return l.parameter_bytes.count; })};
    parameter_tensors_ =
        total(layers, "parameter tensors", [](const Layer& l) { return l.parameter_tensors; });
    total(layers, "bytes on storage", [](const Layer& l) { return l.bytes_on_storage().count; });
    kv_cache_bytes_ = kv_cache_of(spec_);
    flops_ = total_flops(layers);
    macs_ = total(layers, "macs", [](const Layer& l) { return l.macs; });
    activation_bytes_ = activation_bytes_of(spec_);
    finest_blocks_ = finest_blocks_of(layers);
    find_live_bytes();
}

std::string Model::name_of(UnitRange units) const {
    const std::string first = name_of(UnitId{units.first});
    return units.size() == 1 ? first : first + ".." + name_of(UnitId{units.last - 1});
}

// A result of the model, an output that nobody reads, stays alive to the end of the request.
void Model::find_live_bytes() {
    const std::vector<Layer>& layers = spec_.layers;
    const auto last_reader = last_readers(consumers_of(layers));
    std::vector<Bytes> last_read_by(layers.size());  // bytes that die with each layer
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (last_reader[i]) last_read_by[*last_reader[i]] += layers[i].output_bytes;
    }
    Bytes alive;
    if (const auto last = last_reader[layers.size()]) {
        alive = spec_.input_bytes;
        last_read_by[*last] += spec_.input_bytes;
    }
    live_across_.push_back({});
    for (std::size_t i = 0; i < layers.size(); ++i) {
        alive += layers[i].output_bytes;
        peaks_.push_back({alive, layers[i].workspace_bytes});
        alive -= last_read_by[i];
        live_across_.push_back(alive);
    }
    live_across_.back() = {};
}

ActivationPeak Model::activation_peak(UnitRange range) const {
    ActivationPeak peak;
    for (const UnitId unit : range)
        if (peaks_[unit].total() > peak.total()) peak = peaks_[unit];
    return peak;
}

}  // namespace swaplab
