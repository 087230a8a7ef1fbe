// The checksum that kernels take of a block's bytes, the same on host and device: the sum, modulo
// 2^64, of every word mixed with its place. A sum, so that any order gives it; with the place, so
// that bytes that lie elsewhere are others. No check against an adversary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#define SWAPLAB_ON_BOTH __host__ __device__
#else
#define SWAPLAB_ON_BOTH
#endif

namespace swaplab {

// The mixing function of SplitMix64 (Steele, Lea, Flood 2014).
SWAPLAB_ON_BOTH inline std::uint64_t mixed_word(std::uint64_t word, std::uint64_t place) {
    std::uint64_t z = word + (place + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

// Of whole words, the first of which is at `place`: sums of parts add up to that of the whole.
inline std::uint64_t checksum_of(const std::byte* at, std::size_t bytes, std::uint64_t place = 0) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes / sizeof sum; ++i) {
        std::uint64_t word = 0;
        std::memcpy(&word, at + i * sizeof word, sizeof word);
        sum += mixed_word(word, place + i);
    }
    return sum;
}

}  // namespace swaplab
