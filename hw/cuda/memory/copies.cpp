#include "hw/cuda/memory/copies.h"

#include "hw/cuda/runtime/cuda_call.h"

namespace swaplab {

void CopyStream::copy(std::byte* to, const std::byte* from, std::size_t bytes) {
    SWAPLAB_CUDA(api_, copy_async, to, from, bytes, stream_.view().handle);
}

void CopyStream::clear(std::byte* at, std::size_t bytes) {
    SWAPLAB_CUDA(api_, fill_async, at, 0, bytes, stream_.view().handle);
}

// An event, not the stream: what others start behind it is not waited for.
void CopyStream::finish() {
    CudaEvent done(api_);
    done.record(stream_.view());
    done.synchronize();
}

}  // namespace swaplab
