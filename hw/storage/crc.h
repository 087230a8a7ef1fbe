// CRC-32 as zlib has it. zlib is named in crc.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace swaplab {

// Of the bytes so far and these: start with 0.
std::uint32_t crc_after(std::uint32_t crc, std::span<const std::byte> bytes);

inline std::uint32_t crc_of(std::span<const std::byte> bytes) { return crc_after(0, bytes); }

}  // namespace swaplab
