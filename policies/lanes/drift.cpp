#include "policies/lanes/drift.h"

#include <cmath>

namespace swaplab {

namespace {

// What lies further back has a weight of e^-64 at most: less than the last bit of a double.
constexpr std::int64_t kRemembered = 64;

// Beyond any that a job may have, so that no draw of a layer has this counter.
constexpr std::uint32_t kDrift = 0xffffffff;

}  // namespace

Drift::Drift(const Platform& platform, const NormalDraws& draws) : draws_(draws) {
    for (const Node& node : platform.nodes) {
        OfNode& of = by_node_.emplace_back();
        if (!node.noise.drift) continue;
        of.correlation = node.noise.drift->correlation;
        for (std::size_t a = 0; a < kActivities; ++a)
            of.shape[a] = LogNormal::of(node.noise.drift->cv[a]);
    }
}

double Drift::innovation(Activity activity, std::int64_t window) const {
    const auto n = static_cast<std::uint64_t>(window);
    return draws_.at({static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32),
                      static_cast<std::uint32_t>(activity), kDrift});
}

// z_0 = e_0, z_n = z_{n-1}/e + sqrt(1 - 1/e^2)·e_n: variance 1 in every window.
void Drift::follow(Walk& walk, Activity activity, std::int64_t window) const {
    static const double kept = std::exp(-1.0);
    static const double fresh = std::sqrt(1 - std::exp(-2.0));
    const bool near = walk.window >= 0 && walk.window >= window - kRemembered;
    if (!near || walk.window > window) {
        walk.window = std::max<std::int64_t>(0, window - kRemembered);
        walk.z = innovation(activity, walk.window);
    }
    while (walk.window < window)
        walk.z = kept * walk.z + fresh * innovation(activity, ++walk.window);
}

double Drift::factor(NodeId node, Activity activity, Time start) {
    OfNode& of = by_node_[node];
    Walk& walk = of.walks[index_of(activity)];
    const std::int64_t window = count_ns(start - kStart) / count_ns(of.correlation);
    if (walk.window != window) follow(walk, activity, window);
    return of.shape[index_of(activity)].at(walk.z);
}

}  // namespace swaplab
