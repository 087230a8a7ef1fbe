// The memory of a run: arenas, holdings of blocks and the ledger, moved by the starts and ends of
// commands. Backends call it; the rules: SEMANTICS: Swap paths; SEMANTICS: Memory.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "policies/memory/arena.h"
#include "policies/memory/ledger.h"
#include "policies/port/device.h"
#include "policies/port/device_listener.h"

namespace swaplab {

// All arenas that are in force at the start.
Bytes arena_bytes_of(const Deployment& deployment);

// The most that execution needs besides parameters, summed over the jobs.
Bytes most_activations(const AllFacts& facts);

class BlockMemory {
  public:
    // Charges what is there before the run: reserved bytes of the nodes and resident parameters.
    // Arenas are made with `arenas` (null: `make_arena`), by job and variant, staging last. The
    // setup's listener is told of places and changes of memory, as far as it listens.
    explicit BlockMemory(const DeviceSetup& setup, const ArenaFactory& arenas = nullptr);

    // Reserves all that `command` brings; false, and nothing reserved, if there is no place now.
    // Commands that bring nothing, and blocks that are held already, need nothing.
    bool reserve_for(const Action& command, Time now);
    // By how many bytes the last command that got a place took its arenas beyond the most that they
    // have held in this run (SEMANTICS: Memory).
    Bytes fresh() const { return fresh_; }
    // Frees what ends with `command`; true if anything was freed.
    bool free_after(const Action& command, Time now) {
        return freed_by(command) != 0 && free_holdings(command, now);
    }
    void begin_execute(const Action& command, Time now);
    void end_execute(const Action& command, Time now);
    // What the job's request computed.
    void forget(JobId job, Time now);
    void set_budget(Bytes budget, Bytes tolerated, Time now) {
        ledger_.set_budget(budget, tolerated, now);
    }
    // All that happens at `now` has happened.
    void settle(Time now) { ledger_.settle(now); }

    const MemoryReport& report() const { return ledger_.report(); }

  private:
    struct BlockState {
        Bytes held_bytes;
        Arena* arena = nullptr;    // of its variant
        Arena* staging = nullptr;  // ... for what is staged; the same where there is no other
        Arena* fixed = nullptr;    // ... for what it executes from, of a block that is kept there
        std::uint32_t variant = 0;
        std::uint8_t held = 0;        // bit i: holding i of the path is reserved
        bool last = false;            // of its variant: where a pass ends
        bool varies = false;          // what it holds depends on the pass
        bool executes_alike = false;  // in every request and pass: as follows
        ActivationPeak activations;
        Bytes live_out;
        std::array<Place, kMostHoldings> places{};
        const BlockFacts* facts = nullptr;
    };
    struct VariantArenas {
        std::unique_ptr<Arena> arena, staging, fixed;
        Bytes bytes;
    };
    // How much of a piece of memory is in use, and the most that has been.
    struct Use {
        Bytes now, most;
        // By how many bytes it passes the most.
        Bytes take(Bytes bytes);
    };
    // By verb and copy.
    using StepBits = std::array<std::array<std::uint8_t, 2>, kVerbs>;
    struct JobState {
        std::span<const Holding> holdings;
        // Bit i: holding i is reserved when the step begins, is freed when it ends.
        StepBits reserving{}, freeing{};
        std::vector<VariantArenas> variants;
        std::uint32_t variant = 0;  // in force
        std::uint8_t executes_from = 0;         // the holding
        Use use, staging_use, fixed_use;        // of its arenas; its variants share one memory
        ActivationPeak activations;
        std::uint32_t passes = 1;
        Bytes kv_cache;
        IdVector<BlockId, BlockState> blocks;
    };

    // What the block is in the command's request.
    const BlockFacts& facts_of(const JobState& job, const Action& command) const {
        if (requests_ != nullptr && (*requests_)[command.job].vary()) [[unlikely]]
            return (*requests_)[command.job].of(command.request)[command.block];
        return *job.blocks[command.block].facts;
    }
    std::uint32_t passes_of_request(const JobState& job, const Action& command) const;
    void move_activations(JobState& job, const ActivationPeak& needed, Time now) {
        if (ledger_.move_activations(job.activations, needed, now)) note_peak();
        job.activations = needed;
    }
    void grow_kv_cache(JobState& job, Bytes bytes, Time now);
    static JobState job_state(const DeviceSetup& setup, JobId job, const ArenaFactory& arenas);
    void charge_resident(const DeviceSetup& setup, JobId job);
    void change_variant(JobState& job, std::uint32_t variant);
    static bool is_fixed(const JobState& job, const BlockState& block, std::size_t holding) {
        return block.fixed != nullptr && holding == job.executes_from;
    }
    static Arena& arena_of(const JobState& job, const BlockState& block, std::size_t holding) {
        if (is_fixed(job, block, holding)) [[unlikely]]
            return *block.fixed;
        return job.holdings[holding].in_staging ? *block.staging : *block.arena;
    }
    static Use& use_of(JobState& job, const BlockState& block, std::size_t holding) {
        if (is_fixed(job, block, holding)) [[unlikely]]
            return job.fixed_use;
        const bool staged = job.holdings[holding].in_staging && block.staging != block.arena;
        return staged ? job.staging_use : job.use;
    }
    std::uint32_t freed_by(const Action& command) const {
        return jobs_[command.job].freeing[index_of(command.verb)][command.copy];
    }
    bool free_holdings(const Action& command, Time now);
    bool reserve_holdings(const JobState& job, BlockState& block, const Action& command,
                          std::uint32_t holdings);
    void end_kv_cache(JobState& job, const Action& command, Time now);
    void note_peak();

    DeviceListener* place_listener_;  // null if nobody listens
    const RequestFacts* requests_;    // null where all are alike
    IdVector<JobId, JobState> jobs_;
    Bytes arena_bytes_;  // of the variants in force
    Bytes fresh_;
    Ledger ledger_;
};

}  // namespace swaplab
