// Digests for birth certificates.
#pragma once

#include <string>
#include <string_view>

namespace swaplab {

// 32 hex digits: XXH3 of 128 bits over the bytes. The same on every machine; not cryptographic.
std::string hex_digest(std::string_view content);

}  // namespace swaplab
