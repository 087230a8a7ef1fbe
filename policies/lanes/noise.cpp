#include "policies/lanes/noise.h"

#include <Random123/philox.h>

#include <algorithm>
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

Noise::Noise(const Platform& platform, NoiseKey key) {
    // Each replication has a key of its own, drawn with the seed as the key.
    const Philox::ctr_type counter{{key.replication, 0, 0, 0}};
    const Philox::key_type seed{
        {static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)}};
    const Philox::ctr_type drawn = Philox()(counter, seed);
    key_ = {drawn[0], drawn[1]};
    for (const Node& node : platform.nodes) {
        auto& by_verb = by_node_.emplace_back();
        for (const VerbRow& row : kVerbTable) {
            if (!row.activity) continue;
            const double cv = node.noise.cv[index_of(*row.activity)];
            const double variance = std::log1p(cv * cv);
            by_verb[index_of(row.verb)] = {-variance / 2, std::sqrt(variance)};
        }
    }
}

// Box-Muller; the second normal of the pair is not used, so that a draw needs no state.
double Noise::normal(const Action& action) const {
    const std::uint32_t what =
        action.job.index << 8 | static_cast<std::uint32_t>(action.verb) << 4 | action.copy;
    const Philox::ctr_type counter{{action.request.index, action.block.index, action.pass, what}};
    const Philox::ctr_type bits = Philox()(counter, {{key_[0], key_[1]}});
    return std::sqrt(-2 * std::log(uniform(bits[0], bits[1]))) *
           std::cos(2 * std::numbers::pi * uniform(bits[2], bits[3]));
}

Duration Noise::draw(const Action& action, Duration mean) const {
    const LogNormal& shape = by_node_[action.node][static_cast<std::size_t>(action.verb)];
    if (shape.sigma == 0) return mean;
    const double drawn =
        static_cast<double>(mean.count()) * std::exp(shape.mu + shape.sigma * normal(action));
    return Duration{std::llround(std::min(drawn, static_cast<double>(kLongestActivity.count())))};
}

}  // namespace swaplab
