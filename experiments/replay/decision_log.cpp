#include "experiments/replay/decision_log.h"

#include "experiments/text/json_parts.h"
#include "profiles/base/hash.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"

namespace swaplab {

namespace {

constexpr std::string_view kDigestMember = R"(, "digest": ")";

std::int64_t number(std::uint32_t index) { return static_cast<std::int64_t>(index); }

// What is done to which block; a wake-up is about none. What is 0 almost always is left out.
void write_action(JsonWriter& json, const Action& action) {
    json.member("verb", name_of(action.verb));
    if (!takes_time(action.verb)) return;
    json.member("job", number(action.job.index)).member("request", number(action.request.index));
    if (action.pass != 0) json.member("pass", number(action.pass));
    json.member("block", number(action.block.index));
    if (action.lane == Lane::copy) json.member("copy", static_cast<std::int64_t>(action.copy));
    if (action.node.index != 0) json.member("node", number(action.node.index));
}

void write_arrivals(JsonWriter& json, std::span<const Arrival> arrivals) {
    json.begin_array();
    for (const Arrival& arrival : arrivals) {
        json.begin_object().member("job", number(arrival.job.index));
        json.member("request", number(arrival.request.index));
        json.member("at_ns", count_ns(arrival.at));
        if (arrival.deadline) json.member("deadline_at_ns", count_ns(*arrival.deadline));
        if (arrival.tokens)
            json.member("prompt_tokens", arrival.tokens->prompt)
                .member("output_tokens", arrival.tokens->output);
        json.end_object();
    }
    json.end_array();
}

void write_expired(JsonWriter& json, std::span<const RequestRef> expired) {
    json.begin_array();
    for (const auto& [job, request] : expired)
        json.begin_object()
            .member("job", number(job.index))
            .member("request", number(request.index))
            .end_object();
    json.end_array();
}

void write_completions(JsonWriter& json, std::span<const Completion> completions) {
    json.begin_array();
    for (const Completion& completion : completions) {
        json.begin_object().member("ticket", number(completion.ticket.index));
        write_action(json, completion.command);
        json.member("start_ns", count_ns(completion.start));
        json.member("end_ns", count_ns(completion.end));
        if (completion.released_at)
            json.member("released_at_ns", count_ns(*completion.released_at));
        if (completion.blocked_since)
            json.member("blocked_since_ns", count_ns(*completion.blocked_since));
        json.end_object();
    }
    json.end_array();
}

using Categories = std::array<Bytes, kCategories>;

void write_changed(JsonWriter& json, std::string_view name, const Categories& now,
                   const Categories& before) {
    if (now == before) return;
    json.key(name).begin_object();
    for (std::size_t i = 0; i < kCategories; ++i)
        if (now[i] != before[i]) json.member(name_of(static_cast<Category>(i)), now[i].count);
    json.end_object();
}

void write_changed(JsonWriter& json, std::string_view name, std::int64_t now, std::int64_t before) {
    if (now != before) json.member(name, now);
}

// What of the memory is not as the log said last, except for what is in use.
void write_memory(JsonWriter& json, const MemoryReport& now, const MemoryReport& told) {
    json.begin_object();
    write_changed(json, "peak_bytes", now.peak.count, told.peak.count);
    write_changed(json, "by_category", now.by_category, told.by_category);
    write_changed(json, "peak_by_category", now.peak_by_category, told.peak_by_category);
    write_changed(json, "largest_hole_bytes", now.largest_hole.count, told.largest_hole.count);
    write_changed(json, "arena_bytes", now.arena_bytes.count, told.arena_bytes.count);
    write_changed(json, "over_budget_ns", count_ns(now.over_budget), count_ns(told.over_budget));
    json.end_object();
}

void write_command(JsonWriter& json, const Command& command, std::uint32_t ticket) {
    json.begin_object().member("ticket", number(ticket));
    write_action(json, command);
    if (command.verb == kWake) json.member("at_ns", count_ns(command.at));
    json.member("lane", name_of(command.lane)).key("after").begin_array();
    for (const Ticket after : command.after) json.value(number(after.index));
    json.end_array().end_object();
}

// Commands and cancellations in the order in which they were asked for.
void write_moves(JsonWriter& json, const Decision& decision) {
    json.begin_array();
    auto cancelled = decision.cancellations.begin();
    for (std::size_t i = 0; i <= decision.commands.size(); ++i) {
        for (; cancelled != decision.cancellations.end() && cancelled->before_it == i; ++cancelled)
            json.begin_object()
                .member("verb", "cancel")
                .member("ticket", number(cancelled->ticket.index))
                .member("cancelled", cancelled->done)
                .end_object();
        if (i < decision.commands.size())
            write_command(json, decision.commands[i],
                          decision.first_ticket.index + static_cast<std::uint32_t>(i));
    }
    json.end_array();
}

void write_models(JsonWriter& json, const Scenario& scenario) {
    json.begin_array();
    for (const ModelChoice& choice : scenario.models)
        json.begin_object()
            .member("spec", choice.spec)
            .member("name", choice.model->name())
            .member("hash", model_hash(*choice.model))
            .end_object();
    json.end_array();
}

void write_file(JsonWriter& json, std::string_view key, const std::string& path) {
    if (!path.empty()) json.member(key, path);
}

// All that the plan and the scheduler are made from, and where the observations came from.
void write_origin(JsonWriter& json, const Scenario& scenario, const std::string& policy) {
    json.member("schema", "swaplab/decisions/2").member("version", SWAPLAB_VERSION);
    json.member("backend", scenario.backend->name);
    write_models(json.key("models"), scenario);
    json.key("device").begin_object().member("spec", scenario.device.spec);
    json.member("name", scenario.device.platform.name)
        .member("hash", device_hash(scenario.device.platform));
    json.end_object().member("policy", policy);
    if (scenario.path) json.member("swap_path", name_of(*scenario.path));
    json.member("account", name_of(scenario.account));
    json.member("mode", scenario.arrival_text());
    if (const auto asked = scenario.requests_asked()) json.member("requests", *asked);
    json.member("dispatch", scenario.dispatch.spec);
    if (scenario.workload.overrun.any()) json.member("overrun", text_of(scenario.workload.overrun));
    write_file(json, "arrivals", scenario.arrivals_file);
    write_file(json, "budget_trace", scenario.budget_trace_file);
    write_file(json, "mode_trace", scenario.mode_trace_file);
    json.member("noise", scenario.noise.has_value());
}

}  // namespace

