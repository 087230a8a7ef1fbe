// The machine behind the CUDA backend: where blocks lie in which memory, and what hands them to the
// GPU and back. Lanes, order and threads are the real device's, reads and binding `BlockWork`'s,
// CUDA's rules `SwapMemory`'s.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hw/cuda/checksum_executor.h"
#include "hw/cuda/cuda_backend.h"
#include "hw/cuda/memory/buffer_pool.h"
#include "hw/cuda/memory/copies.h"
#include "hw/cuda/memory/swap_memory.h"
#include "hw/host/activation_pool.h"
#include "hw/host/block_work.h"
#include "hw/host/process.h"
#include "hw/machine.h"
#include "policies/memory/managed_rule.h"

namespace swaplab {

class CudaMachine final : public Machine, private Places, private KernelStreams {
  public:
    // Borrows the setup and the table; keeps the packs. `sums` by job, as the packs.
    CudaMachine(const DeviceSetup& setup, const CudaApi& api, const Gpu& gpu, const JobPacks& packs,
                IdVector<JobId, UnitSums> sums, const CudaOptions& options);

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
    void perform(const Action& command, std::uint32_t server) override;
    Evidence evidence() const override;

  private:
    // A copy of a block.
    struct Held {
        const Arena* arena = nullptr;
        Place place;
        Spot spot;
        bool pooled = false;   // the buffer is given back when the holding is freed
        bool written = false;  // by the host, at present
    };
    // An arena whose places have addresses in one allocation; others take a buffer for each block.
    struct Slab {
        ArenaPlan plan;
        ArenaUse use;
        Buffer* buffer = nullptr;
    };
    class UnderTheRule;

    class CudaMover final : public Mover {
      public:
        explicit CudaMover(const CudaApi& api) : copies_(api) {}
        void copy(std::byte* to, const std::byte* from, std::size_t bytes) override {
            copies_.copy(to, from, bytes);
        }
        void clear(std::byte* at, std::size_t bytes) override { copies_.clear(at, bytes); }
        void finish() override { copies_.finish(); }

      private:
        CopyStream copies_;
    };

    Resident hold_resident(JobId job, BlockId block) override;
    void bring(const Action& command, std::size_t holding) override;
    std::byte* to_write(const Action& command, std::size_t holding) const override;
    std::byte* to_execute(const Action& command, std::size_t holding) const override;
    StreamView stream_for(const std::byte* at) const override;

    const SwapPathRow& path_of(JobId job) const;
    Space space_of(JobId job, std::size_t holding) const;
    std::optional<Space> space_of_slabs() const;
    Spot take(Space space, Bytes size);
    Spot landing_of_residents();
    Spot spot_for(const Action& command, std::size_t holding);
    void finish_write(Held& held);
    void hand_over_resident(JobId job);
    const Spot& executing(const Action& command) const;
    Held& held(const Action& command, std::size_t holding) {
        return held_[command.job][command.block][holding];
    }

    const DeviceSetup& setup_;
    const CudaApi& api_;
    const std::string gpu_;
    const ChosenKind kind_;
    Platform platform_;  // as this GPU is, for the rule
    const DeviceSetup rule_setup_;
    std::mutex rule_mutex_;
    ManagedRule rule_;
    BufferPool pool_;
    SwapMemory memory_;
    std::map<const Arena*, Slab> slabs_;
    IdVector<JobId, IdVector<BlockId, std::array<Held, kMostHoldings>>> held_;
    std::optional<Buffer> landing_;  // of residents that are copied on
    mutable std::mutex streams_mutex_;
    mutable std::map<const std::byte*, StreamView> streams_;  // of what was bound last
    Frames frames_;                                           // of activations on the host
    ActivationPool activations_;
    CudaMover mover_;
    BlockWork work_;
    std::map<std::string, std::string> conditions_;
    std::optional<ProcessWatch> process_;  // from `ready` on
};

}  // namespace swaplab
