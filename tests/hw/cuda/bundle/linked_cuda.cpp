// In the bundle CUDA is linked, not loaded: there is one program only.
#include "hw/cuda/plugin/loader.h"
#include "hw/cuda/plugin/plugin.h"

extern "C" const swaplab::CudaPlugin* swaplab_cuda_plugin();

namespace swaplab {

const CudaApi& cuda_api() { return *swaplab_cuda_plugin()->api; }

}  // namespace swaplab
