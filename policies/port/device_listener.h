// Listening to a device: what it does, told at the instant at which it happens. The one way to
// hear of a run from below the runner; what the runner itself tells comes on top (`Observer`).
#pragma once

#include <cstddef>

#include "policies/port/command.h"
#include "policies/port/holding.h"
#include "profiles/base/units.h"

namespace swaplab {

class Arena;
struct DeviceSetup;
struct Place;

// One category, and the sum under the chosen account, have changed.
struct MemoryChange {
    Time at{};
    Category category = Category::parameters;
    Bytes now;  // in that category
    Bytes in_use;
};

// What somebody listens to. Nothing is called, and nothing collected, for what nobody wants.
struct DeviceInterests {
    bool activities = false;
    bool places = false;
    bool memory = false;
};

// Calls come in the order in which things happen, from inside the calls of the device (`wait`
// above all), which an exception leaves; the device is unusable then but for `memory` and
// `waiting`. Who listens must not call the device. Virtual devices tell everything; those in real
// time tell of memory only, from the thread that calls them (`memory_listener`).
class DeviceListener {
  public:
    virtual ~DeviceListener() = default;

    // Asked when the device is made; the answer holds for all of its life.
    virtual DeviceInterests device_interests() const = 0;

    // The command has started: its place is reserved, its memory is charged.
    virtual void on_activity_start(const Completion&) {}
    // It ends now: nothing that it held has been freed, nothing that waits for it has started.
    virtual void on_activity_end(const Completion&) {}

    // Where bytes are put. `holding` is the index into `holdings_of` the job's path.
    virtual void on_reserved(const Action&, std::size_t /*holding*/, const Arena&, const Place&) {}
    virtual void on_freed(const Action&, std::size_t /*holding*/, const Arena&, const Place&) {}

    virtual void on_memory(const MemoryChange&) {}
};

// The setup's listener if it listens to that, else null.
DeviceListener* who_listens(const DeviceSetup& setup, bool DeviceInterests::*what);
// For devices that tell of memory only: aborts where the listener waits for more.
DeviceListener* memory_listener(const DeviceSetup& setup);
// The same setup for a device behind another, which listens to it.
DeviceSetup heard_by(DeviceListener* listener, DeviceSetup setup);

}  // namespace swaplab
