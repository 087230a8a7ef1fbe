#include "policies/systems/swapnet/rounded_sums.h"

#include <cmath>
#include <numeric>

namespace swaplab {

namespace {

constexpr std::uint32_t kKeptEvery = 64;

std::int64_t rounded(double value) { return std::llround(value); }

}  // namespace

RoundedSums::RoundedSums(std::vector<double> values, double more)
    : values_(std::move(values)), more_(more), kept_(values_.size()) {
    find_scale(std::accumulate(values_.begin(), values_.end(), more));
    before_.push_back(0);
    for (const double value : values_)
        before_.push_back(before_.back() + rounded(std::ldexp(value, shift_)));
    more_fixed_ = rounded(std::ldexp(more, shift_));
}

// A value is off by half a last digit of the fixed point at most, and what adding it to a sum
// leaves out by half a last digit of the double, which is below 2^-52 of the total.
void RoundedSums::find_scale(double total) {
    int exponent = 0;
    std::frexp(total, &exponent);  // total < 2^exponent
    shift_ = std::min(60 - std::max(exponent, 0), 50);
    half_ = std::int64_t{1} << (shift_ - 1);
    if (sums_are_exact(total)) return;
    const double digit = std::ldexp(1.0, exponent - 52 + shift_);
    error_of_each_ = 1 + static_cast<std::int64_t>(std::ceil(digit));
}

// Whether all values are multiples of one power of two of which a double holds all sums.
bool RoundedSums::sums_are_exact(double total) const {
    int exponent = 0;
    std::frexp(total, &exponent);
    const int digits = std::min(shift_, 52 - exponent);
    const auto whole = [&](double value) {
        const double scaled = std::ldexp(value, digits);
        return scaled == std::floor(scaled);
    };
    for (const double value : values_)
        if (!whole(value)) return false;
    return whole(more_);
}

std::int64_t RoundedSums::added_up(std::uint32_t first, std::uint32_t last) const {
    std::vector<double>& kept = kept_[first];
    if (kept.empty()) {
        double sum = 0;
        kept.push_back(0);
        for (std::size_t v = first; v < values_.size(); ++v) {
            sum += values_[v];
            if ((v + 1 - first) % kKeptEvery == 0) kept.push_back(sum);
        }
    }
    const std::uint32_t at = (last - first) / kKeptEvery;
    double sum = kept[at];
    for (std::uint32_t v = first + at * kKeptEvery; v < last; ++v) sum += values_[v];
    return rounded(sum + more_);
}

}  // namespace swaplab
