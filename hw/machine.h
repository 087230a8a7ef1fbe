// What stands behind a device in real time: memory, storage and execution. The device decides when
// a command runs, on which thread; the machine does it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "policies/memory/block_memory.h"
#include "policies/port/device.h"
#include "policies/port/evidence.h"

namespace swaplab {

// `perform` runs on a lane's thread without any lock.
class Machine {
  public:
    virtual ~Machine() = default;
    // Where a holding of a block goes, and that it is there no more (`DeviceListener`). Called
    // under the device's lock: keep it short.
    virtual void on_reserved(const Action& command, std::size_t holding, const Arena& arena,
                             const Place& place) = 0;
    virtual void on_freed(const Action& command, std::size_t holding, const Arena& arena,
                          const Place& place) = 0;
    // Where the bytes of an arena go by address.
    virtual std::unique_ptr<Arena> arena_for(const ArenaPlan& plan, ArenaUse use) = 0;
    // All arenas have been made: gets memory, brings in what is resident. Before the clock starts.
    virtual void ready() = 0;
    // The budget is another from now on: `most` is what may be in use at all (under the device's
    // lock, as places are).
    virtual void set_budget(Bytes most) = 0;
    // Returns when the command has ended; throws to fail the run. `server` tells the threads of
    // the storage lane apart.
    virtual void perform(const Action& command, std::uint32_t server) = 0;
    // Asked when no command runs any more.
    virtual Evidence evidence() const = 0;
};

// A device in real time: its clock is the monotonic one, from the moment it is made. Each lane has
// a thread of its own (storage as many as the deployment opens), which starts the next command by
// itself. Assemblies and releases are short: the thread that is best placed does them. One node.
//
// Errors of the machine are thrown by `wait`, which is also where they end the run. Everything in
// `setup` is borrowed.
std::unique_ptr<Device> make_real_device(const DeviceSetup& setup,
                                         std::unique_ptr<Machine> machine);

}  // namespace swaplab
