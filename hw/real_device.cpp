#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "hw/host/job_executors.h"
#include "hw/host/threads.h"
#include "hw/machine.h"
#include "policies/lanes/lane_widths.h"
#include "policies/lanes/ticket_ring.h"
#include "policies/lanes/waiting_commands.h"
#include "policies/port/executor.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using Lock = std::unique_lock<std::mutex>;
using State = TicketRing::State;
using Record = TicketRing::Record;
using Clock = std::chrono::steady_clock;

// How often a runner that waits looks whether the end has been asked for.
constexpr Duration kLook = std::chrono::milliseconds(20);

// A lane's commands, and its threads. The assembly lane has no threads of its own.
struct LaneState {
    std::uint32_t width = 1;
    std::uint32_t busy = 0;         // commands that have been handed out and have not ended
    std::deque<Ticket> queue;       // not started, in order of submission
    std::deque<Ticket> handed_out;  // to threads of this lane, not taken yet
    std::uint32_t idle = 0;         // threads that sleep or have just been woken
    std::condition_variable wake;
};

class RealDevice final : public Device, private DeviceListener {
  public:
    RealDevice(const DeviceSetup& setup, std::unique_ptr<Machine> machine);
    ~RealDevice() override;
    RealDevice(const RealDevice&) = delete;
    RealDevice& operator=(const RealDevice&) = delete;

    Time now() const override {
        return kStart + std::chrono::duration_cast<Duration>(Clock::now() - begin_);
    }
    Ticket submit(const Command& command) override;
    std::optional<Action> cancel(Ticket ticket) override;
    void forget(JobId job) override;
    const Completion* wait(Time until) override;
    void set_budget(Bytes budget, Bytes tolerated) override;
    void set_mode(const ModeFacts&) override {
        throw UnsupportedError("this device cannot change its mode during a run");
    }
    const MemoryReport& memory() const override { return report_; }
    std::vector<Waiting> waiting() const override;
    std::optional<Evidence> evidence() const override;

  private:
    // Of its own memory, under the lock.
    DeviceInterests device_interests() const override {
        return {.places = true, .memory = listener_ != nullptr};
    }
    void on_reserved(const Action& command, std::size_t holding, const Arena& arena,
                     const Place& place) override {
        machine_->on_reserved(command, holding, arena, place);
    }
    void on_freed(const Action& command, std::size_t holding, const Arena& arena,
                  const Place& place) override {
        machine_->on_freed(command, holding, arena, place);
    }
    void on_memory(const MemoryChange& change) override { changes_.push_back(change); }

    void start_lanes();
    void stop_lanes();
    void serve(Lane lane, std::uint32_t server);
    std::optional<Ticket> take(Lane lane);
    bool run(Ticket ticket, Lane which, std::uint32_t server, Lock& lock);
    void end(Ticket ticket);
    // `caller`: the lane whose thread this is; nothing for the runner's.
    void hand_out(std::optional<Lane> caller = std::nullopt);
    void tell_runner();
    static bool is_short(const Record& record) {
        return swaplab::is_short(record.completion.command.lane);
    }
    void note_ready(const Record& record);
    void start(Record& record);
    bool hand_out_head(Lane lane);
    void wake_for_short_work(std::optional<Lane> caller);
    void wake(LaneState& lane);
    // Nothing to execute, and asleep (or woken for what somebody else should not take).
    bool compute_is_idle() {
        return lane(Lane::compute).idle > 0 && lane(Lane::compute).handed_out.empty();
    }
    bool end_due_timers();
    const Completion* next_ended(Time until);
    const Completion* give_up();
    void show_memory();
    bool stopped() const { return setup_.stop != nullptr && setup_.stop->load(); }
    LaneState& lane(Lane lane) { return lanes_[index_of(lane)]; }

