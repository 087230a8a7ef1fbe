// The part of the noise that lasts (SEMANTICS: Noise): a log-normal factor with mean 1 per kind of
// activity, constant in windows of simulated time. ln of it is an autoregressive process of the
// first order, whose correlation from one window to the next is 1/e.
#pragma once

#include <array>
#include <cstdint>

#include "policies/lanes/normal_draws.h"
#include "profiles/base/id_vector.h"

namespace swaplab {

class Drift {
  public:
    // The nodes' noise is copied.
    Drift(const Platform& platform, const NormalDraws& draws);

    bool drifts(NodeId node, Activity activity) const {
        return !by_node_[node].shape[index_of(activity)].is_constant();
    }
    // What everything of this kind that starts then takes so many times as long. Cheapest where
    // instants rise.
    double factor(NodeId node, Activity activity, Time start);

  private:
    // z_n of one kind, as far as it has been followed.
    struct Walk {
        std::int64_t window = -1;
        double z = 0;
    };
    struct OfNode {
        Duration correlation{1};
        std::array<LogNormal, kActivities> shape{};
        std::array<Walk, kActivities> walks{};
    };

    double innovation(Activity activity, std::int64_t window) const;
    void follow(Walk& walk, Activity activity, std::int64_t window) const;

    NormalDraws draws_;
    IdVector<NodeId, OfNode> by_node_;
};

}  // namespace swaplab
