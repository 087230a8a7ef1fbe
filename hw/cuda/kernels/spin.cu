#include <algorithm>

#include "hw/cuda/kernels/kernels.h"

namespace swaplab {
namespace {

constexpr unsigned kThreads = 256;
constexpr std::int64_t kGroups = 512;
constexpr std::int64_t kFlopsOfTurn = 2;  // a multiplication and an addition

__global__ void spin(std::int64_t turns, std::uint64_t* sink) {
    float value = static_cast<float>(threadIdx.x);
    for (std::int64_t i = 0; i < turns; ++i) value = __fmaf_rn(value, 0.5F, 1.0F);
    if (value < 0) *sink = 1;  // it is not
}

}  // namespace

int launch_spin(std::int64_t flops, std::uint64_t* sink, CUstream_st* stream) {
    if (flops <= 0) return cudaSuccess;
    const std::int64_t threads = kGroups * kThreads;
    const std::int64_t turns = std::max<std::int64_t>(1, flops / (kFlopsOfTurn * threads));
    spin<<<static_cast<unsigned>(kGroups), kThreads, 0, stream>>>(turns, sink);
    return cudaGetLastError();
}

}  // namespace swaplab
