#include "hw/cuda/execute/block_sums.h"

#include <algorithm>

#include "hw/cuda/runtime/cuda_call.h"

namespace swaplab {

namespace {

// At least one: CUDA allocates no empty memory.
std::size_t bytes_of(std::size_t sums) {
    return std::max<std::size_t>(sums, 1) * sizeof(std::uint64_t);
}

}  // namespace

BlockSums::BlockSums(const CudaApi& api, std::size_t most)
    : api_(api), sums_(api, bytes_of(most)), back_(api, bytes_of(most)) {}

void BlockSums::launch(StreamView stream, std::span<const DeviceRange> ranges) {
    stream_ = stream;
    launched_ = ranges.size();
    auto* const sums = reinterpret_cast<std::uint64_t*>(sums_.at());
    SWAPLAB_CUDA(api_, fill_async, sums, 0, bytes_of(launched_), stream.handle);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        SWAPLAB_CUDA(api_, launch_checksum, ranges[i].at, ranges[i].bytes, sums + i, stream.handle);
        if (ranges[i].flops > 0)
            SWAPLAB_CUDA(api_, launch_spin, ranges[i].flops, sums + i, stream.handle);
    }
    SWAPLAB_CUDA(api_, copy_async, back_.host(), sums, bytes_of(launched_), stream.handle);
}

std::vector<std::uint64_t> BlockSums::wait() {
    stream_.synchronize();
    if (api_.host_touch != nullptr)
        api_.host_touch(api_.context, back_.host(), bytes_of(launched_), HostTouch::read);
    const auto* const sums = reinterpret_cast<const std::uint64_t*>(back_.host());
    return {sums, sums + launched_};
}

}  // namespace swaplab
