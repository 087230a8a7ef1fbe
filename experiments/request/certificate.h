// The birth certificate of a result: what was asked for, resolved, so that anyone can run it again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/request/scenario.h"
#include "policies/metrics/result.h"
#include "policies/registry.h"
#include "profiles/document/document.h"

namespace swaplab {

// The part of a certificate that all results of one command share: hashed once.
class Certificate {
  public:
    // Borrows the scenario. `command` is the command line that can be run again.
    Certificate(const Scenario& scenario, std::string command);

    const Scenario& scenario() const { return *scenario_; }
    std::string kind() const;  // "simulated"

    // Writes the certificate of one result, of this policy, as an object.
    void write(JsonWriter& json, const RunResult& result, const PolicyChoice& policy) const;

  private:
    std::optional<SwapPath> path_of(const RunResult& result, const PolicyInfo& policy) const;
    void write_models(JsonWriter& json) const;
    void write_workload(JsonWriter& json) const;
    void write_device(JsonWriter& json) const;

    const Scenario* scenario_;
    std::string command_;
    std::vector<std::string> model_hashes_;
    std::string device_hash_;
};

}  // namespace swaplab
