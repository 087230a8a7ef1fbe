// The machine behind the CPU backend: frames for arenas and activations, and where blocks lie in
// them; what commands do there is `BlockWork`'s.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hw/cpu_backend.h"
#include "hw/host/activation_pool.h"
#include "hw/host/block_work.h"
#include "hw/host/frames.h"
#include "hw/host/process.h"
#include "hw/machine.h"

namespace swaplab {

class CpuMachine final : public Machine, private Places {
  public:
    // Borrows the setup; keeps the packs.
    CpuMachine(const DeviceSetup& setup, JobPacks packs, const CpuOptions& options,
               const ExecutorFactory& executors);

    // What else the run's certificate should say.
    void note_condition(const std::string& what, const std::string& how) {
        conditions_[what] = how;
    }

    void on_reserved(const Action& command, std::size_t holding, const Arena& arena,
                     const Place& place) override;
    void on_freed(const Action& command, std::size_t holding, const Arena& arena,
                  const Place& place) override;
    std::unique_ptr<Arena> arena_for(const ArenaPlan& plan, ArenaUse use) override;
    void ready() override;
    void set_budget(Bytes most) override;
    void perform(const Action& command, std::uint32_t server) override {
        work_.perform(command, server);
    }
    Evidence evidence() const override;

  private:
    // Where a holding of a block lies.
    struct Range {
        Frames::WindowId window = 0;
        Place place;
    };
    using BlockRanges = std::array<Range, kMostHoldings>;

    // What is in place from before the run.
    struct ResidentWindow {
        std::optional<Frames::WindowId> window;
        Bytes used;
    };

    Resident hold_resident(JobId job, BlockId block) override;
    void bring(const Action& command, std::size_t holding) override;
    std::byte* to_write(const Action& command, std::size_t holding) const override;
    std::byte* to_execute(const Action& command, std::size_t holding) const override {
        return to_write(command, holding);
    }
    Range& range_of(const Action& command, std::size_t holding) {
        return ranges_[command.job][command.block][holding];
    }

    const DeviceSetup& setup_;
    Frames frames_;
    ActivationPool activations_;
    std::map<const Arena*, Frames::WindowId> windows_;
    std::vector<std::pair<Frames::WindowId, Bytes>> to_warm_;
    IdVector<JobId, IdVector<BlockId, BlockRanges>> ranges_;
    std::map<JobId, ResidentWindow> resident_;
    HostMover mover_;
    BlockWork work_;
    std::map<std::string, std::string> conditions_;
    std::optional<ProcessWatch> process_;  // from `ready` on
};

}  // namespace swaplab
