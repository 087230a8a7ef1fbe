// A platform: its nodes. One device is the one-node case.
//
// All coefficients are nanoseconds per something, as in `swaplab/device/1` (FORMATS: Device file);
// missing ones are 0 and a missing activity costs nothing.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "profiles/base/ids.h"
#include "profiles/base/units.h"
#include "profiles/device/activity.h"
#include "profiles/device/memory_kind.h"
#include "profiles/document/extras.h"
#include "profiles/model/model.h"

namespace swaplab {

// per_byte·bytes + per_tensor·tensors + per_layer·layers + per_flop·FLOPs
// + per_activation_byte·activation bytes + per_block, for reads +
// per_request·ceil(bytes/request_bytes).
struct LinearCost {
    double per_byte = 0;
    double per_tensor = 0;
    double per_layer = 0;
    double per_flop = 0;
    double per_activation_byte = 0;
    double per_block = 0;
    double per_request = 0;
    std::optional<Bytes> request_bytes{};  // absent: a block is one request

    friend bool operator==(const LinearCost&, const LinearCost&) = default;
};

enum class ComputeKind : std::uint8_t {
    gpu,  // a framework keeps a CPU and a GPU copy of the parameters
    cpu,  // one copy
};

struct MemorySpec {
    Bytes capacity{};
    bool unified = false;
    bool concurrent_managed_access = false;
    Bytes alignment{1};
    Bytes reserved{};
    double fresh_ns_per_byte = 0;

    friend bool operator==(const MemorySpec&, const MemorySpec&) = default;
};

struct AfterIdle {
    Duration gap{};
    Duration extra{};

    friend bool operator==(const AfterIdle&, const AfterIdle&) = default;
};

// What a lone read of so many bytes took.
struct ReadPoint {
    Bytes bytes;
    double ns = 0;

    friend bool operator==(const ReadPoint&, const ReadPoint&) = default;
};

struct ReadSpec {
    LinearCost cost;
    // Measured lone reads, at least two where there are any, both columns rising. They stand
    // instead of what `cost` says of bytes, requests and blocks, which is then 0.
    std::vector<ReadPoint> table{};
    std::vector<double> concurrency{1.0};  // total speed of k parallel reads; [0] is 1
    // Requests in flight of one read, where it was measured so: what a real reader is set to.
    std::optional<std::int64_t> depth{};
    std::optional<AfterIdle> after_idle;

    // The part of the speed of a lone read with which each of `reads` > 0 parallel ones progresses.
    double share_of(std::uint32_t reads) const;
    // By the table (SEMANTICS: Costs); 0 where there is none.
    double table_ns(Bytes bytes) const;
    // What no read of at least so many bytes (> 0) is faster than by the table, per byte and behind
    // the first byte, which overlaps with others; 0 where there is none.
    double least_per_byte(Bytes smallest) const;
    // What a read takes before it shares the storage with others.
    double first_byte_ns() const { return table.empty() ? cost.per_block : table.front().ns; }

    friend bool operator==(const ReadSpec&, const ReadSpec&) = default;
};

struct ExecuteSpec {
    LinearCost other;  // the `*` row; its per_block is added once per block
    std::array<std::optional<LinearCost>, kOpClasses> by_op;

    const LinearCost& of(OpClass op) const {
        const auto& row = by_op[static_cast<std::size_t>(op)];
        return row ? *row : other;
    }

    friend bool operator==(const ExecuteSpec&, const ExecuteSpec&) = default;
};

// Execution of models of a dtype, where it was measured apart: "float16" -> its rows.
using ExecuteByDtype = std::map<std::string, ExecuteSpec, std::less<>>;

inline constexpr Duration kShortestDrift{1'000'000};

// A part of the noise that lasts: a factor per kind of activity, drawn anew after `correlation`.
struct DriftSpec {
    std::array<double, kActivities> cv{};
    Duration correlation{};

    friend bool operator==(const DriftSpec&, const DriftSpec&) = default;
};

struct NoiseSpec {
    std::array<double, kActivities> cv{};  // coefficient of variation of a layer, by activity
    std::optional<DriftSpec> drift{};

