#include "policies/lanes/noise.h"

#include <algorithm>
#include <cmath>

namespace swaplab {

namespace {

// Durations are added up in units of 2^-20 ns, as work is (SEMANTICS: Sharing and contention).
constexpr double kUnits = 0x1p20;
constexpr std::uint64_t kMost = static_cast<std::uint64_t>(count_ns(kLongestActivity)) << 20;

// To nearest, halves up.
Duration rounded(std::uint64_t units) {
    return Duration{static_cast<std::int64_t>((units + (1U << 19)) >> 20)};
}

}  // namespace

Noise::Noise(const DeviceSetup& setup)
    : deployment_(setup.deployment),
      requests_vary_(setup.requests != nullptr),
      draws_(*setup.noise),
      drift_(setup.platform, draws_) {
    for (const Node& node : setup.platform.nodes) {
        auto& by_verb = by_node_.emplace_back();
        for (std::size_t v = 0; v < kTimedVerbs; ++v)
            by_verb[v] = LogNormal::of(node.noise.cv[index_of(*kVerbTable[v].activity)]);
    }
    take_shares(setup.costs, setup.facts);
}

void Noise::take_shares(const CostModels& costs, const AllFacts& facts) {
    jobs_.clear();
    for (const JobId j : costs.ids()) {
        const JobPlan& plan = deployment_.jobs[j];
        OfJob& job = jobs_.emplace_back();
        job.prompt_tokens = costs[j].model().spec().prompt_tokens;
        for (const BlockFacts& block : facts[j]) {
            job.blocks.push_back(layer_shares(costs[j], plan.path, block));
            job.varies.push_back(requests_vary_ || plan.parts_of_one || block.of_token.has_value());
        }
    }
}

double Noise::share_of(const OfJob& job, const LayerShare& layer, const Action& action) const {
    if (!uses(action.verb)) return layer.ns[index_of(action.verb)];
    if (action.pass == 0) return layer.use;
    return layer.decode.at(static_cast<double>(job.prompt_tokens + action.pass));
}

// What makes the shares add up to the mean of a pass or a request that is not as described.
double Noise::scale_to(Duration mean, const OfJob& job, const std::vector<LayerShare>& layers,
                       const Action& action) const {
    double sum = 0;
    for (const LayerShare& layer : layers) sum += share_of(job, layer, action);
    return sum > 0 ? static_cast<double>(count_ns(mean)) / sum : 1;
}

double Noise::z_of(const Action& action, std::uint32_t layer) const {
    const auto activity = static_cast<std::uint32_t>(*row_of(action.verb).activity);
    const std::uint32_t what = action.job.index << 8 | activity << 4 | action.copy;
    return draws_.at({action.request.index, layer, action.pass, what});
}

Duration Noise::draw(const Action& action, Time start, Duration mean) {
    const LogNormal& shape = by_node_[action.node][index_of(action.verb)];
    const Activity activity = *row_of(action.verb).activity;
    const bool drifts = drift_.drifts(action.node, activity);
    if (shape.is_constant() && !drifts) return mean;
    const double drift = drifts ? drift_.factor(action.node, activity, start) : 1;
    const OfJob& job = jobs_[action.job];
    const std::vector<LayerShare>& layers = job.blocks[action.block];
    double scale = 1;
    if (job.varies[action.block]) [[unlikely]]
        scale = scale_to(mean, job, layers, action);
    std::uint64_t sum = 0;
    for (const LayerShare& layer : layers) {
        const double share = scale * share_of(job, layer, action);
        if (share == 0) continue;
        const double drawn = shape.is_constant() ? 1 : shape.at(z_of(action, layer.layer));
        const double ns = std::min(share * drawn * drift, static_cast<double>(kMost) / kUnits);
        sum = std::min(sum + static_cast<std::uint64_t>(std::llround(ns * kUnits)), kMost);
    }
    return rounded(sum);
}

}  // namespace swaplab
