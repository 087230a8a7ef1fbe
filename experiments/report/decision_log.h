// The decision log: one JSON line per scheduler call, with what it saw and what it asked for
// (2-contracts: Other files). `replay` will feed it to the policy again.
#pragma once

#include <ostream>

#include "policies/runner.h"

namespace swaplab {

class DecisionLog : public Observer {
  public:
    // Borrows the stream.
    explicit DecisionLog(std::ostream& out) : out_(out) {}
    Interests interests() const override { return {false, true, false}; }
    void on_decision(const Decision& decision) override;

  private:
    std::ostream& out_;
};

}  // namespace swaplab
