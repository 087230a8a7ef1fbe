// The backend that runs policies on this machine: LibTorch on the CPU, direct reads, real memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hw/storage/pack.h"
#include "hw/storage/reader.h"
#include "policies/port/device.h"
#include "policies/port/executor.h"

namespace swaplab {

struct CpuOptions {
    int threads = 0;           // of one operator; 0: LibTorch's own choice
    std::uint32_t inputs = 2;  // request r gets input r mod inputs
    bool verify = false;       // every block against its checksums, at each read, too
    std::string verified{};    // where packs that were verified are noted (`verify_once`)
    // Absent: as the device's profile says (read.request_bytes, read.depth), else ReadOptions'.
    std::optional<Bytes> request_bytes;
    std::optional<std::uint32_t> depth;
    IoBackend io = IoBackend::automatic;
    bool direct = true;
};

// What the options say about reads, on top of what `read` says.
void apply(const CpuOptions& options, ReadOptions& read);

// Runs the packed models. Devices throw `InputError` where a model of the run is not that of its
// pack, or its sizes are not what direct reads need, and `UnsupportedError` where a layer of it is
// divided. The packs are verified first (`StorageError`).
DeviceFactory make_cpu_backend(JobPacks packs, const CpuOptions& options);

// Likewise with executors of the caller's: for tests, and for other libraries than LibTorch.
DeviceFactory make_cpu_backend(JobPacks packs, const CpuOptions& options,
                               ExecutorFactory executors);

// What the first makes its executors with: LibTorch, one per pack.
ExecutorFactory torch_executors(JobPacks packs, const CpuOptions& options);

}  // namespace swaplab
