// The noise of durations (SEMANTICS: Noise): mean-1 log-normal factors with the profile's
// coefficients of variation.
//
// Counter-based (Philox4x32-10; Salmon et al., SC 2011): a draw depends on the seed, the
// replication and what is done (job, request, pass, block, verb, copy), never on when it is
// done or on what was drawn before. So policies are compared under common random numbers, and
// results do not depend on threads or shards.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policies/port/device.h"

namespace swaplab {

class Noise {
  public:
    // The coefficients of variation of the platform's nodes are copied.
    Noise(const Platform& platform, NoiseKey key);

    // The duration of this activity whose mean is `mean`; at most `kLongestActivity`.
    Duration draw(const Action& action, Duration mean) const;

  private:
    // exp(mu + sigma·z) has mean 1 and the wanted cv if sigma^2 = ln(1 + cv^2), mu = -sigma^2/2.
    struct LogNormal {
        double mu = 0;
        double sigma = 0;
    };

    double normal(const Action& action) const;

    std::array<std::uint32_t, 2> key_{};
    IdVector<NodeId, std::array<LogNormal, kVerbs>> by_node_;
};

}  // namespace swaplab