    const DeviceSetup setup_;
    DeviceListener* listener_;           // to changes of memory; null if nobody listens
    std::vector<MemoryChange> changes_;  // filled by the lanes, passed on in `wait`
    std::unique_ptr<Machine> machine_;
    mutable std::mutex mutex_;  // of all below, but for what only the runner's thread touches
    BlockMemory memory_;
    TicketRing tickets_;
    Ticket first_unseen_;  // commands from here on start with the next `wait`
    std::array<LaneState, kLanes> lanes_;
    std::deque<Ticket> short_work_;  // releases, then assemblies, ready to run
    std::vector<Ticket> ready_releases_;
    std::vector<std::pair<Time, Ticket>> timers_;  // by time, then submission
    std::deque<Completion> ended_;                 // not reported yet, in order of their ends
    std::uint32_t running_ = 0;
    bool untold_ = false;  // something ended that the runner was not woken for
    bool woken_ = false;   // a thread, since this was last set to false
    bool stopping_ = false;
    std::exception_ptr error_;
    mutable std::condition_variable progress_;  // something ended: for the runner

    // Of the runner's thread.
    Completion reported_;
    MemoryReport report_;

    Clock::time_point begin_;
    std::vector<std::thread> threads_;
};

RealDevice::RealDevice(const DeviceSetup& setup, std::unique_ptr<Machine> machine)
    : setup_(setup),
      listener_(memory_listener(setup)),
      machine_(std::move(machine)),
      memory_(heard_by(this, setup), [this](const ArenaPlan& plan, ArenaUse use) {
          return machine_->arena_for(plan, use);
      }) {
    const LaneWidths widths = lane_widths(setup.deployment, setup.platform.nodes.front());
    for (std::size_t which = 0; which < kLanes; ++which) lanes_[which].width = widths[which];
    machine_->ready();
    show_memory();
    begin_ = Clock::now();
    try {
        start_lanes();
    } catch (...) {
        stop_lanes();
        throw;
    }
}

RealDevice::~RealDevice() { stop_lanes(); }

void RealDevice::start_lanes() {
    for (const LaneRow& row : kLaneTable) {
        if (row.is_short) continue;
        for (std::uint32_t server = 0; server < lane(row.lane).width; ++server)
            threads_.push_back(start_thread(text("the {} lane", name_of(row.lane)),
                                            [this, &row, server] { serve(row.lane, server); }));
    }
}

void RealDevice::stop_lanes() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (LaneState& lane : lanes_) lane.wake.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
}

Ticket RealDevice::submit(const Command& command) {
    const Lock lock(mutex_);
    Record& record = tickets_.add(command);
    const Ticket ticket = record.completion.ticket;
    if (!takes_time(command.verb)) {
        record.state = State::running;
        record.completion.start = now();
        const std::pair timer{command.at, ticket};
        timers_.insert(std::ranges::upper_bound(timers_, timer), timer);
        return ticket;
    }
    if (command.lane != Lane::none) lane(command.lane).queue.push_back(ticket);
    if (record.unmet == 0) note_ready(record);
    return ticket;
}

std::optional<Action> RealDevice::cancel(Ticket ticket) {
    const Lock lock(mutex_);
    if (tickets_.ended(ticket) || tickets_[ticket].state != State::waiting) return std::nullopt;
    const Action command = tickets_[ticket].completion.command;
    if (command.lane != Lane::none)
        std::erase(lane(command.lane).queue, ticket);
    else
        std::erase(ready_releases_, ticket);
    tickets_.end(ticket, now(), [this](const Record& waiter) { note_ready(waiter); });
    return command;
}

void RealDevice::set_budget(Bytes budget, Bytes tolerated) {
    const Lock lock(mutex_);
    memory_.set_budget(budget, tolerated, now());
    machine_->set_budget(tolerated);
    show_memory();
}

void RealDevice::forget(JobId job) {
    const Lock lock(mutex_);
    memory_.forget(job, now());
    show_memory();
}

std::vector<Waiting> RealDevice::waiting() const {
    const Lock lock(mutex_);
    return waiting_commands(tickets_, setup_.facts);
}

// --- The runner's side ---------------------------------------------------------------------------

