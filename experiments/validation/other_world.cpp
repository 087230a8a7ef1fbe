#include "experiments/validation/other_world.h"

#include "policies/run/planning.h"
#include "sim/sim_device.h"

namespace swaplab {

namespace {

// What the simulated device borrows, kept as long as it lives.
struct World {
    World(const DeviceSetup& asked, const Platform& other, const std::vector<ModelPtr>& others)
        : platform(other), models(others) {
        for (std::size_t j = 0; j < asked.costs.size(); ++j) {
            const Model& model = models.empty() ? asked.costs[j].model() : *models[j];
            costs.emplace_back(model, platform, asked.deployment.jobs[j].node);
        }
        facts = block_facts(costs, asked.deployment);
    }

    Platform platform;
    std::vector<ModelPtr> models;
    std::vector<CostModel> costs;
    std::vector<std::vector<BlockFacts>> facts;
};

class OtherWorldDevice final : public Device {
  public:
    OtherWorldDevice(const DeviceSetup& asked, const Platform& platform,
                     const std::vector<ModelPtr>& models)
        : world_(asked, platform, models),
          setup_{world_.platform,  world_.costs,         world_.facts,
                 asked.deployment, asked.account,        asked.budget,
                 asked.noise,      asked.memory_changes, asked.stop},
          device_(make_sim_device(setup_)) {}

    Time now() const override { return device_->now(); }
    Ticket submit(const Command& command) override { return device_->submit(command); }
    std::optional<Action> cancel(Ticket ticket) override { return device_->cancel(ticket); }
    const Completion* wait(Time until) override { return device_->wait(until); }
    void set_budget(Bytes budget, Bytes tolerated) override {
        device_->set_budget(budget, tolerated);
    }
    const MemoryReport& memory() const override { return device_->memory(); }
    std::vector<Waiting> waiting() const override { return device_->waiting(); }

  private:
    World world_;
    DeviceSetup setup_;
    std::unique_ptr<Device> device_;
};

}  // namespace

DeviceFactory simulated_on(Platform platform, std::vector<ModelPtr> models) {
    return [platform = std::move(platform), models = std::move(models)](const DeviceSetup& setup) {
        return std::make_unique<OtherWorldDevice>(setup, platform, models);
    };
}

}  // namespace swaplab
