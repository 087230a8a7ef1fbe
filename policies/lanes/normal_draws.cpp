#include "policies/lanes/normal_draws.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

namespace swaplab {

namespace {

using Philox = r123::Philox4x32;

// In (0, 1), from 52 random bits.
double uniform(std::uint32_t high, std::uint32_t low) {
    const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 12;
    return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace

// Each replication has a key of its own, drawn with the seed as the key.
NormalDraws::NormalDraws(NoiseKey key) {
    const Philox::ctr_type counter{{key.replication, 0, 0, 0}};
    const Philox::key_type seed{
        {static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)}};
    const Philox::ctr_type drawn = Philox()(counter, seed);
    key_ = {drawn[0], drawn[1]};
}

double NormalDraws::at(const Counter& counter) const {
    const Philox::ctr_type bits =
        Philox()({{counter[0], counter[1], counter[2], counter[3]}}, {{key_[0], key_[1]}});
    return std::sqrt(-2 * std::log(uniform(bits[0], bits[1]))) *
           std::cos(2 * std::numbers::pi * uniform(bits[2], bits[3]));
}

LogNormal LogNormal::of(double cv) {
    const double variance = std::log1p(cv * cv);
    return {-variance / 2, std::sqrt(variance)};
}

double LogNormal::at(double z) const { return std::exp(mu + sigma * z); }

}  // namespace swaplab
