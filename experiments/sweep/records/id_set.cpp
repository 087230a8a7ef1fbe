#include "experiments/sweep/records/id_set.h"

#include <algorithm>
#include <charconv>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

IdSet::Bits IdSet::bits_of(std::string_view id) {
    constexpr std::size_t half = 16;
    Bits bits{};
    if (id.size() == 2 * half) {
        const char* const middle = id.data() + half;
        const auto high = std::from_chars(id.data(), middle, bits[0], 16);
        const auto low = std::from_chars(middle, middle + half, bits[1], 16);
        if (high.ptr == middle && low.ptr == middle + half) return bits;
    }
    throw InputError(text("expected the 32 hexadecimal digits of a point, found '{}'", id));
}

void IdSet::add(std::string_view id) { ids_.push_back(bits_of(id)); }

void IdSet::finish() {
    std::ranges::sort(ids_);
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
}

bool IdSet::contains(std::string_view id) const {
    return std::ranges::binary_search(ids_, bits_of(id));
}

}  // namespace swaplab
