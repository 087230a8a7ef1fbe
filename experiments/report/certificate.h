// The birth certificate of a result: what was asked for, resolved, so that anyone can run it again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/scenario.h"
#include "policies/registry.h"
#include "policies/run/result.h"
#include "profiles/document/document.h"

namespace swaplab {

// The part of a certificate that all results of one command share: hashed once.
class Certificate {
  public:
    // Borrows the scenario.
    explicit Certificate(const Scenario& scenario);

    const Scenario& scenario() const { return *scenario_; }
    std::string kind() const;  // "simulated"

    // Writes the certificate of one result as an object.
    void write(JsonWriter& json, const RunResult& result) const;

  private:
    std::optional<SwapPath> path_of(const RunResult& result) const;
    void write_models(JsonWriter& json) const;
    void write_device(JsonWriter& json) const;

    const Scenario* scenario_;
    std::vector<std::string> model_hashes_;
    std::string device_hash_;
};

const PolicyInfo* policy_info(std::string_view name);  // null for an unknown name

// All parameters of a policy with their values: the defaults, and what the spec sets.
std::vector<std::pair<std::string, std::string>> resolved_parameters(std::string_view policy_spec);

}  // namespace swaplab
