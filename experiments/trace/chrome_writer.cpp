#include "experiments/trace/chrome_writer.h"

#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

std::string quoted(std::string_view content) {
    JsonWriter json(JsonWriter::Style::one_line);
    json.value(content);
    return json.str();
}

// Nanoseconds as microseconds, exactly.
std::string us(std::int64_t ns) { return text("{}.{:03}", ns / 1000, ns % 1000); }
std::string us(Time at) { return us(count_ns(at)); }

std::string place_of(ProcessId process, std::size_t lane) {
    return text(R"("pid":{},"tid":{})", process.index + 1, lane);
}

}  // namespace

ChromeWriter::ChromeWriter(std::ostream& out) : buffer_(out) {
    buffer_.append(R"({"displayTimeUnit":"ns","traceEvents":[)");
}

void ChromeWriter::event(const std::string& members) {
    buffer_.append(first_ ? "\n{" : ",\n{");
    first_ = false;
    buffer_.append(members);
    buffer_.append("}");
}

void ChromeWriter::metadata(std::string_view what, const std::string& place, std::string_view key,
                            const std::string& value) {
    event(text(R"("ph":"M","name":"{}",{},"args":{{"{}":{}}})", what, place, key, value));
}

ProcessId ChromeWriter::add_process(const std::string& name) {
    const ProcessId process{processes_++};
    metadata("process_name", place_of(process, 0), "name", quoted(name));
    metadata("process_sort_index", place_of(process, 0), "sort_index", text("{}", process.index));
    return process;
}

LaneId ChromeWriter::add_lane(const LaneSpec& lane) {
    lanes_.push_back({place_of(lane.process, lanes_.size() + 1), lane.kind});
    metadata("thread_name", lanes_.back().place, "name", quoted(lane.name));
    metadata("thread_sort_index", lanes_.back().place, "sort_index", text("{}", lane.rank));
    return {static_cast<std::uint32_t>(lanes_.size()) - 1};
}

CountersId ChromeWriter::add_counters(const CountersSpec& counters) {
    counters_.push_back(counters);
    return {static_cast<std::uint32_t>(counters_.size()) - 1};
}

NameId ChromeWriter::add_name(const NameSpec& spec) {
    Name name{quoted(spec.name), {}};
    for (const Argument& argument : spec.arguments)
        name.arguments += text(",{}:{}", quoted(argument.name), argument.value);
    names_.push_back(std::move(name));
    return {static_cast<std::uint32_t>(names_.size()) - 1};
}

void ChromeWriter::slice(const Slice& slice) {
    const Name& name = names_[slice.name.index];
    const Lane& lane = lanes_[slice.lane.index];
    const std::string pass = slice.pass ? text(R"(,"pass":{})", *slice.pass) : "";
    event(text(R"("ph":"X","name":{},"cat":"{}",{},"ts":{},"dur":{},"args":{{"request":{}{}{}}})",
               name.quoted, name_of(lane.kind), lane.place, us(slice.from),
               us((slice.to - slice.from).count()), slice.request.index, pass, name.arguments));
    if (slice.flow == 0) return;
    if (const auto tail = flows_.find(slice.flow); tail != flows_.end()) arrow(tail->second, slice);
    if (slice.ends_flow)
        flows_.erase(slice.flow);
    else
        flows_[slice.flow] = {slice.lane, slice.from};
}

// Both ends stand at the beginning of their slices: the format ties an end to the slice around it.
void ChromeWriter::arrow(const Tail& from, const Slice& to) {
    const std::uint64_t id = ++arrows_;
    event(text(R"("ph":"s","name":"block","cat":"flow","id":{},{},"ts":{})", id,
               lanes_[from.lane.index].place, us(from.at)));
    event(text(R"("ph":"f","bp":"e","name":"block","cat":"flow","id":{},{},"ts":{})", id,
               lanes_[to.lane.index].place, us(to.from)));
}

void ChromeWriter::instant(const Instant& instant) {
    const Name& name = names_[instant.name.index];
    const Lane& lane = lanes_[instant.lane.index];
    event(text(R"("ph":"i","s":"t","name":{},"cat":"{}",{},"ts":{},"args":{{"request":{}{}}})",
               name.quoted, name_of(lane.kind), lane.place, us(instant.at), instant.request.index,
               name.arguments));
}

// One event with all series, which viewers stack; the sum is theirs.
void ChromeWriter::sample(const CounterSample& sample) {
    const CountersSpec& counters = counters_[sample.counters.index];
    std::string values;
    for (std::size_t i = 0; i < counters.series.size(); ++i)
        values +=
            text("{}\"{}\":{}", i == 0 ? "" : ",", counters.series[i], sample.series[i].count);
    event(text(R"("ph":"C","name":"{}",{},"ts":{},"args":{{{}}})", counters.name,
               place_of(counters.process, 0), us(sample.at), values));
}

void ChromeWriter::limit(CountersId id, Time at, Bytes limit) {
    const CountersSpec& counters = counters_[id.index];
    event(text(R"("ph":"C","name":"{}",{},"ts":{},"args":{{"{}":{}}})", counters.limit,
               place_of(counters.process, 0), us(at), counters.limit, limit.count));
}

void ChromeWriter::finish() {
    buffer_.append("\n]}\n");
    buffer_.flush();
}

}  // namespace swaplab
