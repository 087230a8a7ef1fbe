// CUDA, loaded with the first run that asks for it: the executable starts without it.
#pragma once

#include "hw/cuda/runtime/cuda_api.h"

namespace swaplab {

// Throws `UnsupportedError` where the plugin is not there. That there is a GPU is not said.
const CudaApi& cuda_api();

}  // namespace swaplab
