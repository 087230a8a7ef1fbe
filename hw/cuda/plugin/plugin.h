// What the CUDA plugin gives to whoever loads it: the table, and nothing that names CUDA.
#pragma once

#include "hw/cuda/runtime/cuda_api.h"

namespace swaplab {

// Plugin and loader are built together; where one is left over from another build, they refuse.
inline constexpr int kCudaPluginVersion = 1;

struct CudaPlugin {
    int version = kCudaPluginVersion;
    const CudaApi* api = nullptr;
};

using CudaPluginEntry = const CudaPlugin* (*)();
inline constexpr const char* kCudaPluginEntry = "swaplab_cuda_plugin";

}  // namespace swaplab
