#include "profiles/device/device_file.h"

#include <algorithm>
#include <array>

#include "profiles/base/hash.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file_cost.h"
#include "profiles/document/extras.h"
#include "profiles/document/file_values.h"

namespace swaplab {
namespace {

constexpr std::string_view kSchema = "swaplab/device/1";

std::string_view activity_name(std::size_t activity) {
    return name_of(static_cast<Activity>(activity));
}

std::vector<std::string> activity_names() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < kActivities; ++i) names.emplace_back(activity_name(i));
    return names;
}

std::size_t activity_at_key(const std::string& name, const Field& member) {
    const auto activity = activity_named(name);
    if (!activity)
        member.fail_at_key(text("unknown activity{}", suggestion(name, activity_names())));
    return static_cast<std::size_t>(*activity);
}

ComputeKind read_compute(const Field& field) {
    const std::string kind = field.as_string();
    if (kind == "gpu") return ComputeKind::gpu;
    if (kind == "cpu") return ComputeKind::cpu;
    field.fail_expecting("\"gpu\" or \"cpu\"");
}

Bytes read_alignment(const Field& field) {
    // Above this no storage asks for it, and sizes that are rounded up might overflow.
    constexpr Bytes largest{std::int64_t{1} << 30};
    const Bytes alignment{field.as_positive()};
    if (alignment > largest) field.fail_expecting("an alignment of at most 1 GiB");
    return alignment;
}

MemorySpec read_memory(const Field& section) {
    Fields fields(section);
    MemorySpec memory;
    memory.capacity = {fields.required("capacity_bytes").as_positive()};
    memory.unified = fields.required("unified").as_bool();
    memory.concurrent_managed_access = bool_or(fields, "concurrent_managed_access", false);
    if (const auto alignment = fields.optional("alignment_bytes"))
        memory.alignment = read_alignment(*alignment);
    if (const auto reserved = fields.optional("reserved_bytes")) {
        memory.reserved = {reserved->as_count()};
        if (memory.reserved > memory.capacity) reserved->fail_expecting("at most capacity_bytes");
        if (memory.reserved.count > kMostInTotal) reserved->fail_expecting("at most 2^60");
    }
    memory.fresh_ns_per_byte = cost_or(fields, "fresh_ns_per_byte", 0);
    fields.finish();
    return memory;
}

void read_host(const Field& section, Node& node) {
    Fields fields(section);
    node.host_cores = count_or(fields, "cores", 0);
    node.host_per_command = duration_or(fields, "ns_per_command", {});
    fields.finish();
}

void read_assemble(const Field& section, Node& node) {
    Fields fields(section);
    node.cost(Activity::assemble) = read_coefficients(fields);
    if (const auto lanes = fields.optional("lanes")) {
        constexpr std::int64_t most = 1024;
        const std::int64_t count = lanes->as_positive();
        if (count > most) lanes->fail_expecting(text("at most {} lanes", most));
        node.assemble_lanes = static_cast<std::uint32_t>(count);
    }
    fields.finish();
}

void read_contention(const Field& section, Node& node) {
    Fields fields(section);
    for (const auto& [name, row] : fields.rest()) {
        const std::size_t stretched = activity_at_key(name, row);
        Fields factors(row);
        for (const auto& [other, factor] : factors.rest()) {
            const std::size_t running = activity_at_key(other, factor);
            if (running == stretched) {
                factor.fail_at_key(
                    "an activity is stretched by other kinds only (parallel reads: "
                    "read.concurrency)");
            }
            node.contention[stretched][running] = read_factor(factor);
        }
    }
}

DriftSpec read_drift(const Field& section) {
    Fields fields(section);
    DriftSpec drift;
    for (const ActivityRow& row : kActivityTable)
        if (is_command(row))
            drift.cv[index_of(row.activity)] = cost_or(fields, text("{}_cv", row.name), 0);
    const Field correlation = fields.required("correlation_ns");
    drift.correlation = read_duration(correlation);
    // What changes faster is noise.
    if (drift.correlation < kShortestDrift)
        correlation.fail_expecting(text("at least {} ns", count_ns(kShortestDrift)));
    fields.finish();
    return drift;
}

