#include "profiles/cost/extrapolation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "profiles/cost/cost.h"

namespace swaplab {
namespace {

// A line's hull, and its name in the provenance.
struct KnownLine {
    const std::string* of;
    const std::map<std::string, Hull>* hull;

    bool about_blocks() const {
        const auto layers = hull->find("layers");
        return layers != hull->end() && layers->second.greatest > 1;
    }
};

std::optional<KnownLine> line_named(const Provenance& provenance, const std::string& name) {
    const auto found = provenance.fit.find(name);
    if (found == provenance.fit.end() || found->second.hull.empty()) return std::nullopt;
    return KnownLine{&found->first, &found->second.hull};
}

// The name of the execute table that holds for the model: "modes.15W.execute_by_dtype.float16".
std::string table_name(const Node& node, const Mode* mode, const std::string& dtype) {
    const bool own = mode != nullptr && mode->execute;
    const ExecuteByDtype& tables = own ? mode->execute_by_dtype : node.execute_by_dtype;
    std::string name = own ? "modes." + mode->name + ".execute" : "execute";
    return tables.contains(dtype) ? name + "_by_dtype." + dtype : name;
}

double value_of(const std::string& feature, const Features& features, const LinearCost& read) {
    if (feature == "parameter_bytes") return static_cast<double>(features.bytes.count);
    if (feature == "tensors") return static_cast<double>(features.tensors);
    if (feature == "layers") return static_cast<double>(features.layers);
    if (feature == "flops") return static_cast<double>(features.flops);
    if (feature == "activation_bytes") return static_cast<double>(features.activation_bytes.count);
    // requests
    const double size = read.request_bytes ? static_cast<double>(read.request_bytes->count) : 0;
    return size > 0 ? std::ceil(static_cast<double>(features.bytes.count) / size) : 1;
}

class Finder {
  public:
    Finder(const Model& model, const Platform& platform)
        : costs_(model, platform), node_(platform.nodes.front()) {
        const Mode* mode = node_.mode_named(platform.mode);
        const Provenance& provenance = platform.provenance;
        for (const char* name : {"read", "copy", "instantiate", "assemble", "release"})
            if (const auto line = line_named(provenance, name)) of_parameters_.push_back(*line);
        const ExecuteSpec& table = node_.execute_table(mode, model.spec().dtype);
        const std::string name = table_name(node_, mode, model.spec().dtype);
        rest_ = line_named(provenance, name + ".*");
        for (std::size_t op = 0; op < kOpClasses; ++op) {
            const auto own = name + '.' + std::string(name_of(static_cast<OpClass>(op)));
            by_op_[op] = table.by_op[op] ? line_named(provenance, own) : rest_;
            rest_op_[op] = !table.by_op[op];
        }
    }

    void look_at(std::size_t index, const SwappedBlock& block) {
        block_ = index;
        first_ = found_.size();
        if (block.parameter_bytes.count > 0) look_at_parameters(block);
        Features together;
        for (const UnitId unit : block.units) {
            const Model& model = costs_.model();
            const auto op = static_cast<std::size_t>(model.layer(model.layer_of(unit)).op);
            if (!by_op_[op]) continue;
            const Features alone = costs_.execute_features(unit);
            if (rest_op_[op] && rest_->about_blocks())
                add(together, alone);
            else
                check(*by_op_[op], alone);
        }
        if (together.layers > 0) check(*rest_, together);
    }

    std::vector<Extrapolation> take() { return std::move(found_); }

  private:
    // A read is of what is stored, all else of what is held.
    void look_at_parameters(const SwappedBlock& block) {
        Features held = costs_.features(block.units);
        held.bytes = block.parameter_bytes;
        held.tensors = block.tensors;
        Features stored = held;
        stored.bytes = block.stored_bytes;
        for (const KnownLine& line : of_parameters_)
            check(line, *line.of == name_of(Activity::read) ? stored : held);
        look_at_table(stored.bytes);
    }
    // Smaller reads than the first take no longer than it; larger ones go on as the last did.
    void look_at_table(Bytes stored) {
        const std::vector<ReadPoint>& table = node_.read.table;
        if (table.empty() || stored <= table.back().bytes) return;
        static const std::string name = "read.table";
        const Hull hull{static_cast<double>(table.front().bytes.count),
                        static_cast<double>(table.back().bytes.count)};
        report({&name, nullptr}, "parameter_bytes", static_cast<double>(stored.count), hull);
    }

    static void add(Features& sum, const Features& unit) {
        sum.bytes += unit.bytes;
        sum.tensors += unit.tensors;
        sum.layers += unit.layers;
        sum.flops += unit.flops;
        sum.activation_bytes += unit.activation_bytes;
    }

    void check(const KnownLine& line, const Features& features) {
        for (const auto& [feature, hull] : *line.hull) {
            const double value = value_of(feature, features, node_.read.cost);
            if (value < hull.least || value > hull.greatest) report(line, feature, value, hull);
        }
    }

    void report(const KnownLine& line, const std::string& feature, double value, const Hull& hull) {
        const auto farther = [&](double a, double b) {
            const auto out = [&](double v) { return std::max(hull.least - v, v - hull.greatest); };
            return out(a) > out(b);
        };
        for (std::size_t i = first_; i < found_.size(); ++i) {
            Extrapolation& known = found_[i];
            if (known.of != *line.of || known.feature != feature) continue;
            if (farther(value, known.value)) known.value = value;
            return;
        }
        found_.push_back({block_, *line.of, feature, value, hull});
    }

    CostModel costs_;
    const Node& node_;
    std::vector<KnownLine> of_parameters_;
    std::optional<KnownLine> rest_;
    std::array<std::optional<KnownLine>, kOpClasses> by_op_;
    std::array<bool, kOpClasses> rest_op_{};  // the class has no row of its own
    std::vector<Extrapolation> found_;
    std::size_t block_ = 0;
    std::size_t first_ = 0;  // of the block's findings
};

}  // namespace

bool tells_what_was_measured(const Platform& platform) {
    return std::ranges::any_of(platform.provenance.fit,
                               [](const auto& fit) { return !fit.second.hull.empty(); }) ||
           std::ranges::any_of(platform.nodes,
                               [](const Node& node) { return !node.read.table.empty(); });
}

std::vector<Extrapolation> extrapolated(const Model& model, const Platform& platform,
                                        std::span<const UnitRange> blocks) {
    const CostModel costs(model, platform);
    std::vector<SwappedBlock> swapped;
    for (const UnitRange block : blocks)
        swapped.push_back({block, costs.parameter_bytes(block), costs.stored_bytes(block),
                           costs.features(block).tensors});
    return extrapolated(model, platform, swapped);
}

std::vector<Extrapolation> extrapolated(const Model& model, const Platform& platform,
                                        std::span<const SwappedBlock> blocks) {
    if (!tells_what_was_measured(platform)) return {};
    Finder finder(model, platform);
    for (std::size_t i = 0; i < blocks.size(); ++i) finder.look_at(i, blocks[i]);
    return finder.take();
}

}  // namespace swaplab
