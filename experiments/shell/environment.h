// Flags that come from the environment, as SWAPLAB_<FLAG> (FORMATS: Command line).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swaplab {

using Variable = std::pair<std::string, std::string>;

std::string environment_name(std::string_view flag);  // "swap-path" -> "SWAPLAB_SWAP_PATH"

// All variables of ours that are not empty, sorted. Those of tests, SWAPLAB_TEST_..., are none.
std::vector<Variable> swaplab_variables();

// What can be run again, quoted for a shell where needed: with what the environment said before it.
std::string line_of(const std::vector<Variable>& applied,
                    const std::vector<std::string>& arguments);

// Throws `InputError` for the first whose name is not among the known, suggesting the nearest.
void require_known_variables(const std::vector<Variable>& variables,
                             const std::vector<std::string>& known);

}  // namespace swaplab
