// What a scheduler has submitted, block by block, and how to go back to before a block: so that a
// request which comes to stand before others is not behind what these have submitted ahead
// (SEMANTICS: Dispatch).
//
// An entry is what was submitted for one block. Taking an entry back cancels what has not started
// of its commands, the last first, and undoes all that submitting it changed in the scheduler,
// which therefore changes its state through `changing` (or tells how with `undo`). What has started
// is *kept*: when the block is submitted again, the scheduler asks for the very same commands, and
// gets the tickets of those that are kept instead of new ones. So only the missing steps are
// submitted again, by the policy's own rules, and no policy knows about it.
//
// The first step that is missing waits for what those before it wait for now, too: others may stand
// before it that did not when these started.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "policies/port/block_life.h"
#include "policies/port/workload.h"
#include "policies/schedule/dispatcher.h"
#include "policies/schedule/scheduler.h"

namespace swaplab {

class SubmissionLog {
  public:
    struct Sent {
        Command command;
        Ticket ticket;
        BlockLife before;  // of its block, as submitted
    };
    struct Entry {
        JobId job;
        Arrival request;
        Turn turn;  // before it
        bool begins_pass = false;
        bool leaves_row = false;  // it is no block: what the job holds goes, for another row
        // It was submitted again since its execution had started: it has its place.
        bool started = false;
        std::vector<Sent> sent = {};
        std::vector<std::function<void()>> undo = {};
    };
    // Of a block's commands, what `Moves` passes on.
    class Recording;

    explicit SubmissionLog(std::size_t jobs) : kept_(jobs) {}

    // All that is submitted and changed from now on is of this entry.
    void begin(Entry entry) {
        entries_.push_back(std::move(entry));
        owed_.clear();
        recording_ = true;
    }
    void close() { recording_ = false; }
    bool is_recording() const { return recording_; }
    const std::deque<Entry>& entries() const { return entries_; }
    std::deque<Entry>& entries() { return entries_; }

    void undo(std::function<void()> how) { entries_.back().undo.push_back(std::move(how)); }
    template <class Value>
    Value& changing(Value& place) {
        undo([&place, old = place] {
            std::destroy_at(&place);
            std::construct_at(&place, old);
        });
        return place;
    }

    // The command has ended.
    void on_end(Ticket ticket) { open_.erase(ticket.index); }
    bool is_open(Ticket ticket) const { return open_.contains(ticket.index); }
    // Forgets entries of which all has started and nothing but releases goes on, the oldest first.
    void forget_ended();

    // Takes the last entry back. `cancelled(sent)` is called for what had not started, after it was
    // cancelled; `restore(sent)` for every command, the last first. Returns whether its execution
    // (of a row that is left, a release) has started and nothing but releases was left: then it is
    // to be submitted again at once.
    template <class Cancelled, class Restore>
    bool take_back(Moves& moves, Cancelled cancelled, Restore restore);

    // What has started of blocks of the job that were taken back.
    const std::vector<Sent>& kept(JobId job) const { return kept_[job]; }
    // In the order of what happens to each block.
    std::vector<Sent> kept_in_order(JobId job) const;
    // Nothing of the job is taken back any more.
    void forget(JobId job) {
        kept_[job].clear();
        std::erase_if(entries_, [&](const Entry& entry) { return entry.job == job; });
    }
    void forget_kept(JobId job, Ticket ticket) {
        std::erase_if(kept_[job], [&](const Sent& sent) { return sent.ticket == ticket; });
    }
    void forget_kept(JobId job, RequestId request) {
        std::erase_if(kept_[job],
                      [&](const Sent& sent) { return sent.command.request == request; });
    }

  private:
    std::optional<Ticket> take_kept(const Command& command);
    // Of a block whose execution was kept, although not all of its entry was.
    void release_again(Sent release, Moves& moves);
    Ticket submit(const Command& command, const BlockLife& before, Moves& moves);

    std::deque<Entry> entries_;
    bool recording_ = false;
    std::unordered_set<std::uint32_t> open_;  // tickets of commands that have not ended
    IdVector<JobId, std::vector<Sent>> kept_;
    // What releases and first steps wait for that were kept: the next that is missing has to.
    std::vector<Ticket> owed_;
};

// Moves that go through the log. `Lives`: (job, block) -> the life of the block, as submitted.
class SubmissionLog::Recording final : public Moves {
  public:
    using Lives = std::function<const BlockLife&(JobId, BlockId)>;
    Recording(SubmissionLog& log, Moves& moves, Lives lives)
        : log_(log), moves_(moves), lives_(std::move(lives)) {}

    Ticket submit(const Command& command) override {
        return log_.submit(command, lives_(command.job, command.block), moves_);
    }
    bool cancel(Ticket ticket) override { return moves_.cancel(ticket); }

  private:
    SubmissionLog& log_;
    Moves& moves_;
    Lives lives_;
};

template <class Cancelled, class Restore>
bool SubmissionLog::take_back(Moves& moves, Cancelled cancelled, Restore restore) {
    const Entry entry = std::move(entries_.back());
    entries_.pop_back();
    std::vector<const Sent*> releases;  // that were cancelled
    bool executes = false;
    bool whole = true;  // nothing but releases was cancelled
    for (std::size_t i = entry.sent.size(); i-- > 0;) {
        const Sent& sent = entry.sent[i];
        if (is_open(sent.ticket) && moves.cancel(sent.ticket)) {
            open_.erase(sent.ticket.index);
            cancelled(sent);
            if (swaps_out(sent.command.verb))
                releases.push_back(&sent);
            else
                whole = false;
        } else {
            kept_[sent.command.job].push_back(sent);
            executes |= uses(sent.command.verb) || entry.leaves_row;
        }
        restore(sent);
    }
    for (std::size_t i = entry.undo.size(); i-- > 0;) entry.undo[i]();
    if (executes && !whole)
        for (const Sent* release : releases) release_again(*release, moves);
    return executes && whole;
}

}  // namespace swaplab
