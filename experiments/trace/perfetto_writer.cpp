#include "experiments/trace/perfetto_writer.h"

#include <algorithm>
#include <bit>
#include <protozero/pbf_builder.hpp>

#include "experiments/trace/perfetto_format.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using namespace perfetto;
template <class Field>
using Message = protozero::pbf_builder<Field>;

constexpr std::uint32_t kSequence = 1;

// The code of a lane begins with the same fields of the packet; these bytes are patched.
constexpr std::size_t kEventLengthAt = 5;  // events are shorter than 128 bytes
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
    SWAPLAB_CHECK(bytes.size() <= code.bytes.size(), "a code of {} bytes, at most {}", bytes.size(),
                  code.bytes.size());
    std::ranges::copy(bytes, code.bytes.begin());
    code.size = static_cast<std::uint8_t>(bytes.size());
}

template <class Target>
char* put(char* to, const Target& code) {
    std::memcpy(to, code.bytes.data(), code.bytes.size());
    return to + code.size;
}

// The packet's fields behind the timestamp, with an event of that type on that track. What uses
// interned names says so.
std::string event_code(std::int32_t type, std::uint64_t track, std::optional<SliceKind> kind) {
    std::string fields;
    Message<Event> event(fields);
    event.add_int32(Event::type, type);  // first: see kTypeAt
    event.add_uint64(Event::track_uuid, track);
    if (kind) event.add_uint64(Event::category_iids, static_cast<std::uint64_t>(*kind) + 1);
    std::string code;
    Message<Packet> packet(code);
    packet.add_uint32(Packet::sequence_id, kSequence);
    if (kind) packet.add_uint32(Packet::sequence_flags, kNeedsState);
    packet.add_message(Packet::track_event, fields);
    return code;
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
    request_iid_ = annotation_iid("request");
    pass_iid_ = annotation_iid("pass");
    encode_whose({}, std::nullopt);
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
    const std::uint64_t track = add_track(processes_[lane.process.index], lane.name, lane.rank);
    LaneCode& code = lanes_.emplace_back();
    assign(code.begin, event_code(kSliceBegin, track, lane.kind));
    assign(code.end, event_code(kSliceEnd, track, std::nullopt));
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
    event.add_uint64(Event::name_iid, iid);
    for (const Argument& argument : name.arguments) {
        const std::uint32_t argument_iid = annotation_iid(argument.name);
        Message<Annotation> annotation(event, Event::annotations);
        annotation.add_uint64(Annotation::name_iid, argument_iid);
        annotation.add_int64(Annotation::int_value, argument.value);
    }
    assign(names_.emplace_back(), fields);
    return {static_cast<std::uint32_t>(iid) - 1};
}

void PerfettoWriter::encode_whose(RequestId request, std::optional<std::uint32_t> pass) {
    std::string fields;
    {
        Message<Event> event(fields);
        const auto annotate = [&](std::uint64_t iid, std::uint32_t value) {
            Message<Annotation> annotation(event, Event::annotations);
            annotation.add_uint64(Annotation::name_iid, iid);
            annotation.add_int64(Annotation::int_value, value);
        };
        annotate(request_iid_, request.index);
        if (pass) annotate(pass_iid_, *pass);
    }
    assign(whose_code_, fields);
    request_ = request;
    pass_ = pass;
}

inline char* PerfettoWriter::put_time(char* to, Time at) {
    to[0] = tag(Trace::packet, Wire::length);
    to[2] = tag(Packet::timestamp, Wire::varint);
    return times_.put(to + 3, static_cast<std::uint64_t>(count_ns(at)));
}

// A packet with the beginning of a slice.
inline char* PerfettoWriter::put_event(char* to, const Slice& slice) {
    char* const code = put_time(to, slice.from);
    char* next = put(code, lanes_[slice.lane.index].begin);
    next = put(next, names_[slice.name.index]);
    if (slice.flow != 0) {
        const std::uint16_t flow_tag = wide_tag(
            slice.ends_flow ? Event::terminating_flow_ids : Event::flow_ids, Wire::fixed64);
        std::memcpy(next, &flow_tag, sizeof flow_tag);
        std::memcpy(next + sizeof flow_tag, &slice.flow, sizeof slice.flow);
        next += sizeof flow_tag + sizeof slice.flow;
    }
    if (slice.request != request_ || slice.pass != pass_) [[unlikely]]
        encode_whose(slice.request, slice.pass);
    char* const end = put(next, whose_code_);
    code[kEventLengthAt] = static_cast<char>(end - code - kEventLengthAt - 1);
    set_length(to, end);
    return end;
}

void PerfettoWriter::slice(const Slice& slice) {
    char* const begin = buffer_.next();
    char* const end = put_event(begin, slice);
    char* const next = put(put_time(end, slice.to), lanes_[slice.lane.index].end);
    set_length(end, next);
    buffer_.advance_to(next);
}

void PerfettoWriter::instant(const Instant& instant) {
    char* const begin = buffer_.next();
    const Slice slice{instant.lane, instant.name, instant.at, instant.at, instant.request, 0,
                      false};
    char* const end = put_event(begin, slice);
    begin[3 + times_.size() + kTypeAt] = static_cast<char>(kInstant);
    set_length(begin, end);
    buffer_.advance_to(end);
}

void PerfettoWriter::make_series(Counters& counters, std::size_t index) {
    Series& series = counters.series[index];
    const std::uint64_t track = add_track(counters.parent, series.name,
                                          static_cast<std::int32_t>(index), &counters.share_key);
    std::string code = event_code(kCounter, track, std::nullopt);
    const std::uint16_t value_tag = wide_tag(Event::counter_value, Wire::varint);
    code.append(reinterpret_cast<const char*>(&value_tag), sizeof value_tag);
    assign(series.code.emplace(), code);
}

// The code without sequence flags is two bytes shorter, and so stands the event's length.
constexpr std::size_t kCounterLengthAt = kEventLengthAt - 2;

void PerfettoWriter::put_value(Counters& counters, std::size_t index, Time at, Bytes value) {
    Series& series = counters.series[index];
    if (value == series.last) return;
    series.last = value;
    if (!series.code) [[unlikely]]
        make_series(counters, index);
    char* const packet = buffer_.next();
    char* const code = put_time(packet, at);
    char* const end = values_.put(put(code, *series.code), static_cast<std::uint64_t>(value.count));
    code[kCounterLengthAt] = static_cast<char>(end - code - kCounterLengthAt - 1);
    set_length(packet, end);
    buffer_.advance_to(end);
}

void PerfettoWriter::sample(const CounterSample& sample) {
    Counters& counters = counters_[sample.counters.index];
    put_value(counters, 0, sample.at, sample.sum);
    for (std::uint32_t left = sample.changed; left != 0; left &= left - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(left));
        put_value(counters, i + 2, sample.at, sample.series[i]);
    }
}

void PerfettoWriter::limit(CountersId counters, Time at, Bytes limit) {
    put_value(counters_[counters.index], 1, at, limit);
}

}  // namespace swaplab
