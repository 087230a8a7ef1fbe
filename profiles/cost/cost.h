// What the activities of a block cost: one model on one node, in the node's mode.
#pragma once

#include <span>
#include <vector>

#include "profiles/device/platform.h"
#include "profiles/model/model.h"

namespace swaplab {

// What a linear cost counts.
struct Features {
    Bytes bytes;  // parameter bytes; for reads, bytes on storage
    std::int64_t tensors = 0;
    std::int64_t layers = 0;
    std::int64_t flops = 0;
    Bytes activation_bytes;
};

// What a read brings from storage, in how many requests.
struct Reading {
    Bytes bytes;
    std::int64_t requests = 0;
    // Of a device whose reads go by a table: those of the bytes that come in by rows, and what the
    // table makes of them.
    Bytes by_rows{};
    double rows_ns = 0;
};
// ceil(bytes / request_bytes): one without request_bytes, none for 0 bytes.
std::int64_t requests_of(const LinearCost& cost, Bytes bytes);

// Unrounded ns. `per_block` is included once; requests are ceil(bytes / request_bytes) (one request
// without request_bytes, none for 0 bytes).
double cost_ns(const LinearCost& cost, const Features& features);
// With other bytes than those of the features.
double cost_ns(const LinearCost& cost, const Features& features, Bytes bytes);
// With the bytes and the requests of a read.
double cost_ns(const LinearCost& cost, const Features& features, const Reading& reading);
// All terms but those of blocks and requests.
double linear_cost_ns(const LinearCost& cost, const Features& features, Bytes bytes);

// What a unit takes in the pass of one token, at a context of c tokens (those of the prompt and
// all generated so far, this one included): ns + c·per_context_ns. Ours: every layer does one
// prompt token's share of its work; attention instead meets c keys (its work over the prompt grows
// with the square of it), and reads c tokens of its KV cache. Parameters are read once a pass, so
// what bytes, tensors and layers cost is not shared.
struct DecodeCost {
    double ns = 0;
    double per_context_ns = 0;

    double at(double context) const { return ns + context * per_context_ns; }
    DecodeCost& operator+=(const DecodeCost& other);
};

// Mean, uncontended costs in unrounded ns (a `Duration` is made once per activity with
// `to_duration`). Modes multiply: read_scale reads, copy_scale copies, execute_scale execution;
// a mode with execute tables of its own uses those instead. Tables are chosen by the model's dtype.
// Execution of a unit is its measured time (of a part of a layer, `ns_per_layer` and a share of the
// rest) where the model was measured on this platform, else the line of its layer's op class; an
// anchor of the model for this platform (and mode) scales all lines so that the whole model as one
// block takes exactly the anchor (of a generative model: its prompt). The kind of memory makes
// activities longer (`MemoryKindRow::added`); modes do not change that.
//
// A request of a generative model is several passes (Model::passes); execution is then the mean
// over its passes, which is what planners decide with, and `prompt_ns` and `decode_cost` tell the
// passes apart.
class CostModel {
  public:
    // Borrows both; they must outlive this object.
    CostModel(const Model& model, const Platform& platform, NodeId node = {});

    const Model& model() const { return *model_; }
    const Node& node() const { return *node_; }

    // Of the block's own layers. What a block brings in may be other parameters: those that its
    // layers share, and rows of tables (profiles/cost/brought.h).
    Features features(UnitRange block) const;
    Bytes parameter_bytes(UnitRange block) const;
    Bytes stored_bytes(UnitRange block) const;
    // What the execution of a unit counts: of parameters the bytes that it touches.
    Features execute_features(UnitId unit) const;

    // What an activity takes: with what the kind of memory adds to it, and in the mode in force.
    // Of parameters, nothing where the block has none; `execute`: the sum over its units and
    // per_block.
    double ns(Activity activity, UnitRange block) const;
    // Likewise of an activity that is about parameters, for who has summed up the block already:
    // its features, and what a read of it brings.
    double ns(Activity activity, const Features& block, const Reading& reading) const;
    // The line of such an activity and what the mode multiplies it by; null where the kind of
    // memory adds to it, and of reads by a table. For who asks of very many blocks: ns is
    // cost_ns(line, block, bytes) * scale with what is read for `read`, else the bytes of the
    // parameters.
    const LinearCost* plain_line(Activity activity) const;
    // What of `ns` is paid once, whatever the block is.
    double per_block_ns(Activity activity) const;
    double scale_of(Activity activity) const;

    // What a read takes before it shares the storage with others.
    double first_byte_ns() const { return node_->read.first_byte_ns() * read_scale_; }

    double execute_unit_ns(UnitId unit) const { return unit_ns_[unit]; }
    double execute_per_block_ns() const { return execute_per_block_; }
    // The pass over the prompt, and those of one token.
    double prompt_unit_ns(UnitId unit) const {
        return prompt_ns_.empty() ? unit_ns_[unit] : prompt_ns_[unit];
    }
    // Over another prompt: that of `scaled`, the same model made for it (profiles/model/scaled.h).
    double prompt_unit_ns(UnitId unit, const Model& scaled) const;
    DecodeCost decode_unit_cost(UnitId unit) const {
        return decode_.empty() ? DecodeCost{} : decode_[unit];
    }

    // R_j and K_j of the lower bound (SEMANTICS: Bounds): means that leave out per_block and
    // count bytes/request_bytes requests without rounding up; of a table, the least per byte. Not
    // yet multiplied by contention.
    double read_bound_ns(UnitRange block) const;
    // Likewise, of so many bytes on storage and nothing else; not multiplied by the mode.
    double whole_read_bound_ns(Bytes stored) const;
    // Parameter bytes that every pass needs, at the least: tables that are only gathered by rows
    // count with the rows of the shortest pass.
    Bytes least_bytes_of_a_pass() const { return least_of_a_pass_; }
    double read_per_byte_ns() const {
        return (node_->read.cost.per_byte + table_per_byte_) * read_scale_;
    }
    double execute_bound_ns(UnitRange block) const;
    double prompt_bound_ns(UnitRange block) const;

  private:
    double line_ns(Activity activity, const Features& block, const Reading& reading) const;
    void find_bounds();
    Bytes smallest_read() const;
    double fewest_requests_ns(Bytes stored) const;
    void find_execution(const Platform& platform, const Mode* mode);
    void average_over_passes(const ExecuteSpec& table);

    const Model* model_;
    const Node* node_;
    const ExecuteSpec* table_ = nullptr;  // in the mode in force
    double read_scale_ = 1;
    double copy_scale_ = 1;
    std::span<const AddedCost> added_;  // by the kind of memory
    double execute_per_block_ = 0;
    IdVector<UnitId, double> unit_ns_;         // execution of each unit
    IdVector<UnitId, double> prompt_ns_;       // of a generative model
    IdVector<UnitId, DecodeCost> decode_;      // likewise
    std::vector<Features> before_;             // prefix sums: before_[i] covers units [0, i)
    std::vector<std::int64_t> stored_before_;  // prefix sums of bytes on storage
    // Where layers share or gather: what R_j of a unit counts instead of these of its own bytes on
    // storage.
    struct BoundPart {
        Bytes left_out;
        double more_ns = 0;
    };
    IdVector<UnitId, BoundPart> bound_parts_;
    Bytes least_of_a_pass_;
    double table_per_byte_ = 0;  // the least that reads of the model take by a table
};

}  // namespace swaplab
