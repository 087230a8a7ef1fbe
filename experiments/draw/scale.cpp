#include "experiments/draw/scale.h"

#include <algorithm>
#include <cmath>

#include "profiles/base/text.h"

namespace swaplab {

namespace {

// The smallest of 1, 2, 5 times a power of ten that is not below `raw`.
double round_step(double raw) {
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (raw <= factor * power * (1 + 1e-9)) return factor * power;
    return 10 * power;
}

std::vector<double> linear_ticks(double low, double high, int about) {
    const double step = round_step((high - low) / about);
    std::vector<double> ticks;
    for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k)
        ticks.push_back(k * step + 0.0);  // never -0
    return ticks;
}

std::vector<double> logarithmic_ticks(double low, double high, std::initializer_list<double> of) {
    std::vector<double> ticks;
    const double last = std::ceil(std::log10(high));
    for (double exponent = std::floor(std::log10(low)); exponent <= last; ++exponent) {
        for (const double factor : of) {
            const double tick = factor * std::pow(10.0, exponent);
            if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push_back(tick);
        }
    }
    return ticks;
}

}  // namespace

Scale::Scale(Kind kind, double low, double high, double from, double to)
    : kind_(kind), low_(low), high_(high), from_(from), to_(to) {
    if (high_ > low_) return;
    const double margin = low_ == 0 ? 1 : std::abs(low_) / 10;
    low_ -= margin;
    high_ += margin;
}

double Scale::operator()(double value) const {
    const double share = kind_ == Kind::linear ? (value - low_) / (high_ - low_)
                                               : std::log(value / low_) / std::log(high_ / low_);
    return from_ + share * (to_ - from_);
}

std::vector<double> Scale::ticks(int about) const {
    if (kind_ == Kind::linear) return linear_ticks(low_, high_, about);
    std::vector<double> ticks = logarithmic_ticks(low_, high_, {1, 2, 5});
    if (static_cast<int>(ticks.size()) <= about * 3 / 2) return ticks;
    std::vector<double> decades = logarithmic_ticks(low_, high_, {1});
    return decades.size() > 1 ? decades : ticks;
}

std::string tick_text(double value) { return text("{:.10g}", value); }

}  // namespace swaplab
