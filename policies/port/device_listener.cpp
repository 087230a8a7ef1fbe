#include "policies/port/device_listener.h"

#include "policies/port/device.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

DeviceListener* who_listens(const DeviceSetup& setup, bool DeviceInterests::*what) {
    const bool listens = setup.listener != nullptr && setup.listener->device_interests().*what;
    return listens ? setup.listener : nullptr;
}

DeviceListener* memory_listener(const DeviceSetup& setup) {
    const bool activities = who_listens(setup, &DeviceInterests::activities) != nullptr;
    const bool places = who_listens(setup, &DeviceInterests::places) != nullptr;
    SWAPLAB_CHECK(!activities && !places,
                  "a device in real time tells of memory only; its listener waits for activities: "
                  "{}, for places: {}",
                  activities, places);
    return who_listens(setup, &DeviceInterests::memory);
}

DeviceSetup heard_by(DeviceListener* listener, DeviceSetup setup) {
    setup.listener = listener;
    return setup;
}

}  // namespace swaplab
