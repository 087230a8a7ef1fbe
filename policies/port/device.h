// The port: what every backend (`sim`, `emu`, `hw`) implements, and all that a runner knows of one.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policies/port/command.h"
#include "policies/port/deployment.h"
#include "policies/port/holding.h"
#include "policies/port/mode_facts.h"
#include "profiles/base/error.h"
#include "profiles/cost/cost.h"
#include "profiles/device/platform.h"

namespace swaplab {

class DeviceListener;
struct Evidence;

// When, and by what, the budget was exceeded first.
struct Breach {
    Time at{};
    Bytes in_use;
    Bytes budget;
};

// Memory under the chosen account. Updated by the device at every reservation; read by the runner.
struct MemoryReport {
    Bytes in_use;
    Bytes peak;
    std::array<Bytes, kCategories> by_category{};       // now
    std::array<Bytes, kCategories> peak_by_category{};  // at the first instant of the peak
    Bytes largest_hole;  // largest contiguous free range of an arena, at the peak
    Bytes arena_bytes;   // capacity reserved for the run
    std::optional<Breach> breach;
    Duration over_budget{};  // how long more than the budget was in use, after it had fallen
};

// A command that has not started, and why.
struct Waiting {
    Ticket ticket;
    Action command;
    std::string reason;  // "place for 12 MiB in the ring", "read of block 3 (ticket 17)", …
};

// Wrappers around a device derive from `ForwardingDevice`.
class Device {
  public:
    virtual ~Device() = default;

    virtual Time now() const = 0;
    // Queues a legal command (the runner has checked it); it may start during the next `wait`.
    // Tickets are consecutive from 0.
    virtual Ticket submit(const Command& command) = 0;
    // Takes back a command that has not started and says what it was; nothing if it has started.
    virtual std::optional<Action> cancel(Ticket ticket) = 0;
    // The next completion at or before `until`, in order of (time, lane, submission), valid until
    // the next call; else goes on to `until` and returns null. With nothing running or able to
    // start it returns at once without moving time when `until` is `Time::max()`.
    virtual const Completion* wait(Time until) = 0;

    // From now on: what is in use beyond `budget` counts as time over it, and beyond `tolerated`
    // (at least `budget`) it is a breach. They differ while requests that began before the budget
    // fell have not ended.
    virtual void set_budget(Bytes budget, Bytes tolerated) = 0;
    // From now on what starts takes the durations of `mode`, one of `DeviceSetup::modes`; what runs
    // keeps the one it started with. The first execution that then starts on a node takes its
    // `switching` longer (ours), those of several changes added up. Throws `UnsupportedError` where
    // the device cannot.
    virtual void set_mode(const ModeFacts& mode) = 0;
    // The request of the job that executed last is given up: what it computed so far (activations,
    // KV cache) is forgotten. Nothing of it executes.
    virtual void forget(JobId) {}
    // The same object for the whole life of the device.
    virtual const MemoryReport& memory() const = 0;
    // Every command that has not started, for the verdict `stuck`.
    virtual std::vector<Waiting> waiting() const = 0;
    // Whether commands begin at the very instant at which they may: so in virtual time.
    virtual bool begins_at_once() const { return false; }
    // Asked at the end of the run; nothing from a device that has no operating system under it.
    virtual std::optional<Evidence> evidence() const = 0;
};

// Which draws of the noise a run sees; the same keys give the same draws to every policy.
struct NoiseKey {
    std::uint64_t seed = 0;
    std::uint32_t replication = 0;
};

// What a device is built from. Borrowed for the whole run.
struct DeviceSetup {
    const Platform& platform;
    const CostModels& costs;
    const AllFacts& facts;
    const Deployment& deployment;
    Account account = Account::all;
    std::optional<Bytes> budget{};       // absent: unlimited
    std::optional<NoiseKey> noise{};     // absent: every duration is its mean
    DeviceListener* listener = nullptr;  // null if nobody listens
    // Set, by a signal or another thread, when the run shall end early: a device that really waits
    // then returns null from `wait`. Null where nobody can ask.
    const std::atomic<bool>* stop = nullptr;
    std::span<const ModeFacts> modes = {};  // that the run changes to, each once; mostly none
    // Of requests that differ, in the mode at the start; null where all are as their models.
    const RequestFacts* requests = nullptr;
};

// Makes the device of one run. Throws `InputError` or `UnsupportedError` where it cannot. What it
// keeps (packs, options) outlives the devices it makes.
using DeviceFactory = std::function<std::unique_ptr<Device>(const DeviceSetup&)>;

}  // namespace swaplab
