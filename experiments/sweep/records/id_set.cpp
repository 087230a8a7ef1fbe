#include "experiments/sweep/records/id_set.h"

#include <algorithm>
#include <charconv>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

PointId point_id(std::string_view digits) {
    constexpr std::size_t half = 16;
    PointId bits{};
    if (digits.size() == 2 * half) {
        const char* const middle = digits.data() + half;
        const auto high = std::from_chars(digits.data(), middle, bits[0], 16);
        const auto low = std::from_chars(middle, middle + half, bits[1], 16);
        if (high.ptr == middle && low.ptr == middle + half) return bits;
    }
    throw InputError(text("expected the 32 hexadecimal digits of a point, found '{}'", digits));
}

void IdSet::finish() {
    std::ranges::sort(ids_);
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
}

bool IdSet::contains(const PointId& id) const {
    return std::ranges::binary_search(ids_, id);
}

}  // namespace swaplab
