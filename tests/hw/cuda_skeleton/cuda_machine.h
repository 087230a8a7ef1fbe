// What a machine with a GPU adds to what the verbs do anyway: where blocks lie, and how bytes get
// there. A skeleton against a fake runtime, for discrete GPUs on the staged path; the lanes, the
// order, the reads and the executors are `RealDevice`'s and `BlockWork`'s.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "hw/cpu_backend.h"
#include "hw/host/activation_pool.h"
#include "hw/host/block_work.h"
#include "hw/machine.h"
#include "tests/hw/cuda_skeleton/fake_cuda.h"

namespace swaplab::testing {

// Asynchronous copies with an event behind them.
class CudaMover final : public Mover {
  public:
    explicit CudaMover(FakeCuda& cuda) : cuda_(cuda) {}
    void copy(std::byte* to, const std::byte* from, std::size_t bytes) override {
        cuda_.copy_async(to, from, bytes);
    }
    void clear(std::byte* at, std::size_t bytes) override { cuda_.set_async(at, 0, bytes); }
    void finish() override { cuda_.synchronize(cuda_.record()); }

  private:
    FakeCuda& cuda_;
};

class CudaMachine final : public Machine, private Places {
  public:
    // Borrows the setup and the runtime.
    CudaMachine(const DeviceSetup& setup, FakeCuda& cuda, JobPacks packs,
                const ExecutorFactory& executors);

    void on_reserved(const Action& command, std::size_t holding, const Arena& arena,
                     const Place& place) override;
    void on_freed(const Action&, std::size_t, const Arena&, const Place&) override {}
    std::unique_ptr<Arena> arena_for(const ArenaPlan& plan, ArenaUse use) override;
    void ready() override { work_.load_resident(); }
    void set_budget(Bytes) override {}
    void perform(const Action& command, std::uint32_t server) override {
        work_.perform(command, server);
    }
    Evidence evidence() const override;

  private:
    Resident hold_resident(JobId job, BlockId block) override;
    void bring(const Action&, std::size_t) override {}  // all of it is there from the start
    std::byte* to_write(const Action& command, std::size_t holding) const override {
        return places_[command.job][command.block][holding];
    }
    std::byte* to_execute(const Action& command, std::size_t holding) const override;

    const DeviceSetup& setup_;
    FakeCuda& cuda_;
    Frames frames_;  // of the host, for activations
    ActivationPool activations_;
    std::byte* base_of(const Arena& arena, FakeCuda::Space space);

    std::map<const Arena*, std::size_t> spans_;
    std::map<std::pair<const Arena*, FakeCuda::Space>, std::byte*> bases_;
    IdVector<JobId, IdVector<BlockId, std::array<std::byte*, kMostHoldings>>> places_;
    CudaMover mover_;
    BlockWork work_;
};

}  // namespace swaplab::testing
