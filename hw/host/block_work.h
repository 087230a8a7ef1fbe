// What the verbs really do on real memory and real files, once for every machine that has them:
// reads come from packs, copies copy, the dummy model is made, executors bind, execute and unbind.
// A machine says where things are (`Places`) and how bytes get from one place to another
// (`Mover`).
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hw/host/block_layout.h"
#include "hw/host/job_executors.h"
#include "hw/host/page_checksums.h"
#include "hw/storage/pack.h"
#include "hw/storage/reader.h"
#include "policies/port/device.h"
#include "policies/port/executor.h"

namespace swaplab {

// Where the holdings of blocks are (`holdings_of` the job's path, by index).
class Places {
  public:
    virtual ~Places() = default;
    // How a block is there that is in its place from before the run.
    struct Resident {
        std::uint32_t copies = 1;         // each a holding; every one is copied from the one before
        std::uint32_t executes_from = 0;  // the holding that is bound
    };
    // Gives such a block its places. Once for each that has parameters, blocks in order.
    virtual Resident hold_resident(JobId job, BlockId block) = 0;
    // Puts memory behind a holding that the block has, at least behind that one, before it is
    // written. On the thread that does the work; throws `OutOfMemory` where there is none.
    virtual void bring(const Action& command, std::size_t holding) = 0;
    // A holding that has memory: where reads and the mover write it, and where it is executed from.
    virtual std::byte* to_write(const Action& command, std::size_t holding) const = 0;
    virtual std::byte* to_execute(const Action& command, std::size_t holding) const = 0;
};

// Moves bytes between places. What one thread has started is done when its `finish` returns; so
// copies may be asynchronous, with an event behind them. Any thread.
class Mover {
  public:
    virtual ~Mover() = default;
    virtual void copy(std::byte* to, const std::byte* from, std::size_t bytes) = 0;
    virtual void clear(std::byte* at, std::size_t bytes) = 0;
    virtual void finish() = 0;
};

// memcpy: done at once.
class HostMover final : public Mover {
  public:
    void copy(std::byte* to, const std::byte* from, std::size_t bytes) override;
    void clear(std::byte* at, std::size_t bytes) override;
    void finish() override {}
};

// Bytes of every block of every job.
using BlockSizes = IdVector<JobId, IdVector<BlockId, Bytes>>;

class BlockWork {
  public:
    // Opens the packs for reading: `InputError` where that cannot be. Without `executors` nothing
    // is executed. With `verify`, every block is checked against its checksums when it has been
    // read, and tables that come in by rows now, once, and then page by page (`StorageError`).
    // Borrows the setup, the places, the mover and the activations.
    BlockWork(const DeviceSetup& setup, JobPacks packs, const ReadOptions& read, bool verify,
              const ExecutorFactory& executors, Places& places, Mover& mover,
              ActivationMemory& activations);

    // What a read of each block brings. Throws `InputError` where there is no
    // pack, or one of other layers than its model.
    static BlockSizes sizes_of(const DeviceSetup& setup, const JobPacks& packs);

    // Brings in what is resident before the run.
    void load_resident();
    // Whether the command does anything that takes a thread.
    bool is_real(const Action& command) const;
    // On a thread of its lane, `server` of which it is; returns when it is done. Throws to fail
    // the run.
    void perform(const Action& command, std::uint32_t server);

    // Asked when nothing runs any more: the outputs of jobs that execute, and how reads are done.
    std::vector<Digests> outputs() const;
    const std::string& how_it_reads() const;
    bool executes() const { return !jobs_.front().executors.empty(); }

  private:
    struct JobState {
        PackPtr pack;
        const SwapPathRow* path = nullptr;
        IdVector<BlockId, BlockLayout> blocks;
        std::vector<IdVector<BlockId, BlockLayout>> of_kinds;  // of requests that differ
        std::vector<std::unique_ptr<Reader>> readers;          // by server of the storage lane
        JobExecutors executors;
        std::map<std::uint32_t, PageChecksums> tables;  // by unit: where reads are verified
    };

    void load_resident(JobId job, BlockId block);
    void read(const Action& command, std::uint32_t server);
    std::vector<std::int64_t> rows_of(const Action& command, const BlockLayout::Piece& piece) const;
    void add_rows(const Action& command, const BlockLayout::Piece& piece, std::byte* to,
                  std::vector<ReadRange>& ranges) const;
    std::vector<RowAt> places_of_rows(const Action& command, const BlockLayout::Piece& piece) const;
    void take_checksums(JobState& job);
    void check(const Action& command) const;
    void check_rows(const Action& command, const BlockLayout::Piece& piece,
                    const std::byte* at) const;
    std::size_t size_of(const Action& command) const;
    void copy(const Action& command, std::size_t from, std::size_t to);
    void assemble(const Action& command);
    void bind(const Action& command, std::size_t holding);
    JobState& job_of(const Action& command) { return jobs_[command.job]; }
    const JobState& job_of(const Action& command) const { return jobs_[command.job]; }
    const BlockLayout& block_of(const Action& command) const {
        const JobState& job = job_of(command);
        if (job.of_kinds.empty()) return job.blocks[command.block];
        return job.of_kinds[(*setup_.requests)[command.job].kinds[command.request]][command.block];
    }

    const DeviceSetup& setup_;
    bool verify_;
    Places& places_;
    Mover& mover_;
    IdVector<JobId, JobState> jobs_;
};

}  // namespace swaplab
