#include "experiments/replay/recorded_log.h"

#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>
#include <tuple>

#include "experiments/replay/decision_log.h"
#include "experiments/request/words.h"
#include "experiments/text/positioned.h"
#include "profiles/base/error.h"
#include "profiles/base/reading.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::uint32_t index_of(const Field& field) {
    const std::int64_t count = field.as_count();
    if (count >= std::numeric_limits<std::uint32_t>::max())
        field.fail_expecting("an index below 2^32-1");
    return static_cast<std::uint32_t>(count);
}

template <class Enum>
Enum named(const Field& field, std::size_t values, std::string_view what) {
    const std::string name = field.as_string();
    for (std::size_t i = 0; i < values; ++i)
        if (name == name_of(static_cast<Enum>(i))) return static_cast<Enum>(i);
    field.fail_expecting(what);
}

std::uint32_t index_or_zero(Fields& fields, std::string_view key) {
    const auto field = fields.optional(key);
    return field ? index_of(*field) : 0;
}

std::optional<Time> optional_time(Fields& fields, std::string_view key) {
    const auto field = fields.optional(key);
    if (!field) return std::nullopt;
    return at_ns(field->as_count());
}

Time required_time(Fields& fields, std::string_view key) {
    return at_ns(fields.required(key).as_count());
}

Action read_action(Fields& fields) {
    Action action;
    action.verb = named<Verb>(fields.required("verb"), kVerbs, "a verb");
    action.lane = lane_of(action.verb);
    if (!takes_time(action.verb)) return action;
    action.job = {index_of(fields.required("job"))};
    action.request = {index_of(fields.required("request"))};
    action.pass = index_or_zero(fields, "pass");
    action.block = {index_of(fields.required("block"))};
    action.copy = static_cast<std::uint8_t>(index_or_zero(fields, "copy"));
    action.node = {index_or_zero(fields, "node")};
    return action;
}

Arrival read_arrival(const Field& field) {
    Fields fields(field);
    Arrival arrival;
    arrival.job = {index_of(fields.required("job"))};
    arrival.request = {index_of(fields.required("request"))};
    arrival.at = required_time(fields, "at_ns");
    arrival.deadline = optional_time(fields, "deadline_at_ns");
    if (const auto prompt = fields.optional("prompt_tokens"))
        arrival.tokens =
            TokenCounts{prompt->as_positive(), fields.required("output_tokens").as_positive()};
    fields.finish();
    return arrival;
}

RequestRef read_request(const Field& field) {
    Fields fields(field);
    const RequestRef request{{index_of(fields.required("job"))},
                             {index_of(fields.required("request"))}};
    fields.finish();
    return request;
}

Completion read_completion(const Field& field) {
    Fields fields(field);
    Completion completion;
    completion.ticket = {index_of(fields.required("ticket"))};
    completion.command = read_action(fields);
    completion.start = required_time(fields, "start_ns");
    completion.end = required_time(fields, "end_ns");
    completion.released_at = optional_time(fields, "released_at_ns");
    completion.blocked_since = optional_time(fields, "blocked_since_ns");
    fields.finish();
    return completion;
}

After read_after(const Field& field) {
    After after;
    const std::vector<Field> tickets = field.as_array();
    if (tickets.size() > After::kMost)
        field.fail_expecting(text("at most {} tickets", After::kMost));
    for (const Field& ticket : tickets) after.add({index_of(ticket)});
    return after;
}

RecordedMove read_move(const Field& field) {
    Fields fields(field);
    RecordedMove move;
    move.ticket = {index_of(fields.required("ticket"))};
    if (fields.required("verb").as_string() == "cancel") {
        move.cancelled = fields.required("cancelled").as_bool();
    } else {
        Command& command = move.command.emplace();
        static_cast<Action&>(command) = read_action(fields);
        if (command.verb == kWake) command.at = required_time(fields, "at_ns");
        command.lane = named<Lane>(fields.required("lane"), kLanes + 1, "a lane");
        command.after = read_after(fields.required("after"));
    }
    fields.finish();
    return move;
}

