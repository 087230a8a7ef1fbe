#include "experiments/report/decision_log.h"

#include "profiles/document.h"

namespace swaplab {

namespace {

std::int64_t number(std::uint32_t index) { return static_cast<std::int64_t>(index); }

std::string event_of(const Decision& decision) {
    std::string event;
    if (!decision.arrivals.empty()) event = "arrival";
    if (!decision.completions.empty()) event += event.empty() ? "completion" : "+completion";
    if (decision.budget) event += event.empty() ? "budget" : "+budget";
    return event.empty() ? "none" : event;
}

// What is done to which block; a wake-up is about none.
void write_action(JsonWriter& json, const Action& action) {
    json.member("verb", name_of(action.verb));
    if (action.verb == Verb::wake_at) return;
    json.member("job", number(action.job.index)).member("request", number(action.request.index));
    json.member("block", number(action.block.index));
    if (action.verb == Verb::copy) json.member("copy", static_cast<std::int64_t>(action.copy));
}

void write_observation(JsonWriter& json, const Decision& decision) {
    json.begin_object().key("arrivals").begin_array();
    for (const Arrival& arrival : decision.arrivals) {
        json.begin_object().member("job", number(arrival.job.index));
        json.member("request", number(arrival.request.index));
        json.member("at_ns", count_ns(arrival.at));
        if (arrival.deadline) json.member("deadline_at_ns", count_ns(*arrival.deadline));
        json.end_object();
    }
    json.end_array().key("completions").begin_array();
    for (const Completion& completion : decision.completions) {
        json.begin_object().member("ticket", number(completion.ticket.index));
        write_action(json, completion.command);
        json.member("start_ns", count_ns(completion.start));
        json.member("end_ns", count_ns(completion.end)).end_object();
    }
    json.end_array().member("memory_in_use_bytes", decision.memory_in_use.count);
    if (decision.budget) json.member("budget_bytes", decision.budget->count);
    json.end_object();
}

void write_commands(JsonWriter& json, const Decision& decision) {
    json.begin_array();
    std::uint32_t ticket = decision.first_ticket.index;
    for (const Command& command : decision.commands) {
        json.begin_object().member("ticket", number(ticket++));
        write_action(json, command);
        if (command.verb == Verb::wake_at) json.member("at_ns", count_ns(command.at));
        json.member("lane", name_of(command.lane)).key("after").begin_array();
        for (const Ticket after : command.after) json.value(number(after.index));
        json.end_array().end_object();
    }
    json.end_array();
}

}  // namespace

void DecisionLog::on_decision(const Decision& decision) {
    JsonWriter json(JsonWriter::Style::one_line);
    json.begin_object().member("t_ns", count_ns(decision.at)).member("event", event_of(decision));
    write_observation(json.key("observation"), decision);
    write_commands(json.key("commands"), decision);
    json.end_object();
    out_ << json.str() << '\n';
}

}  // namespace swaplab
