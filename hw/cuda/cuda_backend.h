// The backend that runs policies on an NVIDIA GPU: packs, read into the memory that kernels read
// wherever the kind allows it, and executed by kernels of our own (`ChecksumExecutor`).
#pragma once

#include "hw/cpu_backend.h"
#include "hw/cuda/runtime/cuda_api.h"

namespace swaplab {

struct CudaOptions {
    CpuOptions host;    // how packs are read and verified
    bool spin = false;  // every layer takes its FLOPs, too
};

// Runs the packed models on the first GPU, with the CUDA that the plugin brings. Throws
// `UnsupportedError` in one sentence where there is no plugin, no driver or no GPU. Devices throw
// as `make_cpu_backend`'s do, `UnsupportedError` where the GPU lacks what the kind of memory takes.
DeviceFactory make_cuda_backend(JobPacks packs, const CudaOptions& options);

// Likewise on a runtime of the caller's, which outlives the devices.
DeviceFactory make_cuda_backend(JobPacks packs, const CudaOptions& options, const CudaApi& api);

}  // namespace swaplab