std::string event_text(bool arrivals, bool completions, bool budget, bool mode, bool expired) {
    std::string event;
    const auto add = [&](bool happened, std::string_view name) {
        if (!happened) return;
        if (!event.empty()) event += '+';
        event += name;
    };
    add(arrivals, "arrival");
    add(completions, "completion");
    add(budget, "budget");
    add(mode, "mode");
    add(expired, "deadline");
    return event.empty() ? "none" : event;
}

void write_deployment(JsonWriter& json, const Deployment& deployment) {
    json.begin_array();
    for (const JobPlan& job : deployment.jobs) {
        json.begin_object().member("budget_bytes", job.budget.count);
        json.member("arena_bytes", job.at_start().arena_bytes().count).key("blocks").begin_array();
        for (const Block& block : job.blocks)
            json.begin_array().value(number(block.first)).value(number(block.last)).end_array();
        json.end_array().end_object();
    }
    json.end_array();
}

std::string chained_digest(std::string_view content, std::string_view before) {
    return hex_digest(std::string(before) + std::string(content));
}

DigestedLine split_digest(std::string_view line) {
    constexpr std::size_t digits = 32;
    const std::size_t length = kDigestMember.size() + digits + 2;  // and "}
    if (line.size() < length || !line.ends_with("\"}")) return {std::string(line), std::nullopt};
    const std::string_view tail = line.substr(line.size() - length);
    if (!tail.starts_with(kDigestMember)) return {std::string(line), std::nullopt};
    return {std::string(line.substr(0, line.size() - length)) + '}',
            std::string(tail.substr(kDigestMember.size(), digits))};
}

DecisionLog::DecisionLog(std::ostream& out, const Scenario& scenario, std::string policy)
    : out_(out), scenario_(scenario), policy_(std::move(policy)) {}

void DecisionLog::write_line(const JsonWriter& json) {
    std::string line = json.str();
    digest_ = chained_digest(line, digest_);
    line.pop_back();
    out_ << line << kDigestMember << digest_ << "\"}\n";
}

void DecisionLog::on_start(const DeviceSetup& setup, const Workload& workload) {
    JsonWriter json(JsonWriter::Style::one_line);
    json.begin_object().member("t_ns", 0).member("event", "start");
    json.key("observation").begin_object();
    write_origin(json, scenario_, policy_);
    write_optional(json.key("budget_bytes"), setup.budget);
    json.member("budget_may_change", !workload.budget_changes.empty());
    json.member("device_mode_may_change", !workload.mode_changes.empty());
    write_deployment(json.key("deployment"), setup.deployment);
    json.end_object().key("commands").begin_array().end_array().end_object();
    write_line(json);
}

void DecisionLog::on_decision(const Decision& decision) {
    JsonWriter json(JsonWriter::Style::one_line);
    json.begin_object().member("t_ns", count_ns(decision.at));
    json.member("event", event_text(!decision.arrivals.empty(), !decision.completions.empty(),
                                    decision.budget.has_value(), decision.mode != nullptr,
                                    !decision.expired.empty()));
    json.key("observation").begin_object();
    write_arrivals(json.key("arrivals"), decision.arrivals);
    write_completions(json.key("completions"), decision.completions);
    json.member("memory_in_use_bytes", decision.memory.in_use.count);
    write_memory(json.key("memory"), decision.memory, told_);
    if (decision.budget) json.member("budget_bytes", decision.budget->count);
    if (decision.mode != nullptr) json.member("device_mode", *decision.mode);
    if (!decision.expired.empty()) write_expired(json.key("expired"), decision.expired);
    json.end_object();
    write_moves(json.key("commands"), decision);
    json.end_object();
    told_ = decision.memory;
    at_ = decision.at;
    ++decisions_;
    commands_ += std::ssize(decision.commands);
    write_line(json);
}

void DecisionLog::finish(std::string_view verdict) {
    JsonWriter json(JsonWriter::Style::one_line);
    json.begin_object().member("t_ns", count_ns(at_)).member("event", "end");
    json.key("observation").begin_object();
    json.member("decisions", decisions_).member("commands", commands_);
    json.member("verdict", verdict).end_object();
    json.key("commands").begin_array().end_array().end_object();
    write_line(json);
}

}  // namespace swaplab
