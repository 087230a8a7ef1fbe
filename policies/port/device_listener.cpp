#include "policies/port/device_listener.h"

#include "policies/port/device.h"

namespace swaplab {

DeviceListener* who_listens(const DeviceSetup& setup, bool DeviceInterests::*what) {
    const bool listens = setup.listener != nullptr && setup.listener->device_interests().*what;
    return listens ? setup.listener : nullptr;
}

}  // namespace swaplab
