#include <sys/prctl.h>
#include <time.h>

#include <chrono>
#include <cmath>
#include <deque>
#include <map>

#include "emu/emu_backend.h"
#include "emu/host_reads.h"
#include "emu/lane_threads.h"
#include "emu/lateness.h"
#include "emu/memory/run_memory.h"
#include "emu/pressure/pressure.h"
#include "hw/host/block_work.h"
#include "hw/host/process.h"
#include "hw/host/verified_packs.h"
#include "hw/storage/reader.h"
#include "policies/lanes/lane_widths.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using Clock = std::chrono::steady_clock;

// The wall clock in the device's time.
class PacedClock {
  public:
    explicit PacedClock(double time_scale) : scale_(time_scale) {}

    // The device's time is 0 from now on, if it is not running yet.
    void start() {
        if (!begin_) begin_ = Clock::now();
    }
    // How long ago, on the wall clock, the instant was due; nothing where that is to come.
    Duration since(Time instant) const {
        return std::max<Duration>(Clock::now() - due(instant), Duration{});
    }
    Duration in_device_time(Duration wall) const {
        return Duration{std::llround(static_cast<double>(wall.count()) / scale_)};
    }
    // False, and earlier, where `stop` is set meanwhile.
    bool sleep_until(Time instant, const std::atomic<bool>* stop) const;

  private:
    static constexpr Duration kLook{20'000'000};  // how often `stop` is looked at

    Clock::time_point due(Time instant) const {
        return *begin_ + Duration{std::llround(static_cast<double>(count_ns(instant)) * scale_)};
    }

    double scale_;
    std::optional<Clock::time_point> begin_;
};

bool PacedClock::sleep_until(Time instant, const std::atomic<bool>* stop) const {
    const Clock::time_point end = due(instant);
    while (true) {
        if (stop != nullptr && *stop) return false;
        const Clock::time_point now = Clock::now();
        if (now >= end) return true;
        const Duration rest = stop != nullptr ? std::min<Duration>(end - now, kLook) : end - now;
        const auto until = std::chrono::duration_cast<Duration>((now + rest).time_since_epoch());
        constexpr std::int64_t second = 1'000'000'000;
        const timespec at{until.count() / second, until.count() % second};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
    }
}

// The calling thread's sleeps end as exactly as the kernel can, and not up to 50 us late so that
// timers may be put together (prctl(2)), while one lives. Ended by the thread that made it.
class ExactSleeps {
  public:
    ExactSleeps() : usual_(prctl(PR_GET_TIMERSLACK)) { prctl(PR_SET_TIMERSLACK, 1UL); }
    ~ExactSleeps() {
        if (usual_ > 0) prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(usual_));
    }
    ExactSleeps(const ExactSleeps&) = delete;
    ExactSleeps& operator=(const ExactSleeps&) = delete;

  private:
    int usual_;
};

// Instants come from the virtual device; what the runner sees of them are the times at which they
// really came about. The two differ by the lateness only, and commands that follow are chained on
// the former.
class EmuDevice final : public Device, private DeviceListener {
  public:
    EmuDevice(const DeviceSetup& setup, JobPacks packs, const EmuOptions& options,
              const VirtualDeviceFactory& clock, const ExecutorFactory& executors,
              const std::string& checksums);

    Time now() const override { return shown_; }
    Ticket submit(const Command& command) override { return virtual_->submit(command); }
    std::optional<Action> cancel(Ticket ticket) override { return virtual_->cancel(ticket); }
    const Completion* wait(Time until) override;
    void set_budget(Bytes budget, Bytes tolerated) override;
    void set_mode(const ModeFacts& mode) override { virtual_->set_mode(mode); }
    void forget(JobId job) override { virtual_->forget(job); }
    const MemoryReport& memory() const override { return virtual_->memory(); }
    std::vector<Waiting> waiting() const override { return virtual_->waiting(); }
    std::optional<Evidence> evidence() const override;

  private:
    // A command that has started and has not been reported.
    struct Running {
        LaneThread* thread = nullptr;  // that does its work; null where there is none
        Time start{};                  // as it is shown
    };
    struct Instant {
        Time virtual_time{};
        Time shown{};
    };

    // To the virtual device.
    DeviceInterests device_interests() const override {
        return {.activities = true, .places = true, .memory = listener_ != nullptr};
    }
    void on_activity_start(const Completion& span) override;
    void on_activity_end(const Completion& span) override;
    void on_reserved(const Action& command, std::size_t holding, const Arena&,
                     const Place&) override {
        memory_.on_reserved(command, holding);
    }
    void on_freed(const Action& command, std::size_t holding, const Arena&, const Place&) override {
        memory_.on_freed(command, holding);
    }
    void on_memory(const MemoryChange& change) override { changes_.push_back(change); }
    void tell_memory();

