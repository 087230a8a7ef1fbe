#include <algorithm>

#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/device/device_file_cost.h"
#include "profiles/document/extras.h"

namespace swaplab {
namespace {

std::string_view activity_name(std::size_t activity) {
    return name_of(static_cast<Activity>(activity));
}

void write_memory(JsonWriter& writer, const MemorySpec& memory) {
    writer.key("memory").begin_object();
    writer.member("capacity_bytes", memory.capacity.count).member("unified", memory.unified);
    writer.member("concurrent_managed_access", memory.concurrent_managed_access);
    writer.member("alignment_bytes", memory.alignment.count);
    writer.member("reserved_bytes", memory.reserved.count);
    writer.member("fresh_ns_per_byte", memory.fresh_ns_per_byte).end_object();
}

void write_assemble(JsonWriter& writer, const Node& node) {
    writer.key("assemble").begin_object();
    write_coefficients(writer, node.cost(Activity::assemble));
    writer.member("lanes", node.assemble_lanes).end_object();
}

// In the order in which they are read.
void write_activity(JsonWriter& writer, const ActivityRow& row, const Node& node) {
    switch (row.activity) {
        case Activity::read: return write_read(writer, node.read);
        case Activity::assemble: return write_assemble(writer, node);
        case Activity::execute:
            write_execute(writer, node.execute);
            return write_execute_by_dtype(writer, node.execute_by_dtype);
        default: return write_cost(writer, row.name, node.cost(row.activity));
    }
}

void write_contention(JsonWriter& writer, const Node& node) {
    if (node.contention == Node::no_contention()) return;
    writer.key("contention").begin_object();
    for (std::size_t a = 0; a < kActivities; ++a) {
        const auto& row = node.contention[a];
        if (std::ranges::all_of(row, [](double factor) { return factor == 1; })) continue;
        writer.key(activity_name(a)).begin_object();
        for (std::size_t b = 0; b < kActivities; ++b) {
            if (row[b] != 1) writer.member(activity_name(b), row[b]);
        }
        writer.end_object();
    }
    writer.end_object();
}

void write_variations(JsonWriter& writer, const std::array<double, kActivities>& cv) {
    for (std::size_t i = 0; i < kActivities; ++i) {
        if (cv[i] != 0) writer.member(text("{}_cv", activity_name(i)), cv[i]);
    }
}

void write_noise(JsonWriter& writer, const NoiseSpec& noise) {
    if (noise == NoiseSpec{}) return;
    writer.key("noise").begin_object();
    write_variations(writer, noise.cv);
    if (noise.drift) {
        writer.key("drift").begin_object();
        write_variations(writer, noise.drift->cv);
        writer.member("correlation_ns", count_ns(noise.drift->correlation)).end_object();
    }
    writer.end_object();
}

void write_power(JsonWriter& writer, const PowerSpec& power) {
    writer.key("power").begin_object();
    writer.member("idle_w", power.idle_w);
    for (const ActivityRow& row : kActivityTable) {
        const double watts = power.active_w[index_of(row.activity)];
        if (watts != 0 || row.activity == Activity::execute)
            writer.member(text("{}_w", row.name), watts);
    }
    writer.member("read_j_per_byte", power.read_j_per_byte);
    writer.member("dram_j_per_byte", power.dram_j_per_byte).end_object();
}

void write_mode_power(JsonWriter& writer, const Mode& mode) {
    if (mode.power)
        write_power(writer, *mode.power);
    else if (mode.power_unknown)
        writer.key("power").null();
    else
        writer.member("power_scale", mode.power_scale);
}

void write_modes(JsonWriter& writer, const std::vector<Mode>& modes) {
    if (modes.empty()) return;
    writer.key("modes").begin_array();
    for (const Mode& mode : modes) {
        writer.begin_object().member("name", mode.name);
        if (mode.execute)
            write_execute(writer, *mode.execute);
        else
            writer.member("execute_scale", mode.execute_scale);
        write_execute_by_dtype(writer, mode.execute_by_dtype);
        writer.member("copy_scale", mode.copy_scale);
        writer.member("read_scale", mode.read_scale);
        write_mode_power(writer, mode);
        writer.member("switch_ns", count_ns(mode.switching)).end_object();
    }
    writer.end_array();
}

void write_fit(JsonWriter& writer, const FitQuality& fit) {
    writer.begin_object().member("r2", fit.r2);
    if (fit.loo_mape) writer.member("loo_mape", *fit.loo_mape);
    writer.member("samples", fit.samples);
    if (fit.residual_cv != 0) writer.member("residual_cv", fit.residual_cv);
    if (!fit.hull.empty()) {
        writer.key("hull").begin_object();
        for (const auto& [feature, hull] : fit.hull)
            writer.key(feature).begin_array().value(hull.least).value(hull.greatest).end_array();
        writer.end_object();
    }
    writer.end_object();
}

void write_provenance(JsonWriter& writer, const Provenance& provenance) {
    writer.key("provenance").begin_object();
    writer.member("source", provenance.source).member("measured", provenance.measured);
    if (!provenance.fit.empty()) {
        writer.key("fit").begin_object();
        for (const auto& [of, fit] : provenance.fit) write_fit(writer.key(of), fit);
        writer.end_object();
    }
    if (!provenance.coefficients.empty()) {
        writer.key("coefficients").begin_object();
        for (const auto& [of, origin] : provenance.coefficients) writer.member(of, origin);
        writer.end_object();
    }
    writer.end_object();
}

}  // namespace

std::string write_device(const Platform& platform) {
    SWAPLAB_CHECK(platform.nodes.size() == 1, "a device file holds one node, not {}",
                  platform.nodes.size());
    const Node& node = platform.nodes.front();
    JsonWriter writer;
    writer.begin_object().member("schema", "swaplab/device/1").member("name", platform.name);
    writer.member("compute", node.compute == ComputeKind::gpu ? "gpu" : "cpu");
    write_memory(writer, node.memory);
    writer.key("host").begin_object().member("cores", node.host_cores);
    writer.member("ns_per_command", count_ns(node.host_per_command)).end_object();
    for (const ActivityRow& row : kActivityTable) write_activity(writer, row, node);
    write_contention(writer, node);
    write_noise(writer, node.noise);
    if (node.power) write_power(writer, *node.power);
    write_modes(writer, node.modes);
    write_provenance(writer, platform.provenance);
    writer.end_object();
    return with_extras(writer.str(), platform.extras);
}

}  // namespace swaplab
