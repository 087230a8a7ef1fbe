#include "hw/host/interval_set.h"

#include <algorithm>
#include <iterator>

namespace swaplab {

IntervalSet::Map::const_iterator IntervalSet::first_behind(std::int64_t at) const {
    auto it = ranges_.upper_bound(at);
    if (it != ranges_.begin() && std::prev(it)->second > at) --it;
    return it;
}

void IntervalSet::add(Interval range) {
    // Touching ranges merge, so look one byte to the left.
    auto it = first_behind(range.begin - 1);
    while (it != ranges_.end() && it->first <= range.end) {
        range.begin = std::min(range.begin, it->first);
        range.end = std::max(range.end, it->second);
        size_ -= it->second - it->first;
        it = ranges_.erase(it);
    }
    ranges_.emplace(range.begin, range.end);
    size_ += range.size();
}

void IntervalSet::subtract(Interval range) {
    auto it = first_behind(range.begin);
    while (it != ranges_.end() && it->first < range.end) {
        const Interval old{it->first, it->second};
        size_ -= old.size();
        it = ranges_.erase(it);
        for (const Interval rest :
             {Interval{old.begin, range.begin}, Interval{range.end, old.end}}) {
            if (rest.begin >= rest.end) continue;
            ranges_.emplace(rest.begin, rest.end);
            size_ += rest.size();
        }
    }
}

std::vector<Interval> IntervalSet::within(Interval range) const {
    std::vector<Interval> parts;
    for (auto it = first_behind(range.begin); it != ranges_.end() && it->first < range.end; ++it)
        parts.push_back({std::max(it->first, range.begin), std::min(it->second, range.end)});
    return parts;
}

std::vector<Interval> IntervalSet::missing(Interval range) const {
    std::vector<Interval> gaps;
    for (const Interval part : within(range)) {
        if (part.begin > range.begin) gaps.push_back({range.begin, part.begin});
        range.begin = part.end;
    }
    if (range.begin < range.end) gaps.push_back(range);
    return gaps;
}

std::vector<Interval> IntervalSet::all() const {
    std::vector<Interval> ranges;
    for (const auto& [begin, end] : ranges_) ranges.push_back({begin, end});
    return ranges;
}

}  // namespace swaplab
