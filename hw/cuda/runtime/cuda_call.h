// Every call of the runtime is checked. SWAPLAB_CUDA(api, stream_create, &handle) throws
// `CudaError`; destructors take SWAPLAB_CUDA_NOTHROW, which throws nothing: an error that matters
// is sticky, and the next checked call reports it.
#pragma once

#include <stdexcept>
#include <string>

#include "hw/cuda/runtime/cuda_api.h"

namespace swaplab {

// The message names call, file, line and CUDA's own text.
class CudaError : public std::runtime_error {
  public:
    CudaError(CudaStatus status, const std::string& message)
        : std::runtime_error(message), status_(status) {}
    CudaStatus status() const { return status_; }

  private:
    CudaStatus status_;
};

void check_cuda(const CudaApi& api, CudaStatus status, const char* call, const char* file,
                int line);

}  // namespace swaplab

#define SWAPLAB_CUDA_NOTHROW(api, call, ...) \
    static_cast<void>((api).call((api).context __VA_OPT__(, ) __VA_ARGS__))
#define SWAPLAB_CUDA(api, call, ...)                                                          \
    ::swaplab::check_cuda((api), (api).call((api).context __VA_OPT__(, ) __VA_ARGS__), #call, \
                          __FILE__, __LINE__)
