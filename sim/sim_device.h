// The simulated device: virtual time, cost models, exact byte accounting (SEMANTICS).
#pragma once

#include <memory>

#include "policies/port/virtual_device.h"

namespace swaplab {

// A `Device` that completes everything in virtual time. Everything in `setup` is borrowed.
std::unique_ptr<Device> make_sim_device(const DeviceSetup& setup);

// The same, for who drives it: see `VirtualDeviceFactory`.
std::unique_ptr<VirtualDevice> make_virtual_device(const DeviceSetup& setup);

}  // namespace swaplab
