#include "experiments/trace/perfetto_writer.h"

#include <algorithm>
#include <bit>
#include <protozero/pbf_builder.hpp>

#include "experiments/trace/perfetto_format.h"
#include "profiles/error.h"
#include "profiles/text.h"

namespace swaplab {

namespace {

using namespace perfetto;
template <class Field>
using Message = protozero::pbf_builder<Field>;

constexpr std::uint32_t kSequence = 1;
constexpr std::size_t kSliceKinds = 7;

// An event's code begins with the same fields of the packet; these are where it is patched.
constexpr std::size_t kEventLengthAt = 5;  // one byte: events are shorter than 128 bytes
constexpr std::size_t kTypeAt = 7;

void begin_packet(Message<Packet>& packet, std::uint32_t flags) {
    packet.add_uint32(Packet::sequence_id, kSequence);
    packet.add_uint32(Packet::sequence_flags, flags);
}

void add_interned(Message<Interned>& data, Interned table, std::uint64_t iid,
                  std::string_view name) {
    Message<InternedName> entry(data, table);
    entry.add_uint64(InternedName::iid, iid);
    entry.add_string(InternedName::name, name.data(), name.size());
}

template <class Target>
void assign(Target& code, std::string_view bytes) {
    SWAPLAB_CHECK(bytes.size() <= code.bytes.size(), "an event's code takes {} bytes, at most {}",
                  bytes.size(), code.bytes.size());
    std::ranges::copy(bytes, code.bytes.begin());
    code.size = static_cast<std::uint8_t>(bytes.size());
}

// The packet's fields behind the timestamp, then the event, whose length is patched where more of
// it follows. `type` comes first in it.
std::string event_code(std::int32_t type, const std::string& rest) {
    std::string code;
    Message<Packet> packet(code);
    begin_packet(packet, kNeedsState);
    std::string event;
    Message<Event>(event).add_int32(Event::type, type);
    packet.add_message(Packet::track_event, event + rest);
    return code;
}

char* put_time(char* to, Time at) {
    to[0] = tag(Trace::packet, Wire::length);
    to[2] = tag(Packet::timestamp, Wire::varint);
    return put_varint(to + 3, static_cast<std::uint64_t>(count_ns(at)));
}

void set_length(char* packet, const char* end) { packet[1] = static_cast<char>(end - packet - 2); }

}  // namespace

PerfettoWriter::PerfettoWriter(std::ostream& out) : buffer_(out) {
    std::string bytes;
    Message<Packet> packet(bytes);
    begin_packet(packet, kStateCleared);
    packet.add_bool(Packet::first_on_sequence, true);
    packet.add_bool(Packet::previous_packet_dropped, true);
    {
        Message<Interned> data(packet, Packet::interned_data);
        for (std::size_t kind = 0; kind < kSliceKinds; ++kind)
            add_interned(data, Interned::categories, kind + 1,
                         name_of(static_cast<SliceKind>(kind)));
    }
    write_packet(bytes);
    request_iid_ = static_cast<char>(annotation_iid("request"));
}

void PerfettoWriter::write_packet(const std::string& packet) {
    std::string framed;
    Message<Trace>(framed).add_message(Trace::packet, packet);
    buffer_.append(framed);
}

std::uint32_t PerfettoWriter::annotation_iid(const std::string& name) {
    const auto known = std::ranges::find(annotations_, name);
    const auto iid = static_cast<std::uint32_t>(known - annotations_.begin()) + 1;
    if (known != annotations_.end()) return iid;
    annotations_.push_back(name);
    std::string bytes;
    Message<Packet> packet(bytes);
    begin_packet(packet, kNeedsState);
    {
        Message<Interned> data(packet, Packet::interned_data);
        add_interned(data, Interned::annotation_names, iid, name);
    }
    write_packet(bytes);
    return iid;
}

ProcessId PerfettoWriter::add_process(const std::string& name) {
    processes_.push_back(++tracks_);
    std::string bytes;
    Message<Packet> packet(bytes);
    begin_packet(packet, kNeedsState);
    {
        Message<Descriptor> track(packet, Packet::track_descriptor);
        track.add_uint64(Descriptor::uuid, tracks_);
        track.add_int32(Descriptor::child_ordering, kExplicitOrder);
        Message<Process> process(track, Descriptor::process);
        process.add_int32(Process::pid, static_cast<std::int32_t>(processes_.size()));
        process.add_string(Process::name, name);
    }
    write_packet(bytes);
    return {static_cast<std::uint32_t>(processes_.size()) - 1};
}

std::uint64_t PerfettoWriter::add_track(std::uint64_t parent, const std::string& name,
                                        std::int32_t rank, const std::string* counter_key) {
    std::string bytes;
    Message<Packet> packet(bytes);
    begin_packet(packet, kNeedsState);
    {
        Message<Descriptor> track(packet, Packet::track_descriptor);
        track.add_uint64(Descriptor::uuid, ++tracks_);
        track.add_uint64(Descriptor::parent_uuid, parent);
        track.add_string(Descriptor::name, name);
        track.add_int32(Descriptor::child_ordering, kExplicitOrder);
        track.add_int32(Descriptor::sibling_rank, rank);
        if (counter_key != nullptr) {
            Message<Counter> counter(track, Descriptor::counter);
            counter.add_int32(Counter::unit, kSizeInBytes);
            counter.add_string(Counter::y_axis_share_key, *counter_key);
        }
    }
    write_packet(bytes);
    return tracks_;
}

LaneId PerfettoWriter::add_lane(const LaneSpec& lane) {
    const std::uint64_t uuid = add_track(processes_[lane.process.index], lane.name, lane.rank);
    std::string track;
    Message<Event>(track).add_uint64(Event::track_uuid, uuid);
    LaneCode& code = lanes_.emplace_back();
    assign(code.track, track);
    assign(code.end, event_code(kSliceEnd, track));
    return {static_cast<std::uint32_t>(lanes_.size()) - 1};
}

CountersId PerfettoWriter::add_counters(const CountersSpec& spec) {
    Counters counters;
    counters.parent = add_track(processes_[spec.process.index], spec.name, spec.rank);
    counters.share_key = text("{} {}", spec.process.index, spec.name);
    counters.series = {{spec.sum, {}, {}}, {spec.limit, {}, {}}};
    for (const std::string& name : spec.series) counters.series.push_back({name, {}, {}});
    counters_.push_back(std::move(counters));
    return {static_cast<std::uint32_t>(counters_.size()) - 1};
}

NameId PerfettoWriter::add_name(const NameSpec& name) {
    const auto iid = names_.size() + 1;
    std::string bytes;
    Message<Packet> packet(bytes);
    begin_packet(packet, kNeedsState);
    {
        Message<Interned> data(packet, Packet::interned_data);
        add_interned(data, Interned::event_names, iid, name.name);
    }
    write_packet(bytes);

    std::string fields;
    Message<Event> event(fields);
    event.add_uint64(Event::category_iids, static_cast<std::uint64_t>(name.kind) + 1);
    event.add_uint64(Event::name_iid, iid);
    for (const Argument& argument : name.arguments) {
        const std::uint32_t argument_iid = annotation_iid(argument.name);
        Message<Annotation> annotation(event, Event::annotations);
        annotation.add_uint64(Annotation::name_iid, argument_iid);
        annotation.add_int64(Annotation::int_value, argument.value);
    }
    assign(names_.emplace_back(), event_code(kSliceBegin, fields));
    return {static_cast<std::uint32_t>(iid) - 1};
}

// A packet up to the end of its event; the caller sets the packet's length.
inline char* PerfettoWriter::put_event(char* to, Time at, const EventCode& name,
                                       const LaneCode& lane, std::uint64_t flow, bool ends_flow,
                                       RequestId request) const {
    char* const code = put_time(to, at);
    std::memcpy(code, name.bytes.data(), name.bytes.size());
    char* next = code + name.size;
    std::memcpy(next, lane.track.bytes.data(), lane.track.bytes.size());
    next += lane.track.size;
    if (flow != 0) {
        const std::uint16_t flow_tag =
            wide_tag(ends_flow ? Event::terminating_flow_ids : Event::flow_ids, Wire::fixed64);
        std::memcpy(next, &flow_tag, sizeof flow_tag);
        std::memcpy(next + sizeof flow_tag, &flow, sizeof flow);
        next += sizeof flow_tag + sizeof flow;
    }
    next[0] = tag(Event::annotations, Wire::length);
    next[2] = tag(Annotation::name_iid, Wire::varint);
    next[3] = request_iid_;
    next[4] = tag(Annotation::int_value, Wire::varint);
    char* const end = put_varint(next + 5, request.index);
    set_length(next, end);
    code[kEventLengthAt] = static_cast<char>(end - code - kEventLengthAt - 1);
    set_length(to, end);
    return end;
}

void PerfettoWriter::slice(const Slice& slice) {
    const LaneCode& lane = lanes_[slice.lane.index];
    char* const begin = buffer_.next();
    char* const end = put_event(begin, slice.from, names_[slice.name.index], lane, slice.flow,
                                slice.ends_flow, slice.request);
    char* next = put_time(end, slice.to);
    std::memcpy(next, lane.end.bytes.data(), lane.end.bytes.size());
    next += lane.end.size;
    set_length(end, next);
    buffer_.advance_to(next);
}

void PerfettoWriter::instant(const Instant& instant) {
    EventCode code = names_[instant.name.index];
    code.bytes[kTypeAt] = static_cast<char>(kInstant);
    buffer_.advance_to(put_event(buffer_.next(), instant.at, code, lanes_[instant.lane.index], 0,
                                 false, instant.request));
}

void PerfettoWriter::put_value(Counters& counters, std::size_t index, Time at, Bytes value) {
    Series& series = counters.series[index];
    series.last = value;
    if (!series.code) {
        if (value == Bytes{}) return;
        const std::uint64_t uuid = add_track(counters.parent, series.name,
                                             static_cast<std::int32_t>(index), &counters.share_key);
        std::string fields;
        Message<Event> event(fields);
        event.add_uint64(Event::track_uuid, uuid);
        std::string code = event_code(kCounter, fields);
        const std::uint16_t value_tag = wide_tag(Event::counter_value, Wire::varint);
        code.append(reinterpret_cast<const char*>(&value_tag), sizeof value_tag);
        assign(series.code.emplace(), code);
    }
    char* const packet = buffer_.next();
    char* const code = put_time(packet, at);
    std::memcpy(code, series.code->bytes.data(), series.code->bytes.size());
    char* const end =
        put_varint(code + series.code->size, static_cast<std::uint64_t>(value.count));
    code[kEventLengthAt] = static_cast<char>(end - code - kEventLengthAt - 1);
    set_length(packet, end);
    buffer_.advance_to(end);
}

void PerfettoWriter::sample(const CounterSample& sample) {
    Counters& counters = counters_[sample.counters.index];
    if (sample.sum != counters.series[0].last) put_value(counters, 0, sample.at, sample.sum);
    for (std::uint32_t left = sample.changed; left != 0; left &= left - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(left));
        if (sample.series[i] != counters.series[i + 2].last)
            put_value(counters, i + 2, sample.at, sample.series[i]);
    }
}

void PerfettoWriter::limit(CountersId counters, Time at, Bytes limit) {
    put_value(counters_[counters.index], 1, at, limit);
}

}  // namespace swaplab