NoiseSpec read_noise(const Field& section) {
    Fields fields(section);
    NoiseSpec noise;
    for (std::size_t i = 0; i < kActivities; ++i) {
        noise.cv[i] = cost_or(fields, text("{}_cv", activity_name(i)), 0);
    }
    if (const auto drift = fields.optional("drift")) noise.drift = read_drift(*drift);
    fields.finish();
    return noise;
}

PowerSpec read_power(const Field& section) {
    Fields fields(section);
    PowerSpec power;
    power.idle_w = cost_or(fields, "idle_w", 0);
    for (const ActivityRow& row : kActivityTable)
        if (draws_power(row))
            power.active_w[index_of(row.activity)] = cost_or(fields, text("{}_w", row.name), 0);
    power.read_j_per_byte = cost_or(fields, "read_j_per_byte", 0);
    power.dram_j_per_byte = cost_or(fields, "dram_j_per_byte", 0);
    fields.finish();
    return power;
}

// Measured tables stand for themselves: a factor on top of them would be a second opinion.
void read_execute_tables(Fields& fields, Mode& mode) {
    const auto scale = fields.optional("execute_scale");
    if (scale) mode.execute_scale = read_factor(*scale);
    if (const auto execute = fields.optional("execute")) mode.execute = read_execute(*execute);
    if (const auto tables = fields.optional("execute_by_dtype")) {
        if (!mode.execute) tables->fail_at_key("needs an `execute` beside it, for other dtypes");
        mode.execute_by_dtype = read_execute_by_dtype(*tables);
    }
    if (mode.execute && mode.execute_scale != 1)
        scale->fail_expecting("1 or nothing, since the mode has an `execute` of its own");
}

// As with the tables; `null` says that nobody has measured the mode.
void read_mode_power(Fields& fields, Mode& mode) {
    const auto scale = fields.optional("power_scale");
    if (scale) mode.power_scale = read_factor(*scale);
    const auto power = fields.optional("power");
    if (!power) return;
    if (power->value().kind == Value::Kind::null)
        mode.power_unknown = true;
    else
        mode.power = read_power(*power);
    if (mode.power_scale != 1)
        scale->fail_expecting("1 or nothing, since the mode has a `power` of its own");
}

Mode read_mode(Fields& fields) {
    Mode mode;
    mode.name = read_name(fields.required("name"));
    read_execute_tables(fields, mode);
    mode.copy_scale = factor_or(fields, "copy_scale", 1);
    mode.read_scale = factor_or(fields, "read_scale", 1);
    read_mode_power(fields, mode);
    mode.switching = duration_or(fields, "switch_ns", {});
    return mode;
}

std::vector<Mode> read_modes(const Field& section) {
    std::vector<Mode> modes;
    for (const Field& item : section.as_array()) {
        Fields fields(item);
        Mode mode = read_mode(fields);
        if (std::ranges::find(modes, mode.name, &Mode::name) != modes.end()) {
            fields.required("name").fail(
                text("a mode named {} stands before", in_quotes(mode.name)));
        }
        fields.finish();
        modes.push_back(std::move(mode));
    }
    return modes;
}

Hull read_hull(const Field& field) {
    const std::vector<Field> ends = field.as_array();
    if (ends.size() != 2) field.fail_expecting("[least, greatest]");
    const Hull hull{ends[0].as_number(), ends[1].as_number()};
    if (hull.least > hull.greatest) field.fail_expecting("[least, greatest]");
    return hull;
}

FitQuality read_fit(const Field& field) {
    Fields fields(field);
    FitQuality fit;
    if (const auto r2 = fields.optional("r2")) fit.r2 = r2->as_number();
    if (const auto error = fields.optional("loo_mape")) fit.loo_mape = error->as_cost();
    fit.samples = count_or(fields, "samples", 0);
    fit.residual_cv = cost_or(fields, "residual_cv", 0);
    if (const auto hull = fields.optional("hull")) {
        for (const auto& [feature, ends] : Fields(*hull).rest())
            fit.hull[feature] = read_hull(ends);
    }
    fields.finish();
    return fit;
}

