// A device in virtual time that is driven from outside: whoever drives it knows when the next thing
// happens, hears of every start and end at its instant, and may do for real what it stands for.
// `sim` implements it; it is handed to `emu`, which keeps its pace on the wall clock.
#pragma once

#include <functional>
#include <memory>

#include "policies/port/device.h"

namespace swaplab {

class PlaceListener;

// Hears of activities in the order in which they happen. Calls come from inside `wait`, which an
// exception leaves; the device is unusable then but for `memory` and `waiting`.
class ActivityListener {
  public:
    virtual ~ActivityListener() = default;
    // The command has started: its place is reserved, its memory is charged.
    virtual void on_start(const Completion& span) = 0;
    // It ends now: nothing that it held has been freed, nothing that waits for it has started.
    virtual void on_end(const Completion& span) = 0;
};

class VirtualDevice : public Device {
  public:
    // When something that has started ends next; Time::max() where nothing has. Of what has been
    // submitted since the last `wait` it knows nothing.
    virtual Time next_event() = 0;
};

// Both may be null; they outlive the device.
using VirtualDeviceFactory = std::function<std::unique_ptr<VirtualDevice>(
    const DeviceSetup& setup, ActivityListener* activities, PlaceListener* places)>;

}  // namespace swaplab
