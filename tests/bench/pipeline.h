// The pipeline that the benchmarks time: 10 DNNs x 64 layers through Demand Layering's two-stage
// pipeline, layer by layer in turn, three reads in flight, one ring per DNN.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policies/port/deployment.h"
#include "policies/run/runner.h"

namespace swaplab::bench {

struct PipelineShape {
    std::string policy = "demand-layering";  // plans the rings
    double read_ns_per_byte = 0.5;
    std::vector<double> concurrency{1.0, 1.6, 1.8};
    bool contended = true;  // executions and reads stretch one another
    // Executions submitted ahead, per DNN: below the first figure they are made up to the second.
    int fewest_ahead = 1, most_ahead = 3;
};

// The whole model (TARGETS: Simulation speed): contention on.
PipelineShape whole_model_shape();
// The same pipeline as other simulators can express it: reads share the storage evenly and nothing
// else contends. Rings hold the largest layer, and reading takes about as long as executing, so
// that reads, memory and execution all bind; the window never does.
PipelineShape plain_shape();

// The pipeline, planned once. Not copyable: the parts refer to one another.
class Pipeline {
  public:
    Pipeline(const PipelineShape& shape, std::int64_t requests);
    // The plain pipeline with a plan of one's own, of one variant: its blocks, its arena as the
    // ring, one read at a time; the durations are the platform's means.
    Pipeline(Platform platform, Workload workload, Bytes budget, Account account,
             Deployment deployment);
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    // Simulates it: `requests` of each DNN, all there at time 0.
    RunResult run(Observer* observer = nullptr) const;

    // What another simulator needs to do the same, as lines of words: "reads 3", "requests N",
    // "ring JOB BYTES", "layer JOB LAYER BYTES READ_NS ASSEMBLE_NS EXECUTE_NS RELEASE_NS".
    std::string description() const;

  private:
    RunRequest request() const;

    PipelineShape shape_;
    std::int64_t requests_;
    Platform platform_;
    Workload workload_;
    Bytes budget_;
    Account account_ = Account::all;
    std::optional<Deployment> deployment_;
};

}  // namespace swaplab::bench