Provenance read_provenance(const Field& section) {
    Fields fields(section);
    Provenance provenance;
    provenance.source = string_or(fields, "source", "");
    provenance.measured = bool_or(fields, "measured", false);
    if (const auto fits = fields.optional("fit")) {
        for (const auto& [of, fit] : Fields(*fits).rest()) provenance.fit[of] = read_fit(fit);
    }
    if (const auto origins = fields.optional("coefficients")) {
        for (const auto& [of, origin] : Fields(*origins).rest())
            provenance.coefficients[of] = origin.as_string();
    }
    fields.finish();
    return provenance;
}

// What an activity costs: a section of its own.
void read_activity(Fields& fields, const ActivityRow& row, Node& node) {
    const auto section = fields.optional(row.name);
    switch (row.activity) {
        case Activity::read:
            if (section) node.read = read_read(*section);
            return;
        case Activity::assemble:
            if (section) read_assemble(*section, node);
            return;
        case Activity::execute:
            if (section) node.execute = read_execute(*section);
            if (const auto tables = fields.optional("execute_by_dtype"))
                node.execute_by_dtype = read_execute_by_dtype(*tables);
            return;
        default:
            if (section) node.cost(row.activity) = read_cost(*section);
    }
}

Node read_node(Fields& fields) {
    Node node;
    node.name = read_name(fields.required("name"));
    node.compute = read_compute(fields.required("compute"));
    node.memory = read_memory(fields.required("memory"));
    if (const auto host = fields.optional("host")) read_host(*host, node);
    for (const ActivityRow& row : kActivityTable) read_activity(fields, row, node);
    if (const auto contention = fields.optional("contention")) read_contention(*contention, node);
    if (const auto noise = fields.optional("noise")) node.noise = read_noise(*noise);
    if (const auto power = fields.optional("power")) node.power = read_power(*power);
    if (const auto modes = fields.optional("modes")) node.modes = read_modes(*modes);
    return node;
}

}  // namespace

Platform read_device(const Document& document) {
    Fields fields(Field::root(document));
    check_schema(fields, kSchema);
    Platform platform;
    platform.nodes.push_back(read_node(fields));
    platform.name = platform.nodes.front().name;
    if (const auto provenance = fields.optional("provenance"))
        platform.provenance = read_provenance(*provenance);
    fields.finish();
    platform.extras = extras_of(document.root);
    return platform;
}

// Parts of assembly and release: these run, vary and contend as a whole.
std::vector<std::string> costs_not_used_yet(const Node& node) {
    constexpr std::array parts{Activity::instantiate, Activity::attach, Activity::prefetch};
    const auto is_part = [&](std::size_t activity) {
        return std::ranges::find(parts, static_cast<Activity>(activity)) != parts.end();
    };
    std::vector<std::string> unused;
    for (std::size_t a = 0; a < kActivities; ++a) {
        if (is_part(a) && node.noise.cv[a] != 0)
            unused.push_back(text("noise.{}_cv", activity_name(a)));
        for (std::size_t b = 0; b < kActivities; ++b)
            if ((is_part(a) || is_part(b)) && node.contention[a][b] != 1)
                unused.push_back(text("contention.{}.{}", activity_name(a), activity_name(b)));
    }
    return unused;
}

std::vector<std::string> figures_not_used_yet(const Node& node) {
    std::vector<std::string> unused = costs_not_used_yet(node);
    if (node.host_cores != 0) unused.insert(unused.begin(), "host.cores");
    return unused;
}

Platform load_device(const std::string& path) { return read_device(load_document(path)); }

std::string device_hash(const Platform& platform) { return hex_digest(write_device(platform)); }

}  // namespace swaplab
