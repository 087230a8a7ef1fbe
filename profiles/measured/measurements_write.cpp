#include <ostream>

#include "profiles/base/text.h"
#include "profiles/document/csv.h"
#include "profiles/measured/measurements.h"

namespace swaplab {
namespace {

constexpr std::string_view kHeader =
    "activity,op,label,parameter_bytes,tensors,layers,flops,activation_bytes,requests,"
    "request_bytes,depth,state,beside,memory_kind,mode,dtype,gap_ns,hand_off_ns,duration_ns,cpu_ns,"
    "run";

std::string count(std::int64_t number) { return number == 0 ? "" : text("{}", number); }
std::string number(double value) { return text("{}", value); }  // the shortest that reads back

void write_notes(const Measurements& all, std::ostream& to) {
    const auto note = [&](std::string_view key, const std::string& value) {
        to << "# " << key << ": " << value << '\n';
    };
    if (all.name) note("name", *all.name);
    note("compute", all.compute == ComputeKind::gpu ? "gpu" : "cpu");
    note("capacity_bytes", text("{}", all.capacity.count));
    note("unified", all.unified ? "true" : "false");
    if (all.after_idle_gap) note("after_idle_gap_ns", text("{}", count_ns(*all.after_idle_gap)));
    if (all.alignment) note("alignment_bytes", text("{}", all.alignment->count));
    if (all.read_depth) note("read_depth", text("{}", *all.read_depth));
    if (all.cores > 0) note("cores", text("{}", all.cores));
    if (all.relative_errors) note("errors", "relative");
    for (const auto& [key, value] : all.conditions) note(key, value);
}

void write_row(const Measurement& row, std::ostream& to) {
    const Features& f = row.features;
    to << name_of(row.activity) << ',' << (row.op ? name_of(*row.op) : "") << ','
       << csv_field(row.label) << ',' << count(f.bytes.count) << ',' << count(f.tensors) << ','
       << count(f.layers) << ',' << count(f.flops) << ',' << count(f.activation_bytes.count) << ','
       << count(row.requests) << ',' << count(row.request_bytes.count) << ',' << count(row.depth)
       << ',' << name_of(row.state) << ',' << (row.beside ? name_of(*row.beside) : "") << ','
       << csv_field(row.memory_kind) << ',' << csv_field(row.mode) << ',' << csv_field(row.dtype)
       << ',' << (row.gap_ns ? number(*row.gap_ns) : "") << ','
       << (row.hand_off_ns ? number(*row.hand_off_ns) : "") << ',' << number(row.duration_ns) << ','
       << (row.cpu_ns > 0 ? number(row.cpu_ns) : "") << ',' << count(row.run) << '\n';
}

}  // namespace

void write_measurements(const Measurements& measurements, std::ostream& to) {
    write_notes(measurements, to);
    to << kHeader << '\n';
    for (const Measurement& row : measurements.rows) write_row(row, to);
}

}  // namespace swaplab
