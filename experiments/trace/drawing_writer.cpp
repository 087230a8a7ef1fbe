#include "experiments/trace/drawing_writer.h"

#include <algorithm>

#include "profiles/base/text.h"

namespace swaplab {

namespace {

double ms(Time at) { return static_cast<double>(count_ns(at)) * 1e-6; }
double mebibytes(Bytes bytes) { return static_cast<double>(bytes.count) / 1048576.0; }

}  // namespace

DrawingWriter::DrawingWriter(std::ostream& out, const TimelineBounds& bounds,
                             const std::string& title, const std::string& subtitle)
    : out_(out), bounds_(bounds) {
    gantt_.title = title;
    gantt_.subtitle = subtitle;
    gantt_.x_label = "time (ms)";
    gantt_.y_label = "memory (MiB)";
}

ProcessId DrawingWriter::add_process(const std::string& name) {
    gantt_.panels.push_back({name, {}, {}, {}, {}, {}});
    return {static_cast<std::uint32_t>(gantt_.panels.size()) - 1};
}

LaneId DrawingWriter::add_lane(const LaneSpec& lane) {
    auto& lanes = gantt_.panels[lane.process.index].lanes;
    lanes_.push_back({lane.process.index, lanes.size(), lane.kind});
    lanes.push_back({lane.name, lane.rank, lane.kind == SliceKind::stall, {}});
    return {static_cast<std::uint32_t>(lanes_.size()) - 1};
}

CountersId DrawingWriter::add_counters(const CountersSpec& spec) {
    GanttPanel& panel = gantt_.panels[spec.process.index];
    panel.layers = spec.series;
    panel.limit_name = spec.limit;
    counters_.push_back(spec.process.index);
    return {static_cast<std::uint32_t>(counters_.size()) - 1};
}

NameId DrawingWriter::add_name(const NameSpec& name) {
    names_.push_back(name);
    return {static_cast<std::uint32_t>(names_.size()) - 1};
}

namespace {

std::string whose_text(RequestId request, std::optional<std::uint32_t> pass) {
    const std::string whose = text("request {}", request.index);
    return pass ? text("{}, pass {}", whose, *pass) : whose;
}

}  // namespace

void DrawingWriter::add_bar(LaneId lane, NameId id, Time from, Time to, const std::string& whose) {
    const LanePlace& place = lanes_[lane.index];
    const NameSpec& name = names_[id.index];
    const bool tick = place.kind == SliceKind::request && from == to;
    if (place.kind != SliceKind::mark && !tick) {
        auto& legend = place.kind == SliceKind::stall ? gantt_.greys : gantt_.legend;
        if (legend.size() <= name.group) legend.resize(name.group + 1);
        legend[name.group] = name.group_name;
    }
    // The legend names the group already.
    std::string label = name.name;
    if (label.starts_with(name.group_name + " ")) label.erase(0, name.group_name.size() + 1);
    if (place.kind == SliceKind::request) label = whose;
    const std::string tooltip = text("{}: {}, {}, {:.3f} to {:.3f} ms", name_of(place.kind),
                                     name.name, whose, ms(from), ms(to));
    gantt_.panels[place.process].lanes[place.lane].bars.push_back(
        {ms(from), ms(to), name.group, tick, label, tooltip});
    end_ = std::max(end_, to);
}

void DrawingWriter::slice(const Slice& slice) {
    add_bar(slice.lane, slice.name, slice.from, slice.to, whose_text(slice.request, slice.pass));
}

void DrawingWriter::instant(const Instant& instant) {
    add_bar(instant.lane, instant.name, instant.at, instant.at, whose_text(instant.request, {}));
}

void DrawingWriter::sample(const CounterSample& sample) {
    GanttSample& drawn = gantt_.panels[counters_[sample.counters.index]].samples.emplace_back();
    drawn.at = ms(sample.at);
    for (const Bytes bytes : sample.series) drawn.layers.push_back(mebibytes(bytes));
}

void DrawingWriter::limit(CountersId counters, Time at, Bytes limit) {
    gantt_.panels[counters_[counters.index]].limits.push_back({ms(at), mebibytes(limit)});
}

void DrawingWriter::finish() {
    gantt_.from = ms(bounds_.from);
    // Nothing lies in a window behind the end.
    gantt_.to = ms(std::max(bounds_.from, std::min(end_, bounds_.to)));
    out_ << draw(gantt_);
}

}  // namespace swaplab
