// What commands really do: reads come from packs, copies copy, executors execute.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "emu/emu_backend.h"
#include "emu/memory/run_memory.h"
#include "hw/host/job_executors.h"
#include "hw/storage/reader.h"

namespace swaplab {

class Work {
  public:
    // Borrows setup and memory. Opens the packs: `InputError` where one cannot be read or is not
    // that of its model.
    Work(const DeviceSetup& setup, RunMemory& memory,
         std::vector<std::shared_ptr<const Pack>> packs, const EmuOptions& options,
         const ExecutorFactory& executors);

    // What a read of each block brings, by JobId and BlockId.
    static std::vector<std::vector<Bytes>> extents_of(
        const DeviceSetup& setup, const std::vector<std::shared_ptr<const Pack>>& packs);

    // Brings in what is resident before the run.
    void load_resident();
    // Whether the command does anything that takes a thread.
    bool is_real(const Action& command) const;
    // On a thread of its lane, `server` of which it is; returns when it is done.
    void perform(const Action& command, std::uint32_t server);

    // Asked when nothing runs any more: outputs by job, and how reads were done.
    std::vector<std::vector<std::string>> outputs() const;
    std::map<std::string, std::string> conditions() const;

  private:
    struct JobState {
        std::shared_ptr<const Pack> pack;
        std::size_t copies = 0;  // that the path takes; parameters are the holding behind
        std::size_t dummy = 0;   // the holding of the dummy model; 0: none
        std::vector<std::unique_ptr<Reader>> readers;  // by server of the storage lane
        JobExecutors executors;
    };

    void read(const Action& command, std::uint32_t server);
    void copy(const Action& command);
    void assemble(const Action& command);
    LayerRange layers_of(const Action& command) const {
        return setup_.facts[command.job.index][command.block.index].layers;
    }

    const DeviceSetup& setup_;
    RunMemory& memory_;
    EmuOptions options_;
    std::vector<JobState> jobs_;
};

}  // namespace swaplab
