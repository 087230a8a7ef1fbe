// What a GPU says of itself.
#pragma once

#include <string>

#include "hw/cuda/runtime/cuda_api.h"
#include "profiles/base/units.h"

namespace swaplab {

struct Gpu {
    std::string name;
    int capability = 0;  // 87: compute capability 8.7
    int multiprocessors = 0, copy_engines = 0;
    bool integrated = false;  // its memory is the host's
    bool managed_memory = false;
    bool concurrent_managed_access = false;  // the host may touch managed memory beside kernels
    bool pageable_memory_access = false;     // kernels may touch memory that nobody registered
    bool maps_host_memory = false;           // registers it, and kernels read it in place
    bool host_pointer_is_device_pointer = false;
    Bytes memory;  // no budget on integrated ones, where it is what the system has free
    int driver = 0, runtime = 0;  // 12060: 12.6
};

// Throws `UnsupportedError` in one sentence where there is no GPU or no driver, `CudaError`.
Gpu first_gpu(const CudaApi& api);

// "NVIDIA Orin (compute capability 8.7, integrated), driver 12.6, runtime 12.6"
std::string description_of(const Gpu& gpu);

}  // namespace swaplab
