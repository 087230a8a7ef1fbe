// A DNN as swap scheduling sees it: layers in execution order, what each weighs and what it reads.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/base/id_vector.h"
#include "profiles/base/units.h"
#include "profiles/document/extras.h"
#include "profiles/model/unit.h"

namespace swaplab {

// Execution is linear per op class, not per layer: one line for all layers misses unseen models by
// 40-60 % on measured boards, a line per op class by 17 % (SEMANTICS: Costs).
enum class OpClass : std::uint8_t {
    conv2d,
    depthwise,
    linear,
    matmul,
    attention,
    norm,
    embedding,
    elementwise,
    pool,
    other
};
inline constexpr std::size_t kOpClasses = 10;
std::string_view name_of(OpClass op);
std::optional<OpClass> op_class_named(std::string_view name);
std::vector<std::string> op_class_names();

// What a layer reads: the output of an earlier layer, or (nullopt) the input of the model.
using Source = std::optional<LayerId>;

struct Layer {
    std::string name;
    OpClass op = OpClass::other;
    std::vector<Source> inputs;
    Bytes parameter_bytes;
    std::int64_t parameter_tensors = 0;
    std::int64_t macs = 0;
    std::int64_t other_ops = 0;
    Bytes output_bytes;
    Bytes workspace_bytes;
    std::optional<Duration> execute;    // measured; holds on the device `Model::measured_on`
    std::optional<Bytes> stored_bytes;  // on storage, where it differs from parameter_bytes
    std::string group;                  // neighbours of one non-empty group are never separated
    std::int64_t units = 1;             // how many equal parts it is divided into
    std::int64_t slices = 1;            // how many slices it may be cut into
    std::string slice_axis;             // along what
    std::optional<std::array<std::int64_t, 3>> gemm;  // M, K, N
    Bytes kv_bytes_per_token;
    std::vector<LayerId> shares;         // earlier layers whose parameters it uses, too
    std::optional<Bytes> touched_bytes;  // that a pass reads of its own; absent: all, or the rows
    std::int64_t rows = 0;               // of the table that it gathers from; 0: it gathers nothing
    std::optional<std::int64_t> rows_touched;  // in the pass that the layers describe

    std::int64_t flops() const { return 2 * macs + other_ops; }
    bool gathers() const { return rows > 0; }
    Bytes bytes_on_storage() const { return stored_bytes.value_or(parameter_bytes); }

    friend bool operator==(const Layer&, const Layer&) = default;
};

// Layers of a group are not divided, and every part has parameters, in memory and on storage, if
// its layer has.
std::int64_t most_units_of(const Layer& layer);

// The most that one kind of count (parameter bytes, activations, FLOPs, …) may add up to over all
// layers: later code multiplies sums by the few copies that a swap path holds and must not
// overflow.
inline constexpr std::int64_t kMostInTotal = std::int64_t{1} << 60;

// The longest prompt, and the most tokens that a request generates.
inline constexpr std::int64_t kMostTokens = std::int64_t{1} << 20;

// The plain content of a model, before it is checked.
struct ModelSpec {
    std::string name;
    std::string source;
    std::string dtype = "float32";
    Bytes input_bytes;
    std::vector<Layer> layers;
    std::map<std::string, Duration> anchors;  // "DEVICE[:mode=NAME]" -> whole-model execution
    std::string measured_on;
    std::int64_t tokens = 0;         // that a request generates; 0: not a generative model
    std::int64_t prompt_tokens = 0;  // that the layers describe the pass over; 0: one
    Extras extras;                   // `x-` members of the file it came from

    friend bool operator==(const ModelSpec&, const ModelSpec&) = default;
};

// Memory that execution needs besides parameters.
struct ActivationPeak {
    Bytes activations;  // tensors alive: live-in and produced inside
    Bytes workspace;
    Bytes total() const { return activations + workspace; }
};

// Immutable. Holds the layers by value; safe to share between simulations.
class Model {
  public:
    // Throws `InputError` (without a position; the file reader checks with positions before) if
    // there is no layer, a name is empty, repeated or `input`, a size is negative, a total
    // overflows, a layer is divided that cannot be, or reads itself or a later layer (a cycle is
    // named as such, found with Boost.Graph).
    explicit Model(ModelSpec spec);

