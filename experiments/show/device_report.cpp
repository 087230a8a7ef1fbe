#include <algorithm>

#include "experiments/show/model_report.h"
#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "experiments/text/table.h"
#include "profiles/base/printable.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

constexpr std::size_t kWidth = 94;

// A figure of the device file by its path: "read.ns_per_byte", "modes.15W.execute_scale".
struct Leaf {
    std::string path;
    std::string value;
    bool number = false;
};

void collect(const Value& value, const std::string& path, std::vector<Leaf>& leaves);

// A point of a table of reads: what so many bytes take.
void collect_point(const Value& point, const std::string& path, std::vector<Leaf>& leaves) {
    leaves.push_back(
        {text("{}.{}", path, point.items.front().scalar), point.items.back().scalar, true});
}

// The elements of an array of named objects go by their names, points by their bytes, others are
// one leaf together.
void collect_items(const Value& array, const std::string& path, std::vector<Leaf>& leaves) {
    std::vector<std::string> scalars;
    for (const Value& item : array.items) {
        if (item.kind == Value::Kind::array)
            collect_point(item, path, leaves);
        else if (item.kind == Value::Kind::object && !item.members.empty())
            collect(item, path + '.' + item.members.front().second.scalar, leaves);
        else
            scalars.push_back(item.scalar);
    }
    if (!scalars.empty()) leaves.push_back({path, join(scalars, ", "), false});
}

void collect(const Value& value, const std::string& path, std::vector<Leaf>& leaves) {
    switch (value.kind) {
        case Value::Kind::object:
            for (const auto& [key, member] : value.members)
                if (key != "provenance" && key != "schema" && key != "name" && key != "modes")
                    collect(member, path.empty() ? key : text("{}.{}", path, key), leaves);
            break;
        case Value::Kind::array: collect_items(value, path, leaves); break;
        case Value::Kind::boolean:
            leaves.push_back({path, value.boolean ? "yes" : "no", false});
            break;
        case Value::Kind::number: leaves.push_back({path, value.scalar, true}); break;
        default: leaves.push_back({path, value.scalar, false}); break;
    }
}

// The figure in words: a rate, a size or a time.
std::string meaning(const Leaf& leaf) {
    const std::string key = leaf.path.substr(leaf.path.rfind('.') + 1);
    const std::optional<double> number = leaf.number ? parse_number(leaf.value) : std::nullopt;
    if (!number || *number <= 0) return {};
    if (key == "ns_per_byte" || key == "fresh_ns_per_byte" || key == "ns_per_activation_byte")
        return text("{} GB/s", significant(1 / *number));
    if (key == "ns_per_flop") return text("{} GFLOP/s", significant(1 / *number));
    if (key.ends_with("_bytes") && *number >= 0x1p63) return "not given";
    if (key.ends_with("_bytes") && *number >= 1024)
        return format_bytes({static_cast<std::int64_t>(*number)});
    const bool of_table = leaf.path.starts_with("read.table.");
    if (of_table || key == "ns" || key.ends_with("_ns") || key.starts_with("ns_per_"))
        return *number >= 1000 ? format_duration(Duration(static_cast<std::int64_t>(*number)))
                               : std::string();
    return {};
}

// Where a figure is from: its own entry, or that of a part of its path ("read", "execute.linear").
std::string source_of(const Provenance& provenance, std::string path) {
    while (true) {
        if (const auto found = provenance.coefficients.find(path);
            found != provenance.coefficients.end())
            return found->second;
        const std::size_t dot = path.rfind('.');
        if (dot == std::string::npos) return {};
        path.resize(dot);
    }
}

// Numbers the sources in the order in which they come up.
class Sources {
  public:
    explicit Sources(const Provenance& provenance) : provenance_(provenance) {}

    // "[3]" for the source of a figure, or nothing.
    std::string mark(const std::string& path) {
        const std::string source = source_of(provenance_, path);
        if (source.empty()) return {};
        auto known = std::find(sources_.begin(), sources_.end(), source);
        if (known == sources_.end()) known = sources_.insert(sources_.end(), source);
        return text("[{}]", known - sources_.begin() + 1);
    }

    std::string list() const {
        std::string list;
        for (std::size_t i = 0; i < sources_.size(); ++i)
            list += definition(text("[{}]", i + 1), sources_[i], 8, kWidth);
        return list.empty() ? list : "\nSources\n" + list;
    }

