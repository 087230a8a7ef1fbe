#include "experiments/validate/other_world.h"

#include <algorithm>

#include "policies/port/forwarding_device.h"
#include "policies/run/planning.h"
#include "profiles/base/error.h"
#include "sim/sim_device.h"

namespace swaplab {

namespace {

CostModels costs_in(const DeviceSetup& asked, const Platform& platform,
                    const std::vector<ModelPtr>& others) {
    CostModels costs;
    for (const JobId j : asked.costs.ids()) {
        const Model& model = others.empty() ? asked.costs[j].model() : *others[j.index];
        costs.emplace_back(model, platform, asked.deployment.jobs[j].node);
    }
    return costs;
}

// What the simulated device borrows, kept as long as it lives.
struct World {
    World(const DeviceSetup& asked, const Platform& other, const std::vector<ModelPtr>& others)
        : platform(other),
          models(others),
          costs(costs_in(asked, platform, models)),
          facts(block_facts(costs, asked.deployment)),
          requests(
              request_facts(tokens_of(asked.requests), platform, costs, asked.deployment, facts)),
          setup{.platform = platform,
                .costs = costs,
                .facts = facts,
                .deployment = asked.deployment,
                .account = asked.account,
                .budget = asked.budget,
                .noise = asked.noise,
                .listener = asked.listener,
                .stop = asked.stop,
                .modes = {},
                .requests = requests.empty() ? nullptr : &requests} {
        for (const ModeFacts& asked_mode : asked.modes) {
            auto in_mode = std::make_shared<Platform>(platform);
            in_mode->mode = asked_mode.mode;
            CostModels in_mode_costs = costs_in(asked, *in_mode, models);
            modes.push_back(facts_in_mode(std::move(in_mode), std::move(in_mode_costs),
                                          asked.deployment, tokens_of(asked.requests)));
        }
        setup.modes = modes;
    }

    Platform platform;
    std::vector<ModelPtr> models;
    CostModels costs;
    AllFacts facts;
    RequestFacts requests;
    std::vector<ModeFacts> modes;
    DeviceSetup setup;
};

// The world comes first, so that it outlives the device in it.
class OtherWorldDevice final : private World, public ForwardingDevice {
  public:
    OtherWorldDevice(const DeviceSetup& asked, const Platform& other,
                     const std::vector<ModelPtr>& others)
        : World(asked, other, others), ForwardingDevice(make_sim_device(setup)) {}

    // The mode of that name in this world.
    void set_mode(const ModeFacts& asked) override {
        const auto found = std::ranges::find(modes, asked.mode, &ModeFacts::mode);
        SWAPLAB_CHECK(found != modes.end(), "mode '{}' is none of {}", asked.mode, modes.size());
        behind().set_mode(*found);
    }
};

}  // namespace

DeviceFactory simulated_on(Platform platform, std::vector<ModelPtr> models) {
    return [platform = std::move(platform), models = std::move(models)](const DeviceSetup& setup) {
        return std::make_unique<OtherWorldDevice>(setup, platform, models);
    };
}

}  // namespace swaplab