const Completion* RealDevice::wait(Time until) {
    Lock lock(mutex_);
    tickets_.forget_ended();
    first_unseen_ = tickets_.next();
    hand_out();
    while (true) {
        if (const Completion* span = next_ended(until)) return span;
        if (error_) return give_up();
        if (end_due_timers()) continue;
        const Time next = timers_.empty() ? until : std::min(until, timers_.front().first);
        const bool comes = running_ > 0 || next != Time::max();
        if (!comes || now() >= until || stopped()) {
            show_memory();
            return nullptr;
        }
        // Who asks for the end may be a signal handler, which cannot wake anybody.
        const Time look = setup_.stop == nullptr ? next : std::min(next, now() + kLook);
        if (look == Time::max())
            progress_.wait(lock);
        else
            progress_.wait_until(lock, begin_ + (look - kStart));
    }
}

// After the end of the run has been asked for, what has been handed out still ends.
std::optional<Evidence> RealDevice::evidence() const {
    {
        Lock lock(mutex_);
        progress_.wait(lock, [this] { return running_ == 0 || error_; });
        if (error_) std::rethrow_exception(error_);
    }
    return machine_->evidence();
}

// Where the budget was broken, that is why there was no memory left: the runner looks at the breach
// and blames the policy. Every other error is thrown.
const Completion* RealDevice::give_up() {
    try {
        std::rethrow_exception(error_);
    } catch (const OutOfMemory& error) {
        if (!memory_.report().breach) throw more_than_planned(error);
    }
    show_memory();
    return nullptr;
}

const Completion* RealDevice::next_ended(Time until) {
    if (ended_.empty() || ended_.front().end > until) return nullptr;
    reported_ = ended_.front();
    ended_.pop_front();
    show_memory();
    return &reported_;
}

// The runner reads its own copy, since the lanes go on.
void RealDevice::show_memory() {
    report_ = memory_.report();
    for (const MemoryChange& change : changes_) listener_->on_memory(change);
    changes_.clear();
}

bool RealDevice::end_due_timers() {
    bool any = false;
    while (!timers_.empty() && timers_.front().first <= now()) {
        const Ticket ticket = timers_.front().second;
        timers_.erase(timers_.begin());
        end(ticket);
        any = true;
    }
    if (any) hand_out();
    return any;
}

// --- The lanes' side -----------------------------------------------------------------------------

void RealDevice::serve(Lane which, std::uint32_t server) {
    pthread_setname_np(pthread_self(), text("swaplab-{}", name_of(which)).c_str());
    LaneState& own = lane(which);
    Lock lock(mutex_);
    bool others_woken = false;
    while (true) {
        const std::optional<Ticket> ticket = take(which);
        if (!ticket || !(is_short(tickets_[*ticket]) || others_woken)) tell_runner();
        others_woken = false;
        if (ticket) {
            others_woken = run(*ticket, which, server, lock);
            continue;
        }
        if (stopping_) return;
        ++own.idle;
        own.wake.wait(lock);
        --own.idle;
    }
}

// What this thread does next. Releases come before everything, since others wait for the place;
// an assembly is for the compute thread where that has nothing to execute, else for the thread that
// comes first.
std::optional<Ticket> RealDevice::take(Lane which) {
    LaneState& own = lane(which);
    if (stopping_ || error_) return std::nullopt;
    const auto pop = [](std::deque<Ticket>& queue) {
        const Ticket first = queue.front();
        queue.pop_front();
        return first;
    };
    if (!short_work_.empty()) {
        const bool release = tickets_[short_work_.front()].completion.command.lane == Lane::none;
        const bool mine = which == Lane::compute ? own.handed_out.empty() : !compute_is_idle();
        if (release || mine) return pop(short_work_);
    }
    if (!own.handed_out.empty()) return pop(own.handed_out);
    return std::nullopt;
}

// Returns whether another thread was woken when it had ended.
bool RealDevice::run(Ticket ticket, Lane which, std::uint32_t server, Lock& lock) {
    const Action command = tickets_[ticket].completion.command;
    lock.unlock();
    try {
        machine_->perform(command, server);
        lock.lock();
    } catch (...) {
        lock.lock();
        if (!error_) error_ = std::current_exception();
        progress_.notify_all();
        return false;
    }
    --running_;
    end(ticket);
    untold_ = true;
    woken_ = false;
    hand_out(which);
    return woken_;
}

