#include "policies/schedule/submission_log.h"

#include <algorithm>
#include <tuple>

namespace swaplab {

namespace {

bool same_step(const Action& a, const Action& b) {
    return a.verb == b.verb && a.copy == b.copy && a.job == b.job && a.request == b.request &&
           a.pass == b.pass && a.block == b.block;
}

}  // namespace

void SubmissionLog::forget_ended() {
    const auto goes_on = [this](const Sent& sent) {
        return !swaps_out(sent.command.verb) && is_open(sent.ticket);
    };
    while (!entries_.empty() && std::ranges::none_of(entries_.front().sent, goes_on))
        entries_.pop_front();
}

std::vector<SubmissionLog::Sent> SubmissionLog::kept_in_order(JobId job) const {
    std::vector<Sent> all = kept_[job];
    // A release that was submitted again has a later ticket than the block's next way in.
    const auto key = [](const Sent& sent) {
        const Command& command = sent.command;
        return std::tuple(command.request, command.pass, swaps_out(command.verb), sent.ticket);
    };
    std::ranges::sort(all, {}, key);
    return all;
}

std::optional<Ticket> SubmissionLog::take_kept(const Command& command) {
    std::vector<Sent>& kept = kept_[command.job];
    const auto found = std::ranges::find_if(
        kept, [&](const Sent& sent) { return same_step(sent.command, command); });
    if (found == kept.end()) return std::nullopt;
    const Ticket ticket = found->ticket;
    kept.erase(found);
    return ticket;
}

void SubmissionLog::release_again(Sent release, Moves& moves) {
    const auto& kept = kept_[release.command.job];
    const bool executes = std::ranges::any_of(release.command.after, [&](Ticket ticket) {
        return std::ranges::find(kept, ticket, &Sent::ticket) != kept.end();
    });
    if (!executes) return;
    release.ticket = moves.submit(release.command);
    open_.insert(release.ticket.index);
    kept_[release.command.job].push_back(release);
}

Ticket SubmissionLog::submit(const Command& command, const BlockLife& before, Moves& moves) {
    Sent sent{command, {}, before};
    if (const std::optional<Ticket> kept = take_kept(command)) {
        sent.ticket = *kept;
        if (before.absent() || swaps_out(command.verb))
            owed_.insert(owed_.end(), command.after.begin(), command.after.end());
    } else {
        if (!owed_.empty() && !swaps_out(command.verb)) {
            for (const Ticket ticket : owed_)
                if (is_open(ticket)) sent.command.after.add(ticket);
            owed_.clear();
        }
        sent.ticket = moves.submit(sent.command);
        open_.insert(sent.ticket.index);
    }
    entries_.back().sent.push_back(sent);
    return sent.ticket;
}

}  // namespace swaplab