    const Completion* go_on(Time until);
    const Completion* settle(Time instant, Time until, bool asked);
    void show_instant(Time until, bool asked);
    const Completion* show(const Completion& span);
    Time shown_of(Time virtual_time) const;

    const DeviceSetup& setup_;
    DeviceListener* listener_;  // to changes of memory; null if nobody listens
    EmuOptions options_;
    std::string checksums_;  // whether and when they were verified
    Pressure pressure_;
    std::vector<PackPtr> cached_packs_;  // that are read through the page cache
    Rules rules_;
    RunMemory memory_;
    HostMover mover_;
    BlockWork work_;
    ProcessWatch process_;               // executors are there, the run's memory is not
    std::vector<MemoryChange> changes_;  // not told yet
    std::unique_ptr<VirtualDevice> virtual_;
    PacedClock clock_;
    ExactSleeps exact_sleeps_;
    LatenessLog lateness_;
    Duration late_{};      // the instant that was shown last, on the wall clock
    Time shown_ = kStart;  // when the instant that the virtual device has reached came about
    std::map<Ticket, Running> running_;
    std::vector<Ticket> starting_;  // at this instant
    std::deque<Instant> instants_;  // the last ones
    Completion reported_;
    bool ended_ = false;   // by a broken budget
    LaneThreads threads_;  // last: they end before what they use
};

std::vector<PackPtr> cached_packs(const JobPacks& packs, const EmuOptions& options) {
    if (!options.page_cache) return {};
    return {packs.begin(), packs.end()};
}

std::string verify_what_is_executed(const JobPacks& packs, const EmuOptions& options,
                                    bool executes) {
    if (executes) return verify_packs(packs, options.verified, options.verify);
    return options.verify ? "verified at each read" : "not verified: nothing is executed";
}

EmuDevice::EmuDevice(const DeviceSetup& setup, JobPacks packs, const EmuOptions& options,
                     const VirtualDeviceFactory& clock, const ExecutorFactory& executors,
                     const std::string& checksums)
    : setup_(setup),
      listener_(memory_listener(setup)),
      options_(options),
      checksums_(checksums),
      pressure_({options.memory_hog, options.memory_fence}, setup.budget, setup.stop),
      cached_packs_(cached_packs(packs, options)),
      rules_(setup),
      memory_(setup, BlockWork::sizes_of(setup, packs), rules_, executors != nullptr,
              options.guarded),
      work_(setup, std::move(packs), host_reads(setup, options), options.verify, executors, memory_,
            mover_, memory_.activations()),
      virtual_(clock(heard_by(this, setup))),
      clock_(options.time_scale),
      threads_(lane_widths(setup.deployment, setup.platform.nodes.front())) {
    memory_.get_memory(virtual_->memory(), setup.stop);
    work_.load_resident();
    // A run starts cold; what its own reads leave in the page cache stays there.
    for (const PackPtr& pack : cached_packs_)
        drop_cached(pack->open(kParametersFile), pack->parameters_path());
    process_.begin_reading();
}

const Completion* EmuDevice::wait(Time until) {
    if (ended_) return nullptr;
    clock_.start();
    const Completion* span = nullptr;
    try {
        span = go_on(until);
    } catch (const OutOfMemory& error) {
        // Where the budget was broken, that is why: the runner looks at the breach and blames the
        // policy.
        if (!memory().breach) throw more_than_planned(error);
        ended_ = true;
    }
    tell_memory();
    return span;
}

void EmuDevice::tell_memory() {
    for (const MemoryChange& change : changes_) listener_->on_memory(change);
    changes_.clear();
}

const Completion* EmuDevice::go_on(Time until) {
    // What is shown is later than the instant: asked for no more than that, go no further.
    const bool further = until > shown_;
    if (const Completion* span = settle(virtual_->now(), until, false)) return span;
    while (further) {
        const Time next = std::min(virtual_->next_event(), until);
        if (next == Time::max() || !clock_.sleep_until(next, setup_.stop)) return nullptr;
        if (const Completion* span = settle(next, until, next == until)) return span;
        if (next == until) return nullptr;
    }
    return nullptr;
}

// All that starts and ends at this instant. `asked`: it is the one until which the caller waits,
// and is shown whatever happens in it.
const Completion* EmuDevice::settle(Time instant, Time until, bool asked) {
    const Completion* const span = virtual_->wait(instant);
    if (span != nullptr || !starting_.empty() || asked) show_instant(until, asked);
    return span == nullptr ? nullptr : show(*span);
}

