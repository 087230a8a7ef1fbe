// The emulator: a device's pace, budget and rules on an ordinary machine, in real time.
//
// A virtual device says what starts and ends when, by the profile's costs, contention and noise.
// The emulator goes through its instants on the wall clock, `time_scale` times as slow, and does
// for real what happens in them: reads come from files into memory of the budget, copies
// copy, and an activity ends when its time has come and its work is done. So instants are chained
// on the profile's own times: what was late once does not make everything behind it late, and how
// late every lane was is measured (`Evidence::pace`).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hw/storage/pack.h"
#include "policies/port/executor.h"
#include "policies/port/virtual_device.h"

namespace swaplab {

struct EmuOptions {
    double time_scale = 1;       // wall clock / time of the device, > 0
    std::string why_time_scale;  // how it was chosen, for the evidence
    bool page_cache = false;     // reads go through the host's page cache and stay in it
    bool verify = false;         // every block against its checksums, when it has been read
    std::string verified;        // where packs that were verified are noted (`verify_once`)
    std::string executing_with;  // what `executors` depend on, for the evidence
    // Memory that is freed cannot be accessed any more: who does is found (slower reads, since it
    // takes small pages). Always so where the unified-memory rule holds.
    bool guarded = false;
    // Of the host's reads; absent: what keeps it fast, and parallel reads from each other's way.
    std::optional<Bytes> request_bytes;
    std::optional<std::uint32_t> depth;
    std::optional<Bytes> memory_hog;    // that another program takes and touches meanwhile
    std::optional<Bytes> memory_fence;  // a cgroup's limit around the run
};

// Runs models (by JobId) whose parameters are in packs of as many layers; `clock` makes the virtual
// device. With `executors`, blocks are really executed within the time that the profile gives
// them, and the packs are verified first (`StorageError`); else the compute lane only keeps that
// time, and what their bytes are does not matter. Devices throw `InputError` where a pack is not
// that of its model, `RuleViolation` from `wait`.
DeviceFactory make_emu_backend(JobPacks packs, const EmuOptions& options,
                               VirtualDeviceFactory clock, ExecutorFactory executors = nullptr);

}  // namespace swaplab
