// A machine that takes the time its cost model says, on real threads: for tests of the device.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "hw/machine.h"

namespace swaplab::testing {

class FakeMachine : public Machine {
  public:
    explicit FakeMachine(const DeviceSetup& setup) : setup_(setup) {}

    void on_reserved(const Action&, std::size_t, const Arena&, const Place&) override {}
    void on_freed(const Action&, std::size_t, const Arena&, const Place&) override {}
    std::unique_ptr<Arena> arena_for(const ArenaPlan& plan, ArenaUse) override {
        return make_arena(plan);
    }
    void ready() override {}
    void set_budget(Bytes) override {}
    void perform(const Action& command, std::uint32_t server) override {
        if (before) before(command, server);
        std::this_thread::sleep_for(duration_of(command));
    }
    Evidence evidence() const override { return {}; }

    std::function<void(const Action&, std::uint32_t)> before;

  private:
    Duration duration_of(const Action& command) const {
        const BlockFacts& facts = setup_.facts[command.job][command.block];
        return takes_time(command.verb) ? facts.of(command.verb, command.pass) : Duration{};
    }
    const DeviceSetup& setup_;
};

inline std::unique_ptr<Device> make_fake_real_device(const DeviceSetup& setup) {
    return make_real_device(setup, std::make_unique<FakeMachine>(setup));
}

}  // namespace swaplab::testing
