#include "hw/cuda/runtime/cuda_call.h"

#include "profiles/base/text.h"

namespace swaplab {

void check_cuda(const CudaApi& api, CudaStatus status, const char* call, const char* file,
                int line) {
    if (status == kCudaSuccess) return;
    api.forget_error(api.context);
    throw CudaError(status, text("CUDA: {} failed at {}:{}: {} (error {})", call, file, line,
                                 api.error_text(api.context, status), status));
}

}  // namespace swaplab
