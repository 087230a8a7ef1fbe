#include "profiles/fit/rest_step.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace swaplab {
namespace {

constexpr double kSure = 3;  // standard errors

// Of the rests from `first` on.
struct Tail {
    double weight = 0, weighted = 0;
    double mean() const { return weighted / weight; }
    // How much smaller the sum of squares is than without the step.
    double gain() const { return weight > 0 && mean() > 0 ? weighted * mean() : 0; }
};

// Of the tail's mean, from what the step leaves over on both sides.
double standard_error(const std::vector<Rest>& rests, std::size_t first, const Tail& tail) {
    double squares = 0;
    for (std::size_t i = 0; i < rests.size(); ++i)
        squares += rests[i].weight * std::pow(rests[i].extra - (i < first ? 0 : tail.mean()), 2);
    const double freedom = std::max(1.0, static_cast<double>(rests.size()) - 1);
    return std::sqrt(squares / freedom / tail.weight);
}

}  // namespace

std::optional<RestStep> rest_step(std::vector<Rest> rests) {
    std::ranges::sort(rests, {}, &Rest::gap);
    Tail tail, best;
    std::size_t first = rests.size();
    for (std::size_t i = rests.size(); i-- > 0;) {
        tail.weight += rests[i].weight;
        tail.weighted += rests[i].weight * rests[i].extra;
        const bool border = i == 0 || rests[i - 1].gap < rests[i].gap;
        if (!border || tail.gain() <= best.gain()) continue;
        best = tail;
        first = i;
    }
    if (first == rests.size()) return std::nullopt;
    if (best.mean() <= kSure * standard_error(rests, first, best)) return std::nullopt;
    return RestStep{rests[first].gap, best.mean(),
                    std::ssize(rests) - static_cast<std::int64_t>(first)};
}

}  // namespace swaplab
