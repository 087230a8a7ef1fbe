// Whether a real run computed what it should.
#pragma once

#include <optional>
#include <string>

#include "experiments/request/scenario.h"
#include "policies/metrics/result.h"

namespace swaplab {

// Whether the outputs are those that the models had when they were packed; nothing where that was
// under other conditions (library, threads, CPU), which change the rounding, or where there are
// none.
std::optional<bool> as_packed(const Scenario& scenario, const RunResult& result);
// With what the outputs were compared besides `direct`, or why not: "and those of the pack".
std::string compared_with_pack(const Scenario& scenario, const RunResult& result);

// What is wrong with the outputs, as a sentence: they are not those of `direct`, or, where the pack
// was made under the same conditions, not those it had then. Nothing where they are right, or where
// there is nothing to compare with.
std::optional<std::string> wrong_outputs(const Scenario& scenario, const RunResult& result);

}  // namespace swaplab
