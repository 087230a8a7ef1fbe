// The whole model: 10 DNNs x 64 layers through Demand Layering's two-stage pipeline, layer by layer
// in turn, contention on, three reads in flight, ledger and metrics on.
#pragma once

#include "policies/runner.h"

namespace swaplab {

class WholeModel {
  public:
    explicit WholeModel(std::int64_t requests);
    // The observer may be null.
    RunResult run(Observer* observer) const;

  private:
    RunRequest request(Observer* observer) const;

    Platform platform_;
    std::int64_t requests_;
    Workload workload_;
    Bytes budget_;
    Deployment deployment_;
};

}  // namespace swaplab