void read_categories(Fields& memory, std::string_view key, std::array<Bytes, kCategories>& into) {
    const auto field = memory.optional(key);
    if (!field) return;
    Fields fields(*field);
    for (std::size_t i = 0; i < kCategories; ++i)
        if (const auto bytes = fields.optional(name_of(static_cast<Category>(i))))
            into[i] = Bytes{bytes->as_integer()};
    fields.finish();
}

void read_bytes(Fields& memory, std::string_view key, Bytes& into) {
    if (const auto field = memory.optional(key)) into = Bytes{field->as_integer()};
}

void read_memory(const Field& field, MemoryReport& memory) {
    Fields fields(field);
    read_bytes(fields, "peak_bytes", memory.peak);
    read_categories(fields, "by_category", memory.by_category);
    read_categories(fields, "peak_by_category", memory.peak_by_category);
    read_bytes(fields, "largest_hole_bytes", memory.largest_hole);
    read_bytes(fields, "arena_bytes", memory.arena_bytes);
    if (const auto over = fields.optional("over_budget_ns"))
        memory.over_budget = Duration{over->as_count()};
    fields.finish();
}

// What `choose` makes of a value that is a word.
template <class Choose>
auto chosen(const Field& field, Choose choose) {
    return positioned(field, [&] { return choose(field.as_string()); });
}

// A model or a device: what `choose` makes of its spec, and its hash when it was recorded.
template <class Choose>
auto read_named(const Field& field, Choose choose) {
    Fields fields(field);
    auto choice = chosen(fields.required("spec"), choose);
    static_cast<void>(fields.required("name").as_string());
    std::string hash = fields.required("hash").as_string();
    fields.finish();
    return std::pair{std::move(choice), std::move(hash)};
}

std::string one_line(const Field& field) {
    JsonWriter json(JsonWriter::Style::one_line);
    json.value(field.value());
    return json.str();
}

RecordedOrigin read_origin(const Field& field) {
    Fields fields(field);
    RecordedOrigin origin;
    const Field schema = fields.required("schema");
    origin.has_end = schema.as_string() != "swaplab/decisions/1";
    if (origin.has_end && schema.as_string() != "swaplab/decisions/2")
        schema.fail_expecting("swaplab/decisions/2 or swaplab/decisions/1");
    for (const char* informative :
         {"version", "mode", "requests", "arrivals", "budget_trace", "mode_trace", "noise"})
        static_cast<void>(fields.optional(informative));
    origin.backend = &chosen(fields.required("backend"), [](const std::string& name) {
                          return std::cref(backend_named(name));
                      }).get();
    for (const Field& model : fields.required("models").as_array()) {
        auto [choice, hash] = read_named(model, choose_model);
        origin.models.push_back({std::move(choice), std::move(hash)});
    }
    if (origin.models.empty()) fields.required("models").fail_expecting("at least one model");
    std::tie(origin.device, origin.device_hash) =
        read_named(fields.required("device"), choose_device);
    origin.policy = chosen(fields.required("policy"), choose_policy);
    if (const auto path = fields.optional("swap_path"))
        origin.swap_path = chosen(*path, parse_swap_path);
    origin.account = chosen(fields.required("account"), parse_account);
    origin.dispatch = chosen(fields.required("dispatch"), make_dispatch);
    if (const auto overrun = fields.optional("overrun"))
        origin.overrun = chosen(*overrun, parse_overrun);
    const Field budget = fields.required("budget_bytes");
    if (budget.value().kind != Value::Kind::null) origin.budget = Bytes{budget.as_positive()};
    origin.budget_may_change = fields.required("budget_may_change").as_bool();
    if (const auto changes = fields.optional("device_mode_may_change"))
        origin.mode_may_change = changes->as_bool();
    origin.deployment = one_line(fields.required("deployment"));
    fields.finish();
    return origin;
}

