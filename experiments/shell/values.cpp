#include "experiments/shell/values.h"

#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

std::int64_t parse_whole(std::string_view flag, std::int64_t least, const std::string& given,
                         std::int64_t most) {
    const std::optional<double> number = parse_number(given);
    if (number && *number >= static_cast<double>(least) && *number <= static_cast<double>(most) &&
        *number == std::floor(*number))
        return static_cast<std::int64_t>(*number);
    throw InputError(text("{}: expected a whole number from {} to {}, found '{}'", flag, least,
                          most == kMostWhole ? "2^32-1" : std::to_string(most), given));
}

Bytes parse_positive_size(std::string_view flag, const std::string& given) {
    try {
        if (const Bytes size = parse_bytes(given); size.count > 0) return size;
    } catch (const InputError& error) {
        throw InputError(text("{}: {}", flag, error.what()));
    }
    throw InputError(text("{}: expected a positive size, found '{}'", flag, given));
}

Duration parse_positive_time(std::string_view flag, const std::string& given) {
    try {
        if (const Duration time = parse_duration(given); time > Duration::zero()) return time;
    } catch (const InputError& error) {
        throw InputError(text("{}: {}", flag, error.what()));
    }
    throw InputError(text("{}: expected a positive time, found '{}'", flag, given));
}

double parse_share(std::string_view flag, const std::string& given) {
    const bool percent = given.ends_with('%');
    const auto number = parse_number(percent ? given.substr(0, given.size() - 1) : given);
    const double share = number ? *number / (percent ? 100 : 1) : 0;
    if (share > 0 && share < 1) return share;
    throw InputError(text("{}: expected a share such as 2%, found '{}'", flag, given));
}

}  // namespace swaplab
