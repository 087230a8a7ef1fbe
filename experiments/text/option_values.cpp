#include "experiments/text/option_values.h"

#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

Duration parse_positive_duration(const std::string& whose, const std::string& key,
                                 const std::string& value) {
    Duration duration{};
    try {
        duration = parse_duration(value);
    } catch (const InputError& error) {
        throw InputError(text("{}: {}: {}", whose, key, error.what()));
    }
    if (duration <= Duration::zero()) throw InputError(text("{}: {} must be positive", whose, key));
    return duration;
}

std::int64_t parse_whole_number(const std::string& whose, const std::string& key,
                                const std::string& value) {
    const std::optional<double> number = parse_number(value);
    constexpr double largest = 1LL << 32;
    if (number && *number >= 1 && *number <= largest && *number == std::floor(*number))
        return static_cast<std::int64_t>(*number);
    throw InputError(
        text("{}: {}: expected a positive whole number, found '{}'", whose, key, value));
}

}  // namespace swaplab
