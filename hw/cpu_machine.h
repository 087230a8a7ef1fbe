// The machine behind the CPU backend: frames for arenas and activations, a reader per storage
// thread, an executor per job.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "hw/cpu_backend.h"
#include "hw/host/activation_pool.h"
#include "hw/host/frames.h"
#include "hw/host/job_executors.h"
#include "hw/host/process.h"
#include "hw/machine.h"

namespace swaplab {

class CpuMachine final : public Machine {
  public:
    // Borrows the setup; keeps the packs.
    CpuMachine(const DeviceSetup& setup, std::vector<PackPtr> packs, const CpuOptions& options,
               const ExecutorFactory& executors);

    // What else the run's certificate should say.
    void note_condition(const std::string& what, const std::string& how) {
        conditions_[what] = how;
    }

    void on_reserved(const Action& command, std::size_t holding, const Arena& arena,
                     const Place& place) override;
    void on_freed(const Action& command, std::size_t holding, const Arena& arena,
                  const Place& place) override;
    std::unique_ptr<Arena> arena_for(const ArenaPlan& plan) override;
    void ready() override;
    void set_budget(Bytes most) override;
    void perform(const Action& command, std::uint32_t server) override;
    Evidence evidence() const override;

  private:
    // Where a holding of a block lies.
    struct Range {
        Frames::WindowId window = 0;
        Place place;
    };
    struct BlockPlaces {
        std::array<Range, kMostHoldings> holdings{};
    };
    struct JobState {
        PackPtr pack;
        const std::vector<BlockFacts>* facts = nullptr;
        std::size_t copies = 0;  // that the path takes; parameters are the holding behind
        std::size_t dummy = 0;   // the holding of the dummy model; 0: none
        std::vector<BlockPlaces> places;
        JobExecutors executors;
        std::vector<std::unique_ptr<Reader>> readers;  // by thread of the storage lane
    };

    void check_model(const JobState& job) const;
    void load_resident(JobId job);
    void read(const Action& command, std::uint32_t server);
    void verify_block(const JobState& job, const BlockFacts& block, const std::byte* at) const;
    void copy(const Action& command);
    void assemble(const Action& command);
    void release(const Action& command);
    void execute(const Action& command);
    std::byte* address(const Range& range) const;
    JobState& job_of(const Action& command) { return jobs_[command.job.index]; }
    const BlockFacts& facts_of(const Action& command) const {
        return (*jobs_[command.job.index].facts)[command.block.index];
    }

    const DeviceSetup& setup_;
    CpuOptions options_;
    Frames frames_;
    ActivationPool activations_;
    std::map<const Arena*, Frames::WindowId> windows_;
    std::vector<std::pair<Frames::WindowId, Bytes>> to_warm_;
    std::vector<JobState> jobs_;
    std::map<std::string, std::string> conditions_;
    std::optional<ProcessWatch> process_;  // from `ready` on
};

}  // namespace swaplab
