#include "sim/sim_device.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "policies/lanes/lane_widths.h"
#include "policies/lanes/noise.h"
#include "policies/lanes/sharing.h"
#include "policies/lanes/ticket_ring.h"
#include "policies/lanes/waiting_commands.h"
#include "policies/memory/block_memory.h"
#include "policies/memory/managed_rule.h"
#include "policies/port/evidence.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "sim/engine.h"
#include "sim/timers.h"

namespace swaplab {

namespace {

using State = TicketRing::State;

constexpr std::size_t kHost = kKinds;
constexpr std::size_t kClocks = kKinds + 1;

constexpr std::uint32_t bit(std::size_t i) { return 1U << i; }
constexpr std::uint32_t bit(Lane lane) { return bit(static_cast<std::size_t>(lane)); }

// Calls `visit(i)` for each set bit, lowest first, until none is left; visits may set more.
template <class Visit>
void drain(std::uint32_t& bits, Visit visit) {
    while (bits != 0) {
        const auto i = static_cast<std::size_t>(std::countr_zero(bits));
        bits &= bits - 1;
        visit(i);
    }
}

struct LaneState {
    std::uint32_t width = 1;
    std::uint32_t busy = 0;
    std::uint32_t waiting = 0;  // commands, in order of submission
    Ticket head, tail;          // of them, if there are any
};

// One node: its lanes, and the work clocks of what runs on it.
struct NodeState {
    NodeState(const Node& spec, const LaneWidths& widths)
        : node(&spec), rates(spec, widths[index_of(Lane::storage)]) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane].width = widths[lane];
        next_end.fill(Time::max());
    }

    const Node* node;
    RateTable rates;
    std::array<LaneState, kLanes> lanes;
    // By kind; behind them, under kHost, the part before the work (ns_per_command, the first byte
    // of a read), which nothing stretches.
    std::array<WorkClock, kClocks> work;
    // When the first of each clock ends, and the earliest of them: Time::max() of a clock that
    // stands, and from the end of something to `share`. What takes no time ends at once.
    std::array<Time, kClocks> next_end;
    Time earliest = Time::max();
    Engine::Slot slot = 0;  // the engine's, for `earliest`
    // Bits of clocks: with activities, with a new next end.
    std::uint32_t running = 0;
    std::uint32_t changed = 0;
    std::uint32_t shared_by = 0;       // what the rates in force were looked up with
    std::uint32_t startable = 0;       // bit of each lane whose head may have become startable
    std::uint32_t blocked = 0;         // bit of each lane whose head found no place
    std::vector<Ticket> releases;      // ready to start
    std::optional<Time> storage_idle;  // since when; nothing before the first read
    Duration switching{};              // of its mode, which the next execution pays for
};

// What a block takes, next to each other for the commands that ask.
struct Means {
    std::array<Duration, kKinds> by_verb;
    Duration first_byte;
};

class SimDevice final : public VirtualDevice {
  public:
    explicit SimDevice(const DeviceSetup& setup);

    Time now() const override { return engine_.now(); }
    Ticket submit(const Command& command) override;
    std::optional<Action> cancel(Ticket ticket) override;
    const Completion* wait(Time until) override;
    void set_budget(Bytes budget, Bytes tolerated) override {
        memory_.set_budget(budget, tolerated, engine_.now());
    }
    void set_mode(const ModeFacts& mode) override;
    void forget(JobId job) override { memory_.forget(job, engine_.now()); }
    const MemoryReport& memory() const override { return memory_.report(); }
    std::vector<Waiting> waiting() const override {
        return waiting_commands(tickets_, setup_.facts);
    }
    bool begins_at_once() const override { return true; }
    std::optional<Evidence> evidence() const override { return std::nullopt; }
    Time next_event() override { return engine_.next().value_or(Time::max()); }

  private:
    using Record = TicketRing::Record;

