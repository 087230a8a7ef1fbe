// A device in virtual time that is driven from outside: whoever drives it knows when the next thing
// happens, hears of every start and end at its instant (`DeviceSetup::listener`), and may do for
// real what it stands for. `sim` implements it; it is handed to `emu`, which keeps its pace on the
// wall clock.
#pragma once

#include <functional>
#include <memory>

#include "policies/port/device.h"

namespace swaplab {

class VirtualDevice : public Device {
  public:
    // When something that has started ends next; Time::max() where nothing has. Of what has been
    // submitted since the last `wait` it knows nothing.
    virtual Time next_event() = 0;
};

using VirtualDeviceFactory =
    std::function<std::unique_ptr<VirtualDevice>(const DeviceSetup& setup)>;

}  // namespace swaplab
