// The CUDA backend's device on a fake runtime of its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "hw/cuda/cuda_backend.h"
#include "tests/hw/cuda/fake/fake_cuda.h"

namespace swaplab::testing {

// A device on a runtime of its own, which finds nothing and gets everything back.
class OnFake final : public Device {
  public:
    OnFake(const DeviceSetup& setup, std::optional<MemoryKind> kind, const JobPacks& packs,
           const Gpu& gpu, std::uint64_t seed = 0, const CudaOptions& options = {})
        : fake_(gpu, seed),
          platform_(of_kind(setup.platform, kind)),
          setup_{platform_,     setup.costs,  setup.facts,   setup.deployment,
                 setup.account, setup.budget, setup.noise,   setup.listener,
                 setup.stop,    setup.modes,  setup.requests},
          behind_(make_cuda_backend(packs, options, fake_.api())(setup_)) {}
    ~OnFake() override {
        behind_.reset();
        EXPECT_EQ(fake_.findings(), std::vector<std::string>{});
        EXPECT_EQ(fake_.alive(), std::vector<std::string>{});
    }
    OnFake(const OnFake&) = delete;
    OnFake& operator=(const OnFake&) = delete;

    Time now() const override { return behind_->now(); }
    Ticket submit(const Command& command) override { return behind_->submit(command); }
    std::optional<Action> cancel(Ticket ticket) override { return behind_->cancel(ticket); }
    void forget(JobId job) override { behind_->forget(job); }
    const Completion* wait(Time until) override { return behind_->wait(until); }
    void set_budget(Bytes budget, Bytes tolerated) override {
        behind_->set_budget(budget, tolerated);
    }
    void set_mode(const ModeFacts& mode) override { behind_->set_mode(mode); }
    const MemoryReport& memory() const override { return behind_->memory(); }
    std::vector<Waiting> waiting() const override { return behind_->waiting(); }
    std::optional<Evidence> evidence() const override { return behind_->evidence(); }

  private:
    static Platform of_kind(Platform platform, std::optional<MemoryKind> kind) {
        platform.memory_kind = kind;
        return platform;
    }

    FakeCuda fake_;
    const Platform platform_;
    const DeviceSetup setup_;
    std::unique_ptr<Device> behind_;
};

}  // namespace swaplab::testing