    void take_means();
    void unlink(Ticket ticket);
    // Not inlined: half of all calls of `wait` need none of it, nor its registers saved.
    [[gnu::noinline]] const Completion* advance(Time until);
    void settle();
    void end_due(std::span<NodeState> nodes);
    void end_work(NodeState& node, std::size_t clock);
    void end(Ticket ticket);
    void vacate_lane(NodeState& node, const Action& command);
    void may_start(const Record& record);
    void start_all(std::span<NodeState> nodes);
    void start_releases(NodeState& node);
    void start_lane(NodeState& node, std::size_t lane);
    bool start_head(NodeState& node, LaneState& lane);
    // What a command that starts now takes by the mode in force.
    Duration work_of(const Action& command) {
        const auto verb = static_cast<std::size_t>(command.verb);
        Duration work = means_[command.job][command.block].by_verb[verb];
        if (command.pass > 0)
            work = (*facts_)[command.job][command.block].of(command.verb, command.pass);
        if (requests_ != nullptr) [[unlikely]]
            work = facts_for(*facts_, requests_, command.job, command.request)[command.block].of(
                command.verb, command.pass);
        return noise_ ? noise_->draw(command, now(), work) : work;
    }
    void start_work(NodeState& node, const Record& record, Duration work) {
        const auto kind = static_cast<std::size_t>(record.completion.command.verb);
        start_clock(node, kind, record.completion.ticket, work);
    }
    Duration wake_storage(const NodeState& node, const LaneState& lane) const;
    Duration touch_memory(const NodeState& node) const;
    void start_clock(NodeState& node, std::size_t clock, Ticket ticket, Duration work) {
        if (node.work[clock].start(ticket, work, now())) node.changed |= bit(clock);
        node.running |= bit(clock);
        if (work.count() > 0) return;
        node.next_end[clock] = node.earliest = now();
        due_ = true;
    }
    void share(NodeState& node);
    const Completion* report();

    DeviceSetup setup_;
    DeviceListener* activity_listener_;  // null if nobody listens
    const AllFacts* facts_;              // in the mode in force
    const RequestFacts* requests_;       // likewise; null where all are as their models
    IdVector<JobId, IdVector<BlockId, Means>> means_;  // of them
    std::optional<Noise> noise_;
    std::optional<ManagedRule> managed_;  // where there is one to keep
    Engine engine_;
    BlockMemory memory_;
    TicketRing tickets_;
    IdVector<NodeId, NodeState> nodes_;
    Timers timers_;
    std::vector<Ticket> ended_;       // scratch
    std::vector<Ticket> reportable_;  // ended, not reported yet, from `reported_` on
    std::size_t reported_ = 0;
    bool due_ = false;  // some node or the timers have something that may have ended
    bool timers_due_ = false;
    bool submitted_ = true;  // something may have become startable since `settle`
};

SimDevice::SimDevice(const DeviceSetup& setup)
    : setup_(setup),
      activity_listener_(who_listens(setup, &DeviceInterests::activities)),
      facts_(&setup.facts),
      requests_(setup.requests),
      memory_(setup) {
    take_means();
    for (const Node& spec : setup.platform.nodes) {
        NodeState& node = nodes_.emplace_back(spec, lane_widths(setup.deployment, spec));
        node.slot = engine_.add_slot(Phase::completion);
    }
    if (setup.noise) noise_.emplace(setup);
    if (const ManagedRule rule(setup_); rule.watches()) managed_.emplace(rule);
}

void SimDevice::take_means() {
    means_.clear();
    for (const auto& blocks : *facts_) {
        auto& means = means_.emplace_back();
        for (const BlockFacts& block : blocks) {
            means.push_back({block.durations, block.first_byte});
            means.back().by_verb[index_of(kUse)] = block.of(kUse, 0);
        }
    }
}

void SimDevice::set_mode(const ModeFacts& mode) {
    facts_ = &mode.facts;
    requests_ = mode.requests.empty() ? nullptr : &mode.requests;
    take_means();
    if (noise_) noise_->set_mode(mode);
    for (const NodeId n : nodes_.ids()) nodes_[n].switching += mode.switching[n];
}

Ticket SimDevice::submit(const Command& command) {
    submitted_ = true;
    Record& record = tickets_.add(command);
    const Ticket ticket = record.completion.ticket;
    if (command.verb == kWake) {
        timers_.add(engine_, command.at, ticket);
        record.state = State::running;
        record.completion.start = now();
        return ticket;
    }
    if (command.lane != Lane::none) {
        LaneState& lane = nodes_[command.node].lanes[static_cast<std::size_t>(command.lane)];
        if (lane.waiting++ > 0)
            tickets_[lane.tail].next_in_lane = ticket;
        else
            lane.head = ticket;
        lane.tail = ticket;
    }
    if (record.unmet == 0) may_start(record);
    return ticket;
}

std::optional<Action> SimDevice::cancel(Ticket ticket) {
    if (tickets_.ended(ticket) || tickets_[ticket].state == State::running) return std::nullopt;
    tickets_.end(ticket, now(), [this](const Record& waiter) { may_start(waiter); });
    unlink(ticket);
    submitted_ = true;
    return tickets_[ticket].completion.command;
}

