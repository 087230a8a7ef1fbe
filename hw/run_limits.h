// What a machine of real memory takes from the setup of a run.
#pragma once

#include <optional>

#include "hw/cpu_backend.h"
#include "hw/storage/pack.h"
#include "policies/port/device.h"

namespace swaplab {

// The most memory that a run may have. Under the account of parameters the budget does not bound
// what execution needs: a quarter more than planned (and 4 MiB) stops only what has gone astray.
std::optional<Bytes> most_memory(const DeviceSetup& setup);

// As the device's profile says, and then as asked for.
ReadOptions read_options(const DeviceSetup& setup, const CpuOptions& options);

// The packs, all of whose blocks are one range of whole pages, as large as its place; throws
// `InputError` naming the first that is not.
JobPacks checked_packs(const DeviceSetup& setup, JobPacks packs);

}  // namespace swaplab
