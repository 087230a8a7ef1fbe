#include "hw/cuda/kernels/checksum.h"

#include <algorithm>

#include "hw/cuda/kernels/kernels.h"

namespace swaplab {
namespace {

constexpr unsigned kThreads = 256;
constexpr std::size_t kMostGroups = 4096;
constexpr unsigned kWarp = 32;

__global__ void add_checksum(const std::uint64_t* words, std::size_t count,
                             unsigned long long* sum) {
    const std::size_t step = static_cast<std::size_t>(gridDim.x) * blockDim.x;
    std::uint64_t own = 0;
    for (std::size_t i = static_cast<std::size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
         i += step)
        own += mixed_word(words[i], i);
    for (unsigned apart = kWarp / 2; apart > 0; apart /= 2)
        own += __shfl_down_sync(0xffffffffU, own, apart);
    if (threadIdx.x % kWarp == 0) atomicAdd(sum, static_cast<unsigned long long>(own));
}

}  // namespace

int launch_checksum(const void* at, std::size_t bytes, std::uint64_t* sum, CUstream_st* stream) {
    const std::size_t words = bytes / sizeof(std::uint64_t);
    if (words == 0) return cudaSuccess;
    const auto groups =
        static_cast<unsigned>(std::min((words + kThreads - 1) / kThreads, kMostGroups));
    add_checksum<<<groups, kThreads, 0, stream>>>(static_cast<const std::uint64_t*>(at), words,
                                                  reinterpret_cast<unsigned long long*>(sum));
    return cudaGetLastError();
}

}  // namespace swaplab
