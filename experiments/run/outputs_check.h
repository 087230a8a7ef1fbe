// Whether a real run computed what it should.
#pragma once

#include <optional>
#include <string>

#include "experiments/request/scenario.h"
#include "policies/metrics/result.h"

namespace swaplab {

// What is wrong with the outputs, as a sentence: they are not those of `direct`, or, where the pack
// was made under the same conditions, not those it had then. Nothing where they are right, or where
// there is nothing to compare with.
std::optional<std::string> wrong_outputs(const Scenario& scenario, const RunResult& result);

}  // namespace swaplab
