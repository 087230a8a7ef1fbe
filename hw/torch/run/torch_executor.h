// A pack made from a TorchScript file, and executed block by block, with LibTorch. No LibTorch in
// this header.
//
// LibTorch is loaded with the first call (a plugin, `swaplab_torch.so` beside the executable).
// Where it cannot be, each of these throws `UnsupportedError` naming what to install.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hw/storage/pack.h"
#include "hw/storage/stored_file.h"
#include "policies/port/executor.h"
#include "profiles/base/units.h"

namespace swaplab {

struct TorchOptions {
    int threads = 0;  // of one operator; 0: LibTorch's own choice
    // Request r gets input r mod inputs.
    std::uint32_t inputs = 2;
};

// Throws `InputError` where the skeleton does not fit the index. The pack must outlive it.
//
// Requests are executed one after the other, each from its first block to its last. Activations are
// returned to `activations` at their last use, all of them with the last block; `output_digest` is
// known from then on.
std::unique_ptr<Executor> make_torch_executor(const Pack& pack, std::span<const UnitRange> blocks,
                                              const TorchOptions& options,
                                              ActivationMemory& activations);

struct PackOptions {
    std::string name{};                 // of the model; empty: the file's stem
    std::vector<PackedInput> inputs{};  // empty: those that the file names itself
    // As in `TorchOptions`. Output digests and workspaces hold for runs with as many threads.
    int threads = 0;
    // Told how far packing is: what is being done, and which of how many of it.
    std::function<void(const std::string& what, std::int64_t done, std::int64_t total)> progress{};
    PartialListener partial{};
};

// Lowers a TorchScript file, cuts it into layers, measures their outputs and workspace, and writes
// the pack `folder`, complete or not at all. Throws `InputError` (a file that is not TorchScript,
// inputs that are not known, operators that cannot be cut, a folder that is there already) and
// `StorageError` (a disk that fills). Returns what is worth telling a person.
std::vector<std::string> pack_torchscript(const std::string& file, const std::string& folder,
                                          const PackOptions& options);

// What LibTorch itself makes of a model that is whole in memory: frozen and optimised, with batch
// norms folded and weights prepacked. Durations of swapping are compared with it, since a slow
// execution would hide reads.
struct FrozenRun {
    std::vector<Duration> durations{};  // by request, after warming up
    // Of the outputs from those of the module as it was packed: optimising changes rounding.
    bool identical = false;
    double largest_difference = 0;             // of two numbers
    double largest_output = 0;                 // of the numbers themselves, without sign
    std::vector<std::string> plain_digests{};  // of the module as it was packed, by input
};

// Needs memory for the whole model, and once more while LibTorch prepacks: a reference beside runs,
// never part of one under a budget. Throws `InputError` where the skeleton does not fit the index,
// `StorageError`, and `UnsupportedError` where this LibTorch cannot freeze the model.
FrozenRun run_frozen(const Pack& pack, const TorchOptions& options, std::uint32_t requests);

// What makes execution slow here; empty where nothing does.
std::vector<std::string> torch_notes();

// What output digests and durations depend on, for certificates: "LibTorch 1.13.0 (threads: 2),
// OpenBLAS 0.3.21 (pthreads: 2), AVX2".
std::string torch_environment(int threads = 0);

}  // namespace swaplab