    friend bool operator==(const NoiseSpec&, const NoiseSpec&) = default;
};

struct PowerSpec {
    double idle_w = 0;
    // Above idle, by activity, while a command of it runs: of `draws_power` only.
    std::array<double, kActivities> active_w{};
    double read_j_per_byte = 0;
    double dram_j_per_byte = 0;

    friend bool operator==(const PowerSpec&, const PowerSpec&) = default;
};

struct Mode {
    std::string name;
    double execute_scale = 1;
    double copy_scale = 1;
    double read_scale = 1;
    // Of what activities draw above idle; idling and energies per byte do not change.
    double power_scale = 1;
    // Instead of the device's, where the mode was measured itself; power_scale is 1 then.
    std::optional<PowerSpec> power{};
    bool power_unknown = false;  // nobody has measured it: runs in it have no energy
    Duration switching{};
    // Where the mode was measured itself, these replace the device's tables (both of them) and
    // execute_scale is 1.
    std::optional<ExecuteSpec> execute{};
    ExecuteByDtype execute_by_dtype{};

    friend bool operator==(const Mode&, const Mode&) = default;
};

// The least and the greatest value of a feature over what was measured.
struct Hull {
    double least = 0;
    double greatest = 0;

    friend bool operator==(const Hull&, const Hull&) = default;
};

struct FitQuality {
    double r2 = 0;
    // Mean absolute relative error, each row predicted from the others; absent where there are
    // none.
    std::optional<double> loo_mape;
    std::int64_t samples = 0;
    double residual_cv = 0;              // spread of measured / fitted
    std::map<std::string, Hull> hull{};  // by feature: "flops"; empty if it is not known

    friend bool operator==(const FitQuality&, const FitQuality&) = default;
};

struct Provenance {
    std::string source;
    bool measured = false;
    std::map<std::string, FitQuality> fit;            // "execute.linear" -> quality
    std::map<std::string, std::string> coefficients;  // "read.ns_per_byte" -> where it is from

    friend bool operator==(const Provenance&, const Provenance&) = default;
};

struct Node {
    std::string name;
    ComputeKind compute = ComputeKind::cpu;
    MemorySpec memory;
    std::int64_t host_cores = 0;
    Duration host_per_command{};
    ReadSpec read;
    ExecuteSpec execute;
    ExecuteByDtype execute_by_dtype;
    // By activity, of all that cost by parameters alone; those of `read` and `execute` are above,
    // and `cost` finds them.
    std::array<LinearCost, kActivities> costs{};
    std::uint32_t assemble_lanes = 1;
    // contention[a][b]: a is stretched by this factor while a b is running.
    std::array<std::array<double, kActivities>, kActivities> contention = no_contention();
    NoiseSpec noise;
    std::optional<PowerSpec> power;
    std::vector<Mode> modes;

    // The line of an activity; of `execute`, that for what no op class has a line for.
    const LinearCost& cost(Activity activity) const {
        if (activity == Activity::read) return read.cost;
        return activity == Activity::execute ? execute.other : costs[index_of(activity)];
    }
    LinearCost& cost(Activity activity) {
        return const_cast<LinearCost&>(std::as_const(*this).cost(activity));
    }
    const Mode* mode_named(std::string_view name) const;  // null if there is none
    // What it draws in a mode (empty: its own); nothing where nobody knows.
    std::optional<PowerSpec> power_in(std::string_view mode) const;
    // The rows that hold for models of this dtype in this mode (null: the device's own).
    const ExecuteSpec& execute_table(const Mode* mode, std::string_view dtype) const;

    static std::array<std::array<double, kActivities>, kActivities> no_contention() {
        std::array<std::array<double, kActivities>, kActivities> ones;
        for (auto& row : ones) row.fill(1.0);
        return ones;
    }

    friend bool operator==(const Node&, const Node&) = default;
};

struct Platform {
    std::string name;
    std::vector<Node> nodes;
    Provenance provenance;
    std::string mode;  // the operating mode in force on every node, empty for the default
    // The kind of memory in force on every node; absent: none is modelled, at no cost.
    std::optional<MemoryKind> memory_kind{};
    Extras extras;  // `x-` members of the file it came from

    const Node& node(NodeId id) const { return nodes[id.index]; }

    friend bool operator==(const Platform&, const Platform&) = default;
};

}  // namespace swaplab
