// The decision log: what a run was of, then one JSON line per scheduler call, with all that it saw
// and all that it asked for, then how many those were (FORMATS: Decision log). `replay` feeds it to
// the policy again.
//
// Every line ends with a `digest` of its own text and the digest of the line before, so that no
// line can be changed without being found, whether or not the policy would have noticed; and no
// line behind the last can be missing, since the last says that it is.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "experiments/request/scenario.h"
#include "policies/run/runner.h"
#include "profiles/document/document.h"

namespace swaplab {

class DecisionLog : public Observer {
  public:
    // Borrows both. `policy` is its spec.
    DecisionLog(std::ostream& out, const Scenario& scenario, std::string policy);
    Interests interests() const override { return {false, true, false}; }
    void on_start(const DeviceSetup& setup, const Workload& workload) override;
    void on_decision(const Decision& decision) override;
    // The last line: what came out, and how much was said before.
    void finish(std::string_view verdict);

  private:
    void write_line(const JsonWriter& json);

    std::ostream& out_;
    const Scenario& scenario_;
    std::string policy_;
    std::string digest_;  // of the line before
    MemoryReport told_;   // what the log says of memory so far
    Time at_ = kStart;    // of the line before
    std::int64_t decisions_ = 0;
    std::int64_t commands_ = 0;
};

// The parts that writing and replaying share.

// What happened, for a line's "event": "arrival+completion", "none".
std::string event_text(bool arrivals, bool completions, bool budget, bool mode,
                       bool expired);
// The blocks of every job as first and last layer, for a line's check that a plan is the same.
void write_deployment(JsonWriter& json, const Deployment& deployment);
// The digest of a line; `content` is its text without the digest.
std::string chained_digest(std::string_view content, std::string_view before);
// ..., "digest": "0123..."}
struct DigestedLine {
    std::string content;  // the object without the digest
    std::optional<std::string> digest;
};
DigestedLine split_digest(std::string_view line);

}  // namespace swaplab
