// Sums of neighbouring values, from any first to any last one, rounded to whole numbers exactly as
// adding the doubles one by one, from the first on, makes them: what execution costs is defined so.
#pragma once

#include <cstdint>
#include <vector>

namespace swaplab {

// Takes O(1) but where a sum lies so near to a half that only adding up tells to which side it
// rounds; those begin at the nearest partial sum that is kept. Not for several threads at once.
class RoundedSums {
  public:
    // Values and `more`, which every sum counts once, are at least 0 and finite; all of them
    // together are below 2^52.
    RoundedSums(std::vector<double> values, double more);

    std::int64_t operator()(std::uint32_t first, std::uint32_t last) const {
        const std::int64_t sum = before_[last] - before_[first] + more_fixed_;
        const std::int64_t from_half = ((sum + half_) & (2 * half_ - 1)) - half_;
        const std::int64_t error = (last - first + 2) * error_of_each_;
        // From a border between two whole numbers: 0 is at `half_` or `-half_` from the middle.
        const std::int64_t distance = half_ - (from_half < 0 ? -from_half : from_half);
        if (distance < error) [[unlikely]]
            return added_up(first, last);
        return (sum + half_) >> shift_;
    }
    const std::vector<double>& values() const { return values_; }
    double more() const { return more_; }

  private:
    std::int64_t added_up(std::uint32_t first, std::uint32_t last) const;
    void find_scale(double total);
    bool sums_are_exact(double total) const;

    std::vector<double> values_;
    double more_;
    int shift_ = 0;          // fixed point: this many binary digits behind the point
    std::int64_t half_ = 0;  // 0.5 in fixed point
    std::int64_t more_fixed_ = 0;
    std::int64_t error_of_each_ = 0;    // of a value in fixed point, and of its addition to a sum
    std::vector<std::int64_t> before_;  // sums in fixed point of all values before
    // By first value, made when it is asked for: every kept_th partial sum.
    mutable std::vector<std::vector<double>> kept_;
};

}  // namespace swaplab