// Takes a command that will not run out of its queue.
void SimDevice::unlink(Ticket ticket) {
    const Action& command = tickets_[ticket].completion.command;
    NodeState& node = nodes_[command.node];
    if (command.lane == Lane::none) {
        std::erase(node.releases, ticket);
        return;
    }
    LaneState& lane = node.lanes[static_cast<std::size_t>(command.lane)];
    node.startable |= bit(command.lane);
    --lane.waiting;
    const Ticket next = tickets_[ticket].next_in_lane;
    if (lane.head == ticket) {
        lane.head = next;
        return;
    }
    Ticket before = lane.head;
    while (tickets_[before].next_in_lane != ticket) before = tickets_[before].next_in_lane;
    tickets_[before].next_in_lane = next;
    if (lane.tail == ticket) lane.tail = before;
}

const Completion* SimDevice::wait(Time until) {
    if (reported_ < reportable_.size()) return report();
    if (!submitted_ && until == now()) return nullptr;  // this instant has been settled
    return advance(until);
}

// Everything that had ended has been reported.
const Completion* SimDevice::advance(Time until) {
    reportable_.clear();
    reported_ = 0;
    tickets_.forget_ended();
    // What has been submitted comes first: it may start, and even end, at this instant.
    bool settled = !submitted_;
    submitted_ = false;
    do {
        if (settled) {
            if (!engine_.step(until)) return nullptr;
            timers_due_ = timers_.due(now());
        }
        settle();
        settled = true;
    } while (reportable_.empty());
    return report();
}

const Completion* SimDevice::report() { return &tickets_[reportable_[reported_++]].completion; }

// Completions and the starts that they allow alternate until nothing of zero duration is left.
void SimDevice::settle() {
    const std::span<NodeState> nodes(nodes_);
    do {
        end_due(nodes);
        start_all(nodes);
    } while (due_);
    for (NodeState& node : nodes) share(node);
    memory_.settle(engine_.now());
}

// Ends what is due: the host's parts, then by kind, then by submission; timers last.
void SimDevice::end_due(std::span<NodeState> nodes) {
    due_ = false;
    for (NodeState& node : nodes) {
        if (node.earliest > now()) continue;
        node.earliest = Time::max();
        for (std::size_t i = 0; i < kClocks; ++i) {
            const std::size_t clock = i == 0 ? kHost : i - 1;
            if (node.next_end[clock] <= now()) end_work(node, clock);
        }
    }
    if (!timers_due_) return;
    timers_due_ = false;
    ended_.clear();
    timers_.take_due(engine_, ended_);
    for (const Ticket ticket : ended_) end(ticket);
}

void SimDevice::end_work(NodeState& node, std::size_t clock) {
    WorkClock& work = node.work[clock];
    node.changed |= bit(clock);
    node.next_end[clock] = Time::max();
    work.end_all(now(), ended_, [&](Ticket ticket) {
        if (clock == kHost)
            start_work(node, tickets_[ticket], tickets_[ticket].work);
        else
            end(ticket);
    });
    if (work.empty()) node.running &= ~bit(clock);
}

void SimDevice::end(Ticket ticket) {
    Record& record = tickets_[ticket];
    record.completion.end = now();
    if (managed_) [[unlikely]]
        managed_->on_end(record.completion.command);
    if (activity_listener_ != nullptr) [[unlikely]]
        activity_listener_->on_activity_end(record.completion);
    reportable_.push_back(ticket);
    const Action& command = record.completion.command;
    NodeState& node = nodes_[command.node];
    if (uses(command.verb)) memory_.end_execute(command, now());
    if (memory_.free_after(command, now())) node.startable |= node.blocked;
    if (command.lane != Lane::none) vacate_lane(node, command);
    tickets_.end(ticket, now(), [this](const Record& waiter) { may_start(waiter); });
}

void SimDevice::vacate_lane(NodeState& node, const Action& command) {
    LaneState& lane = node.lanes[static_cast<std::size_t>(command.lane)];
    --lane.busy;
    if (command.lane == Lane::storage && lane.busy == 0) node.storage_idle = now();
    node.startable |= bit(command.lane);
}

// Everything that the command waits for has ended.
void SimDevice::may_start(const Record& record) {
    const Action& command = record.completion.command;
    NodeState& node = nodes_[command.node];
    if (command.lane == Lane::none) {
        if (record.state == State::waiting) node.releases.push_back(record.completion.ticket);
        return;
    }
    if (node.lanes[static_cast<std::size_t>(command.lane)].head == record.completion.ticket)
        node.startable |= bit(command.lane);
}

void SimDevice::start_all(std::span<NodeState> nodes) {
    for (NodeState& node : nodes) {
        if ((node.startable | static_cast<std::uint32_t>(!node.releases.empty())) == 0) continue;
        drain(node.startable, [&](std::size_t lane) { start_lane(node, lane); });
        if (!node.releases.empty()) start_releases(node);
    }
}