  private:
    const Provenance& provenance_;
    std::vector<std::string> sources_;
};

// Figures that nothing acts on in this version.
std::string not_used_yet(const Platform& platform) {
    const std::vector<std::string> unused = figures_not_used_yet(platform.nodes.front());
    return unused.empty() ? "" : text("  (kept, but not used yet: {})\n", join(unused, ", "));
}

std::string figures(const Platform& platform, Sources& sources) {
    const Document document = parse_json(write_device(platform), platform.name);
    std::vector<Leaf> leaves;
    collect(document.root, "", leaves);
    TextTable table;
    for (int i = 0; i < 4; ++i) table.add_column({}, i == 1 ? Align::right : Align::left);
    std::int64_t left_out = 0;
    for (const Leaf& leaf : leaves) {
        if (leaf.number && parse_number(leaf.value) == 0.0)
            ++left_out;
        else
            table.add_row({leaf.path, leaf.value, meaning(leaf), sources.mark(leaf.path)});
    }
    std::string figures = table.str(2);
    if (left_out > 0) figures += text("  ({} of value 0 left out)\n", plural(left_out, "figure"));
    return figures + not_used_yet(platform);
}

std::string power_of(const Mode& mode) {
    if (mode.power_unknown) return "?";
    return mode.power ? "own" : text("{}", mode.power_scale);
}

// "4.29 W idle, and above it 11.08 W to execute, 0.5 W to read"
std::string watts_of(const PowerSpec& power) {
    std::vector<std::string> above;
    for (const ActivityRow& row : kActivityTable)
        if (const double watts = power.active_w[index_of(row.activity)]; watts > 0)
            above.push_back(text("{} W to {}", watts, row.name));
    return text("{} W idle{}{}", power.idle_w, above.empty() ? "" : ", and above it ",
                join(above, ", "));
}

std::string modes(const Node& node, Sources& sources) {
    if (node.modes.empty()) return {};
    TextTable table;
    table.add_column({"mode"}, Align::left);
    for (const char* heading : {"execute x", "copy x", "read x", "power x", "switching"})
        table.add_column({heading});
    table.add_column({}, Align::left);
    std::string own_powers;
    for (const Mode& mode : node.modes) {
        table.add_row({mode.name, mode.execute ? "own" : text("{}", mode.execute_scale),
                       text("{}", mode.copy_scale), text("{}", mode.read_scale), power_of(mode),
                       format_duration(mode.switching), sources.mark("modes." + mode.name)});
        if (mode.power) own_powers += text("  power of {}: {}\n", mode.name, watts_of(*mode.power));
    }
    std::string modes = "\n";
    modes += table.str(2);
    return modes + own_powers;
}

// What `memory=` may say, what each kind adds, and what holds of managed memory here.
std::string kinds_of_memory(const Node& node) {
    if (node.compute == ComputeKind::cpu) return {};
    std::string lines = "\nKinds of memory (memory=KIND; without it none is modelled)\n";
    for (const MemoryKindRow& row : memory_kinds())
        lines += definition(row.name, row.what, 20, kWidth);
    return lines + definition("",
                              node.memory.concurrent_managed_access
                                  ? "The host may touch managed memory while kernels run."
                                  : "While any kernel runs the host may touch no managed memory, "
                                    "whichever block it holds: the memory rule of an emulated run.",
                              2, kWidth);
}

std::string fits(const Provenance& provenance) {
    std::string lines;
    for (const auto& [what, fit] : provenance.fit) {
        lines += text("  fit of {}: R2 {:.3f}, ", what, fit.r2);
        if (fit.loo_mape) lines += text("leave-one-out error {}, ", percent(*fit.loo_mape));
        lines += plural(fit.samples, "sample") + '\n';
    }
    return lines;
}

}  // namespace

std::string device_report(const Platform& platform) {
    std::string report = platform.name;
    if (!platform.mode.empty()) report += ", mode " + platform.mode;
    if (platform.memory_kind) report += text(", memory {}", name_of(*platform.memory_kind));
    report += platform.provenance.measured ? " (measured)\n" : " (not measured on a device)\n";
    report += definition("", printable(platform.provenance.source), 2, kWidth);
    report += fits(platform.provenance) + '\n';
    Sources sources(platform.provenance);
    report += figures(platform, sources);
    for (const Node& node : platform.nodes) report += modes(node, sources) + kinds_of_memory(node);
    return report + sources.list();
}

}  // namespace swaplab
