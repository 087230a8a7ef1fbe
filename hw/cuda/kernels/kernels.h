// Kernels of our own: what proves paths, order and contents on any GPU without a framework. They
// return what their launch returns (a cudaError_t).
#pragma once

#include <cstddef>
#include <cstdint>

struct CUstream_st;

namespace swaplab {

// Adds the checksum (checksum.h) of `bytes`, a multiple of 8, to `sum`.
int launch_checksum(const void* at, std::size_t bytes, std::uint64_t* sum, CUstream_st* stream);

// Takes about `flops` floating-point operations, spread over the whole device; `sink` is never
// written, which the compiler cannot know.
int launch_spin(std::int64_t flops, std::uint64_t* sink, CUstream_st* stream);

}  // namespace swaplab