// The runner hears of ends when this thread has nothing short left to do, and from another if this
// one has woken that anyway: waking a thread takes as long as many a release (10 us and more on
// virtual machines).
void RealDevice::tell_runner() {
    if (!untold_) return;
    untold_ = false;
    progress_.notify_one();
}

void RealDevice::end(Ticket ticket) {
    Record& record = tickets_[ticket];
    const Action& command = record.completion.command;
    const Time at = now();
    record.completion.end = at;
    if (uses(command.verb)) memory_.end_execute(command, at);
    memory_.free_after(command, at);
    memory_.settle(at);
    if (command.lane != Lane::none) --lane(command.lane).busy;
    ended_.push_back(record.completion);
    tickets_.end(ticket, at, [this](const Record& waiter) { note_ready(waiter); });
}

// A command has started when it is given to a thread: what waking that takes is a part of it.
void RealDevice::start(Record& record) {
    record.state = State::running;
    record.completion.start = now();
    ++running_;
}

// All that the command waits for has ended. Lanes look at their heads by themselves.
void RealDevice::note_ready(const Record& record) {
    if (record.completion.command.lane == Lane::none && record.state == State::waiting)
        ready_releases_.push_back(record.completion.ticket);
}

// Gives out all commands that may start now, and wakes threads for them.
void RealDevice::hand_out(std::optional<Lane> caller) {
    if (error_ || stopped()) return;
    std::ranges::sort(ready_releases_);
    const auto seen = std::ranges::lower_bound(ready_releases_, first_unseen_);
    // In front of the assemblies, the oldest first.
    for (auto it = std::make_reverse_iterator(seen); it != ready_releases_.rend(); ++it) {
        start(tickets_[*it]);
        short_work_.push_front(*it);
    }
    ready_releases_.erase(ready_releases_.begin(), seen);
    for (std::size_t which = 0; which < kLanes; ++which)
        while (hand_out_head(kLaneTable[which].lane)) {
        }
    wake_for_short_work(caller);
}

bool RealDevice::hand_out_head(Lane which) {
    LaneState& own = lane(which);
    if (own.queue.empty() || own.busy == own.width) return false;
    const Ticket ticket = own.queue.front();
    if (ticket >= first_unseen_) return false;
    Record& record = tickets_[ticket];
    if (record.unmet > 0) return false;
    if (brings(record.completion.command.verb) &&
        !memory_.reserve_for(record.completion.command, now())) {
        if (!record.completion.blocked_since) record.completion.blocked_since = now();
        return false;
    }
    own.queue.pop_front();
    if (uses(record.completion.command.verb))
        memory_.begin_execute(record.completion.command, now());
    start(record);
    ++own.busy;
    if (swaplab::is_short(which)) {
        short_work_.push_back(ticket);
    } else {
        own.handed_out.push_back(ticket);
        wake(own);
    }
    return true;
}

// The compute thread where it has nothing else to do. A lane's thread that hands out looks for
// short work next; where the runner does, and nobody is awake, any thread is woken.
void RealDevice::wake_for_short_work(std::optional<Lane> caller) {
    if (short_work_.empty()) return;
    // The compute thread does what is short next, unless it executes first.
    const bool takes_it = lane(Lane::compute).handed_out.empty() ||
                          tickets_[short_work_.back()].completion.command.lane == Lane::none;
    if (caller == Lane::compute && takes_it) return;
    if (compute_is_idle()) return wake(lane(Lane::compute));
    if (caller && caller != Lane::compute) return;
    for (LaneState& other : lanes_)
        if (&other != &lane(Lane::compute) && other.idle > 0) return wake(other);
}

void RealDevice::wake(LaneState& lane) {
    if (lane.idle == 0) return;  // its threads look before they sleep
    lane.wake.notify_one();
    woken_ = true;
}

}  // namespace

std::unique_ptr<Device> make_real_device(const DeviceSetup& setup,
                                         std::unique_ptr<Machine> machine) {
    if (setup.platform.nodes.size() != 1)
        throw UnsupportedError(
            text("the platform has {} nodes, a real device is one", setup.platform.nodes.size()));
    return std::make_unique<RealDevice>(setup, std::move(machine));
}

}  // namespace swaplab