void SimDevice::start_releases(NodeState& node) {
    std::sort(node.releases.begin(), node.releases.end());
    for (const Ticket ticket : node.releases) {
        if (tickets_.ended(ticket)) continue;
        Record& record = tickets_[ticket];
        record.state = State::running;
        record.completion.start = now();
        if (activity_listener_ != nullptr) [[unlikely]]
            activity_listener_->on_activity_start(record.completion);
        start_work(node, record, work_of(record.completion.command));
    }
    node.releases.clear();
}

void SimDevice::start_lane(NodeState& node, std::size_t index) {
    LaneState& lane = node.lanes[index];
    while (lane.waiting > 0 && lane.busy < lane.width && start_head(node, lane)) {
        --lane.waiting;
        lane.head = tickets_[lane.head].next_in_lane;
    }
}

// Starts the first command of the lane; false if it must wait.
bool SimDevice::start_head(NodeState& node, LaneState& lane) {
    Record& record = tickets_[lane.head];
    if (record.unmet > 0) return false;
    Completion& span = record.completion;
    const Action& command = span.command;
    const bool brings_bytes = brings(command.verb);
    if (brings_bytes && !memory_.reserve_for(command, now())) {
        node.blocked |= bit(command.lane);
        if (!span.blocked_since) span.blocked_since = now();
        return false;
    }
    if (brings_bytes) node.blocked &= ~bit(command.lane);
    if (uses(command.verb)) memory_.begin_execute(command, now());
    record.state = State::running;
    span.start = now();
    if (managed_) [[unlikely]]
        managed_->on_start(command);
    if (activity_listener_ != nullptr) [[unlikely]]
        activity_listener_->on_activity_start(span);
    Duration work = work_of(command);
    Duration before = node.node->host_per_command;
    if (command.lane == Lane::storage) {
        const Duration first = std::min(means_[command.job][command.block].first_byte, work);
        before += first;
        work += wake_storage(node, lane) - first;
    }
    if (brings_bytes) work += touch_memory(node);
    if (uses(command.verb) && node.switching.count() > 0) [[unlikely]]
        work += std::exchange(node.switching, {});
    ++lane.busy;
    record.work = work;
    const bool waits = before.count() > 0;
    start_clock(node, waits ? kHost : index_of(command.verb), span.ticket, waits ? before : work);
    return true;
}

// What a read that starts now pays because the storage lane was idle.
Duration SimDevice::wake_storage(const NodeState& node, const LaneState& lane) const {
    const auto& after_idle = node.node->read.after_idle;
    if (!after_idle || lane.busy > 0) return {};
    const bool rested = !node.storage_idle || now() - *node.storage_idle >= after_idle->gap;
    return rested ? after_idle->extra : Duration{};
}

// What a command that has just reserved its places pays for memory that nothing lay in before.
Duration SimDevice::touch_memory(const NodeState& node) const {
    const double per_byte = node.node->memory.fresh_ns_per_byte;
    if (per_byte == 0) return {};
    return to_duration(per_byte * static_cast<double>(memory_.fresh().count));
}

// Gives every kind its rate, and the engine what ends next.
void SimDevice::share(NodeState& node) {
    constexpr std::uint32_t kinds = bit(kKinds) - 1;
    const auto reads = static_cast<std::uint32_t>(node.work[index_of(Verb::read)].size());
    const std::uint32_t shared_by = reads << kKinds | (node.running & kinds);
    if (shared_by != node.shared_by) {
        node.shared_by = shared_by;
        const RateTable::Rates& rates = node.rates.at(shared_by);
        std::uint32_t running = node.running & kinds;
        drain(running, [&](std::size_t kind) {
            if (node.work[kind].set_rate(rates[kind], now())) node.changed |= bit(kind);
        });
    }
    if (node.changed == 0) return;
    std::uint32_t changed = node.changed & node.running;
    node.changed = 0;
    drain(changed, [&](std::size_t clock) { node.next_end[clock] = node.work[clock].next_end(); });
    Time earliest = node.next_end.front();
    for (const Time end : node.next_end) earliest = std::min(earliest, end);
    node.earliest = earliest;
    if (node.running != 0)
        engine_.set(node.slot, node.earliest);
    else
        engine_.clear(node.slot);
}

}  // namespace

std::unique_ptr<Device> make_sim_device(const DeviceSetup& setup) {
    return make_virtual_device(setup);
}

std::unique_ptr<VirtualDevice> make_virtual_device(const DeviceSetup& setup) {
    return std::make_unique<SimDevice>(setup);
}

}  // namespace swaplab