// This instant has come about now. At `until` the caller has something to do, and perhaps more soon
// after: so that the order of the device's instants holds, what is before it is shown before it,
// and what is at it is shown at it, however late.
void EmuDevice::show_instant(Time until, bool asked) {
    late_ = clock_.since(virtual_->now());
    const Time at = virtual_->now() + clock_.in_device_time(late_);
    const Time latest = asked ? until : until - Duration{1};
    shown_ = std::max(shown_, std::min(at, latest));
    for (const Ticket ticket : starting_) running_[ticket].start = shown_;
    starting_.clear();
    for (MemoryChange& change : changes_)
        if (change.at == virtual_->now()) change.at = shown_;
    constexpr std::size_t kept = 1024;
    instants_.push_back({virtual_->now(), shown_});
    if (instants_.size() > kept) instants_.pop_front();
}

const Completion* EmuDevice::show(const Completion& span) {
    if (takes_time(span.command.verb)) lateness_.add(span.command.lane, late_);
    reported_ = span;
    reported_.start = shown_of(span.start);
    reported_.end = shown_;
    if (const auto running = running_.find(span.ticket); running != running_.end()) {
        reported_.start = running->second.start;
        running_.erase(running);
    }
    if (span.released_at) reported_.released_at = shown_of(*span.released_at);
    if (span.blocked_since)
        reported_.blocked_since = std::min(shown_of(*span.blocked_since), reported_.start);
    return &reported_;
}

// When an instant was shown; itself if that is long ago.
Time EmuDevice::shown_of(Time virtual_time) const {
    const auto later =
        std::ranges::upper_bound(instants_, virtual_time, {}, &Instant::virtual_time);
    if (later == instants_.begin() || std::prev(later)->virtual_time != virtual_time)
        return virtual_time;
    return std::prev(later)->shown;
}

void EmuDevice::on_activity_start(const Completion& span) {
    const Action& command = span.command;
    rules_.on_start(command);
    memory_.on_start(command);
    Running& running = running_[span.ticket];
    starting_.push_back(span.ticket);
    if (!work_.is_real(command)) return;
    running.thread = &threads_.start(
        command.lane, [this, command](std::uint32_t server) { work_.perform(command, server); });
}

void EmuDevice::on_activity_end(const Completion& span) {
    const Action& command = span.command;
    if (!takes_time(command.verb)) return;
    if (LaneThread* const thread = running_[span.ticket].thread) thread->finish();
    memory_.check_faults();
    rules_.on_end(command);
    memory_.on_end(command);
}

void EmuDevice::set_budget(Bytes budget, Bytes tolerated) {
    virtual_->set_budget(budget, tolerated);
    memory_.set_budget(tolerated);
}

// After the end of the run has been asked for, what has been started still ends.
std::optional<Evidence> EmuDevice::evidence() const {
    threads_.finish();
    Evidence evidence;
    process_.tell(evidence);
    evidence.committed_peak = memory_.committed_peak();
    if (evidence.resident_growth && memory_.has_two_views())
        *evidence.resident_growth -= evidence.committed_peak;
    evidence.cgroup_peak = pressure_.cgroup_peak();
    evidence.outputs = work_.outputs();
    evidence.conditions["storage"] = work_.how_it_reads();
    evidence.conditions["execution"] =
        work_.executes() ? text("{}, within the profile's time", options_.executing_with)
                         : "the profile's time";
    evidence.conditions["checksums"] = checksums_;
    evidence.conditions["memory"] = memory_.description();
    if (!options_.why_time_scale.empty())
        evidence.conditions["time scale"] = options_.why_time_scale;
    evidence.conditions.merge(pressure_.conditions());
    evidence.pace = Pace{options_.time_scale, lateness_.summary()};
    return evidence;
}

void check_platform(const DeviceSetup& setup) {
    if (setup.platform.nodes.size() != 1)
        throw UnsupportedError(text("the platform has {} nodes, the emulator is one machine",
                                    setup.platform.nodes.size()));
}

}  // namespace

DeviceFactory make_emu_backend(JobPacks packs, const EmuOptions& options,
                               VirtualDeviceFactory clock, ExecutorFactory executors) {
    SWAPLAB_CHECK(options.time_scale > 0, "a time scale of {}", options.time_scale);
    const std::string checksums = verify_what_is_executed(packs, options, executors != nullptr);
    return [packs = std::move(packs), options, clock = std::move(clock), checksums,
            executors = std::move(executors)](const DeviceSetup& setup) {
        check_platform(setup);
        try {
            return std::make_unique<EmuDevice>(setup, packs, options, clock, executors, checksums);
        } catch (const OutOfMemory& error) {  // before anything runs: this machine has no more
            throw UnsupportedError(error.what());
        }
    };
}

}  // namespace swaplab
