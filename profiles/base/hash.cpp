#include "profiles/base/hash.h"

#include <xxhash.h>

#include "profiles/base/text.h"

namespace swaplab {

std::string hex_digest(std::string_view content) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(content.data(), content.size()));
    std::string hex;
    for (const unsigned char byte : canonical.digest) hex += text("{:02x}", byte);
    return hex;
}

}  // namespace swaplab