void read_observation(const Field& field, RecordedDecision& decision) {
    Fields fields(field);
    for (const Field& arrival : fields.required("arrivals").as_array())
        decision.arrivals.push_back(read_arrival(arrival));
    for (const Field& completion : fields.required("completions").as_array())
        decision.completions.push_back(read_completion(completion));
    decision.memory.in_use = Bytes{fields.required("memory_in_use_bytes").as_integer()};
    if (const auto memory = fields.optional("memory")) read_memory(*memory, decision.memory);
    if (const auto budget = fields.optional("budget_bytes"))
        decision.budget = Bytes{budget->as_positive()};
    if (const auto mode = fields.optional("device_mode")) decision.mode = mode->as_string();
    if (const auto expired = fields.optional("expired"))
        for (const Field& request : expired->as_array())
            decision.expired.push_back(read_request(request));
    fields.finish();
}

}  // namespace

// Reads one line with `read(fields)`; false at the end of the file. A line is a document of its
// own, whose messages name line 1: they get the number of the line in the log.
template <class Read>
bool RecordedLog::read_line(Read read) {
    std::string line;
    if (!next_line(stream_, line, path_)) return false;
    ++line_;
    try {
        const Document document = parse_json(line, path_);
        Fields fields(Field::root(document));
        const auto digest = fields.optional("digest");
        if (digest) static_cast<void>(digest->as_string());
        read(fields);
        fields.finish();
        check_digest(line, digest.has_value());
    } catch (const InputError& error) {
        if (cut_here()) return false;
        const std::string message = error.what();
        const std::string one = path_ + ":1:";
        if (!message.starts_with(one)) throw InputError(text("{}:{}: {}", path_, line_, message));
        throw InputError(text("{}:{}:{}", path_, line_, message.substr(one.size())));
    }
    return true;
}

// Whoever writes a line ends it: this is the last of a log that was cut. Old logs have no end to
// miss, so that what is wrong with the line is said.
bool RecordedLog::cut_here() {
    if (!stream_.eof() || line_ == 1 || !origin_.has_end) return false;
    --line_;
    return true;
}

void RecordedLog::read_end(Fields& fields) {
    Fields observation(fields.required("observation"));
    RecordedEnd end;
    end.decisions = observation.required("decisions").as_count();
    end.commands = observation.required("commands").as_count();
    end.verdict = observation.required("verdict").as_string();
    observation.finish();
    static_cast<void>(fields.required("commands").as_array());
    end_ = std::move(end);
}

bool RecordedLog::goes_on() {
    std::string line;
    if (!next_line(stream_, line, path_)) return false;
    ++line_;
    return true;
}

void RecordedLog::check_digest(const std::string& line, bool has_digest) {
    tampering_.reset();
    if (line_ == 1) digested_ = has_digest;
    if (!digested_ && !has_digest) return;
    const DigestedLine parts = split_digest(line);
    digest_ = chained_digest(parts.content, digest_);
    if (!has_digest)
        tampering_ = "the line has no digest, others have";
    else if (parts.digest != digest_)
        tampering_ = text("the line's text gives the digest {}, not the one it carries", digest_);
}

RecordedLog::RecordedLog(const std::string& path) : path_(path), stream_(path, std::ios::binary) {
    if (!stream_) throw InputError(text("cannot read '{}': {}", path, std::strerror(errno)));
    const bool any = read_line([&](Fields& fields) {
        const Field event = fields.required("event");
        if (event.as_string() != "start")
            event.fail_expecting("'start', which says what was run, in the first line");
        static_cast<void>(fields.required("t_ns").as_count());
        origin_ = read_origin(fields.required("observation"));
        static_cast<void>(fields.required("commands").as_array());
    });
    if (!any) throw InputError(text("'{}' is empty, expected a decision log", path));
}

std::optional<RecordedDecision> RecordedLog::next() {
    RecordedDecision decision;
    decision.memory = memory_;
    const bool any = read_line([&](Fields& fields) {
        decision.at = required_time(fields, "t_ns");
        decision.event = fields.required("event").as_string();
        if (origin_.has_end && decision.event == "end") return read_end(fields);
        read_observation(fields.required("observation"), decision);
        for (const Field& move : fields.required("commands").as_array())
            decision.moves.push_back(read_move(move));
    });
    if (!any || end_) return std::nullopt;
    memory_ = decision.memory;
    return decision;
}

}  // namespace swaplab
