// The noise of durations (SEMANTICS: Noise): every layer of a block has a draw of its own, a
// log-normal factor with mean 1 and the profile's coefficient of variation, on its share of what
// the block takes. So how much a request varies does not depend on how its model is cut.
//
// A draw depends on the seed, the replication and what is done (job, request, pass, layer,
// activity, copy), never on when it is done or on what was drawn before. So policies are compared
// under common random numbers, and results do not depend on threads or shards. The drift alone
// goes by the clock.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policies/lanes/drift.h"
#include "policies/lanes/layer_shares.h"
#include "policies/port/device.h"

namespace swaplab {

class Noise {
  public:
    // Of the key that the setup has; what it needs of the setup is copied, but for the deployment.
    explicit Noise(const DeviceSetup& setup);

    // From now on shares are those in this mode.
    void set_mode(const ModeFacts& mode) { take_shares(mode.costs, mode.facts); }
    // The duration of this activity, which starts then and whose mean is `mean`; at most
    // `kLongestActivity`. Where nothing of it is noisy, the mean.
    Duration draw(const Action& action, Time start, Duration mean);

  private:
    struct OfJob {
        std::int64_t prompt_tokens = 1;
        IdVector<BlockId, std::vector<LayerShare>> blocks;
        // Whose commands may take something else than the block alone in the described pass: then
        // shares are scaled.
        IdVector<BlockId, bool> varies;
    };

    void take_shares(const CostModels& costs, const AllFacts& facts);
    double share_of(const OfJob& job, const LayerShare& layer, const Action& action) const;
    double scale_to(Duration mean, const OfJob& job, const std::vector<LayerShare>& layers,
                    const Action& action) const;
    double z_of(const Action& action, std::uint32_t layer) const;

    const Deployment& deployment_;
    bool requests_vary_;
    NormalDraws draws_;
    Drift drift_;
    IdVector<NodeId, std::array<LogNormal, kTimedVerbs>> by_node_;
    IdVector<JobId, OfJob> jobs_;
};

}  // namespace swaplab
