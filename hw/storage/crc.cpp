#include "hw/storage/crc.h"

#include <zlib.h>

namespace swaplab {

std::uint32_t crc_after(std::uint32_t crc, std::span<const std::byte> bytes) {
    if (bytes.empty()) return crc;  // zlib takes a null pointer for a wish to start again
    return static_cast<std::uint32_t>(
        ::crc32_z(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace swaplab
