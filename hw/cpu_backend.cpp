#include "hw/cpu_backend.h"

#include "hw/cpu_machine.h"
#include "hw/machine.h"
#include "hw/torch/run/torch_executor.h"

namespace swaplab {

void apply(const CpuOptions& options, ReadOptions& read) {
    read.backend = options.io;
    read.direct = options.direct;
    if (options.request_bytes) read.request_bytes = *options.request_bytes;
    if (options.depth) read.depth = *options.depth;
}

namespace {

void require_executable(const DeviceSetup& setup) {
    for (const JobId job : setup.costs.ids())
        require_whole_layers(setup.costs[job].model(), "backend 'cpu'");
}

}  // namespace

DeviceFactory make_cpu_backend(JobPacks packs, const CpuOptions& options,
                               ExecutorFactory executors) {
    return [packs = std::move(packs), options,
            executors = std::move(executors)](const DeviceSetup& setup) {
        require_executable(setup);
        return make_real_device(setup,
                                std::make_unique<CpuMachine>(setup, packs, options, executors));
    };
}

ExecutorFactory torch_executors(JobPacks packs, const CpuOptions& options) {
    return [packs = std::move(packs), options](JobId job, std::span<const UnitRange> blocks,
                                               ActivationMemory& activations) {
        require_whole_layers(*packs[job]->model(), "LibTorch's executor");
        return make_torch_executor(*packs[job], blocks, {options.threads, options.inputs},
                                   activations);
    };
}

DeviceFactory make_cpu_backend(JobPacks packs, const CpuOptions& options) {
    return [packs = std::move(packs), options](const DeviceSetup& setup) {
        require_executable(setup);
        auto machine =
            std::make_unique<CpuMachine>(setup, packs, options, torch_executors(packs, options));
        machine->note_condition("execution", torch_environment());
        return make_real_device(setup, std::move(machine));
    };
}

}  // namespace swaplab
