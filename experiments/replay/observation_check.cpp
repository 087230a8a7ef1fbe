#include "experiments/replay/observation_check.h"

#include <algorithm>

#include "experiments/replay/decision_log.h"
#include "policies/run/arrivals.h"
#include "profiles/base/text.h"

namespace swaplab {

std::string describe(const Action& action) {
    if (!takes_time(action.verb)) return std::string(name_of(action.verb));
    std::string what = text("{} of block {} of job {}, request {}", name_of(action.verb),
                            action.block.index, action.job.index, action.request.index);
    if (action.pass != 0) what += text(", pass {}", action.pass);
    if (action.copy != 0) what += text(", copy {}", action.copy);
    if (action.node.index != 0) what += text(", node {}", action.node.index);
    return what;
}

bool same(const Action& a, const Action& b) {
    if (a.verb != b.verb) return false;
    if (!takes_time(a.verb)) return true;
    return a.job == b.job && a.request == b.request && a.pass == b.pass && a.block == b.block &&
           a.copy == b.copy && a.node == b.node;
}

ObservationCheck::ObservationCheck(std::size_t jobs, Account account, bool virtual_time,
                                   std::vector<std::string> modes, Overrun overrun)
    : account_(account),
      virtual_time_(virtual_time),
      modes_(std::move(modes)),
      overrun_(overrun),
      arrived_(jobs, 0) {}

std::optional<std::string> ObservationCheck::observe(const RecordedDecision& decision) {
    if (auto wrong = check_order(decision)) return wrong;
    now_ = decision.at;
    for (const Completion& completion : decision.completions)
        if (auto wrong = check_completion(completion)) return wrong;
    for (const Arrival& arrival : decision.arrivals)
        if (auto wrong = check_arrival(arrival)) return wrong;
    for (const RequestRef& expired : decision.expired)
        if (auto wrong = check_expired(expired)) return wrong;
    return check_memory(decision.memory);
}

std::optional<std::string> ObservationCheck::check_order(const RecordedDecision& decision) const {
    if (decision.at < now_)
        return text("t_ns {} is before {}, that of the line before", count_ns(decision.at),
                    count_ns(now_));
    const std::string event = event_text(!decision.arrivals.empty(), !decision.completions.empty(),
                                         decision.budget.has_value(), decision.mode.has_value(),
                                         !decision.expired.empty());
    if (decision.event != event)
        return text("the event is '{}', but what was observed is '{}'", decision.event, event);
    if (decision.mode && std::ranges::find(modes_, *decision.mode) == modes_.end())
        return text("the device changes to the mode '{}', which it cannot", *decision.mode);
    const auto late = std::ranges::is_sorted_until(decision.completions, {}, &Completion::end);
    if (late != decision.completions.end())
        return text("ticket {} ended before the completion it stands behind", late->ticket.index);
    return std::nullopt;
}

std::optional<std::string> ObservationCheck::check_arrival(const Arrival& arrival) {
    if (arrival.job.index >= arrived_.size())
        return text("a request of job {} arrives, there are {} jobs", arrival.job.index,
                    arrived_.size());
    const std::uint32_t expected = arrived_[arrival.job.index];
    const bool may_have_dropped = overrun_.most_waiting && arrival.request.index > expected;
    arrived_[arrival.job.index] = arrival.request.index + 1;
    if (overrun_.aborts && arrival.deadline)
        deadlines_[{arrival.job.index, arrival.request.index}] = *arrival.deadline;
    if (arrival.request.index != expected && !may_have_dropped)
        return text("request {} of job {} arrives, the next is {}", arrival.request.index,
                    arrival.job.index, expected);
    // Of a long stream, all of which has arrived at the start, the rest is told later.
    const bool told_later =
        arrival.at == kStart && arrival.request.index >= Arrivals::kMostAhead;
    if (arrival.at > now_ || (virtual_time_ && arrival.at != now_ && !told_later))
        return text("an arrival at {} ns was seen at {} ns", count_ns(arrival.at), count_ns(now_));
    return std::nullopt;
}

std::optional<std::string> ObservationCheck::check_expired(const RequestRef& expired) const {
    const auto deadline = deadlines_.find({expired.job.index, expired.request.index});
    if (deadline == deadlines_.end())
        return text("request {} of job {} expires, which has no deadline or has not arrived",
                    expired.request.index, expired.job.index);
    if (deadline->second > now_ || (virtual_time_ && deadline->second != now_))
        return text("request {} of job {} expires at {} ns, its deadline is {} ns",
                    expired.request.index, expired.job.index, count_ns(now_),
                    count_ns(deadline->second));
    return std::nullopt;
}

std::optional<std::string> ObservationCheck::check_completion(const Completion& completion) {
    const std::uint32_t ticket = completion.ticket.index;
    if (ticket >= tickets_.size())
        return text("ticket {} ended, {} were submitted", ticket, tickets_.size());
    Submitted& submitted = tickets_[ticket];
    if (submitted.end) return text("ticket {} ended twice", ticket);
    if (submitted.cancelled) return text("ticket {} ended although it was cancelled", ticket);
    if (!same(submitted.command, completion.command))
        return text("ticket {} was submitted as {}, and ended as {}", ticket,
                    describe(submitted.command), describe(completion.command));
    const auto ns = [](Time t) { return count_ns(t); };
    if (completion.start > completion.end)
        return text("ticket {} started at {} ns and ended before, at {} ns", ticket,
                    ns(completion.start), ns(completion.end));
    if (completion.end > now_ || (virtual_time_ && completion.end != now_))
        return text("ticket {} ended at {} ns and was seen at {} ns", ticket, ns(completion.end),
                    ns(now_));
    for (const Ticket after : submitted.command.after) {
        const Submitted& before = tickets_[after.index];
        if (!before.end && !before.cancelled)
            return text("ticket {} ended, but ticket {}, which it waits for, had not", ticket,
                        after.index);
        if (before.end && *before.end > completion.start)
            return text(
                "ticket {} started at {} ns, before ticket {}, which it waits for, ended "
                "at {} ns",
                ticket, ns(completion.start), after.index, ns(*before.end));
    }
    submitted.end = completion.end;
    return std::nullopt;
}

std::optional<std::string> ObservationCheck::check_memory(const MemoryReport& memory) {
    Bytes sum;
    for (std::size_t i = 0; i < kCategories; ++i) {
        const Bytes bytes = memory.by_category[i];
        if (bytes.count < 0)
            return text("{} bytes of {} are in use", bytes.count,
                        name_of(static_cast<Category>(i)));
        if (account_ == Account::all || holds_weights(static_cast<Category>(i))) sum += bytes;
    }
    if (memory.in_use != sum)
        return text("{} bytes are in use, the categories hold {}", memory.in_use.count, sum.count);
    if (memory.in_use > memory.peak || memory.peak < peak_)
        return text("{} bytes are in use and the peak is {}, it was {} before", memory.in_use.count,
                    memory.peak.count, peak_.count);
    peak_ = memory.peak;
    return std::nullopt;
}

std::optional<std::string> ObservationCheck::submit(const RecordedMove& move) {
    const std::uint32_t ticket = move.ticket.index;
    if (!move.command) {
        if (ticket >= tickets_.size() || !move.cancelled) return std::nullopt;
        if (tickets_[ticket].end) return text("ticket {} was cancelled after its end", ticket);
        tickets_[ticket].cancelled = true;
        return std::nullopt;
    }
    if (ticket != tickets_.size())
        return text("ticket {} was given, the next is {}", ticket, tickets_.size());
    for (const Ticket after : move.command->after)
        if (after.index >= ticket)
            return text("ticket {} waits for the later {}", ticket, after.index);
    tickets_.push_back({*move.command, std::nullopt, false});
    return std::nullopt;
}

}  // namespace swaplab
