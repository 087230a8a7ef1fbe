// Plays scripts on a device and turns what happened into rows of a measurement file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/measure/script.h"
#include "policies/run/runner.h"
#include "profiles/measured/measurements.h"

namespace swaplab {

// One job of a script: the model cut in some way.
struct BenchJob {
    std::vector<Block> blocks;
    SwapPath path = SwapPath::zero_copy;
    Bytes arena;  // of the parameters; of staging likewise where the path has one
    std::int64_t requests = 1;
};

struct BenchRun {
    std::vector<BenchJob> jobs;  // all of one model
    std::uint32_t parallel_reads = 1;
    Script script;
};

// A span, with what a row of it needs to know besides the block.
struct Played {
    Completion span;
    std::optional<double> hand_off_ns;
};

class Bench {
  public:
    // Borrows all but the factory. `request_bytes`: of one request to storage, where it is known.
    Bench(ModelPtr model, const Platform& platform, DeviceFactory device,
          std::optional<Bytes> request_bytes, std::optional<NoiseKey> noise);

    const Model& model() const { return *model_; }
    const Platform& platform() const { return *platform_; }

    // The rows of every span that was alone, or beside one other kind all along; counts the others
    // as `mixed`. Throws what the device throws, and `std::runtime_error` if the script gets stuck.
    std::vector<Measurement> play(const BenchRun& run, std::int64_t round);

    std::int64_t mixed() const { return mixed_; }
    // "storage" -> "io_uring, ...", as the device says at the end of a run.
    const std::map<std::string, std::string>& conditions() const { return conditions_; }

  private:
    ModelPtr model_;
    const Platform* platform_;
    DeviceFactory device_;
    std::optional<Bytes> request_bytes_;
    std::optional<NoiseKey> noise_;
    std::uint32_t runs_ = 0;
    std::int64_t mixed_ = 0;
    std::map<std::string, std::string> conditions_;
};

}  // namespace swaplab
