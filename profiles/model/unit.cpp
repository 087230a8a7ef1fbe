#include "profiles/model/unit.h"

namespace swaplab {

std::int64_t share_of(std::int64_t amount, LayerPart part) {
    if (part.of == 1) return amount;
    __extension__ using Wide = __int128;
    const auto up_to = [&](std::uint32_t parts) {
        return static_cast<std::int64_t>(static_cast<Wide>(amount) * parts / part.of);
    };
    return up_to(part.number + 1) - up_to(part.number);
}

}  // namespace swaplab
