// How the host reads for an emulated run.
#pragma once

#include "emu/emu_backend.h"
#include "hw/storage/reader.h"
#include "policies/port/device.h"

namespace swaplab {

// How the host reads is its own affair: the profile says what it has to keep up with. Parallel
// reads progress side by side on the device, but wait for each other's requests in the host's
// queue: many small ones in all, so that a short read does not wait for a long one.
ReadOptions host_reads(const DeviceSetup& setup, const EmuOptions& options);

}  // namespace swaplab
