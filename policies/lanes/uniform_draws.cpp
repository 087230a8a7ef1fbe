#include "policies/lanes/uniform_draws.h"

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>

namespace swaplab {

namespace {

using Philox = r123::Philox4x32;

// Tells these draws from those of the noise with the same seed, whose key is drawn from counters
// that begin with the replication and end with zeros.
constexpr std::uint32_t kArrivals = 0x61727276;

}  // namespace

UniformDraws::UniformDraws(std::uint64_t seed) {
    const Philox::key_type given{
        {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
    const Philox::ctr_type drawn = Philox()(Philox::ctr_type{{0, 0, 0, kArrivals}}, given);
    key_ = {drawn[0], drawn[1]};
}

double UniformDraws::at(const Counter& counter) const {
    const Philox::ctr_type bits =
        Philox()({{counter[0], counter[1], counter[2], counter[3]}}, {{key_[0], key_[1]}});
    const std::uint64_t high = (std::uint64_t{bits[0]} << 32 | bits[1]) >> 12;
    return (static_cast<double>(high) + 0.5) * 0x1p-52;
}

double UniformDraws::exponential(const Counter& counter) const { return -std::log(at(counter)); }

std::int64_t UniformDraws::whole(const Counter& counter, std::int64_t most) const {
    const double drawn = std::floor(at(counter) * (static_cast<double>(most) + 1));
    return std::min(static_cast<std::int64_t>(drawn), most);
}

}  // namespace swaplab
