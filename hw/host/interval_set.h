// A set of half-open ranges of int64, kept disjoint and merged.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <vector>

namespace swaplab {

struct Interval {
    std::int64_t begin = 0;
    std::int64_t end = 0;  // > begin
    std::int64_t size() const { return end - begin; }
    friend constexpr auto operator<=>(Interval, Interval) = default;
};

class IntervalSet {
  public:
    void add(Interval range);
    void subtract(Interval range);
    // The parts of `range` that are in the set, and those that are not; ascending.
    std::vector<Interval> within(Interval range) const;
    std::vector<Interval> missing(Interval range) const;
    std::vector<Interval> all() const;
    std::int64_t size() const { return size_; }  // summed

  private:
    using Map = std::map<std::int64_t, std::int64_t>;  // begin -> end
    // The first range that ends behind `at`.
    Map::const_iterator first_behind(std::int64_t at) const;

    Map ranges_;
    std::int64_t size_ = 0;
};

}  // namespace swaplab