    const std::string& name() const { return spec_.name; }
    const ModelSpec& spec() const { return spec_; }
    std::span<const Layer> layers() const { return spec_.layers; }
    std::uint32_t layer_count() const { return static_cast<std::uint32_t>(spec_.layers.size()); }
    const Layer& layer(LayerId id) const { return spec_.layers[id.index]; }

    // Its units, in execution order: of each layer as many as it is divided into.
    std::uint32_t unit_count() const { return static_cast<std::uint32_t>(layer_of_.size()); }
    UnitRange whole() const { return {0, unit_count()}; }
    LayerId layer_of(UnitId unit) const { return layer_of_[unit]; }
    UnitRange units_of(LayerId layer) const;
    LayerPart part_of(UnitId unit) const;
    Unit unit(UnitId unit) const;
    // The first layer that has several units; nothing if none has.
    const Layer* divided_layer() const;
    // "conv1", and "conv1[2/4]" of a divided layer; of several units "conv1..fc6".
    std::string name_of(UnitId unit) const;
    std::string name_of(UnitRange units) const;

    Bytes parameter_bytes() const { return parameter_bytes_; }
    std::int64_t parameter_tensors() const { return parameter_tensors_; }  // each once
    std::int64_t macs() const { return macs_; }
    std::int64_t flops() const { return flops_; }

    // Whether no layer shares others' parameters or gathers rows of a table: then a block brings
    // its own layers' parameters, whole.
    bool brings_plainly() const { return brings_plainly_; }
    // Of a layer that gathers: the layer that the table belongs to (itself, or what it shares), and
    // the rows that a pass over so many tokens touches, at least one.
    LayerId table_of(LayerId layer) const;
    std::int64_t rows_touched(LayerId layer, std::int64_t tokens) const;
    // What a row takes where the table comes in by rows: the most pages that it can lie in.
    Bytes window_bytes(LayerId layer) const;
    // What the unit's execution reads of parameters, those that it shares included, in a pass over
    // so many tokens.
    Bytes touched_bytes(UnitId unit, std::int64_t tokens) const;
    // Tokens of the pass that the layers describe, at least one.
    std::int64_t described_tokens() const { return std::max<std::int64_t>(1, spec_.prompt_tokens); }

    // How often a request walks through the layers. A generative model's first pass, over the
    // prompt, yields the first token; every further token takes a pass of its own.
    std::int64_t passes() const { return std::max<std::int64_t>(1, spec_.tokens); }
    // What the KV cache holds at the end of a request.
    Bytes kv_cache_bytes() const { return kv_cache_bytes_; }

    // The finest blocks: maximal runs of layers of one group, else single units, in execution
    // order; they partition the model. A cut is legal exactly at their borders.
    std::span<const UnitRange> finest_blocks() const { return finest_blocks_; }

    // Bytes alive between unit `cut`-1 and unit `cut`: outputs of earlier units (and the input)
    // that a later one reads, and outputs nobody reads (results of the model). Within a layer its
    // inputs are alive, and the whole of its output. 0 at both ends of the model.
    Bytes live_across(std::uint32_t cut) const { return live_across_[cut]; }

    // max over units j of the range of: alive before j + output of j (of a layer's first unit) +
    // workspace of j (liveness analysis; the split is that of the unit where the maximum is
    // reached).
    ActivationPeak activation_peak(UnitRange range) const;

    Bytes kv_bytes_per_token(UnitId unit) const {
        return part_of(unit).is_last() ? layer(layer_of(unit)).kv_bytes_per_token : Bytes{};
    }

  private:
    void divide();
    Bytes read_by(const Layer& layer) const;
    void find_live_bytes();

    ModelSpec spec_;
    IdVector<UnitId, LayerId> layer_of_;
    IdVector<LayerId, std::uint32_t> first_unit_;
    std::vector<UnitRange> finest_blocks_;
    std::vector<Bytes> live_across_;  // by cut
    IdVector<UnitId, ActivationPeak> peaks_;
    Bytes parameter_bytes_;
    std::int64_t parameter_tensors_ = 0;
    std::int64_t macs_ = 0;
    std::int64_t flops_ = 0;
    Bytes kv_cache_bytes_;
    bool brings_plainly_ = true;
};

using ModelPtr = std::shared_ptr<const Model>;

// For what knows whole layers only, and is named to people ("backend 'cpu'"). Throws
// `UnsupportedError` naming the first layer that is divided.
void require_whole_layers(const Model& model, std::string_view what);

}  // namespace swaplab
