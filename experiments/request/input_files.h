// The files that an experiment is read from: none of them may be written to.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/request/experiment.h"

namespace swaplab {

// Each with what it is: {"the model 'm.json'", "m.json"}. Of a pack all that a pack consists of.
std::vector<std::pair<std::string, std::string>> files_read_by(const Experiment& asked);

// Those of one pack.
std::vector<std::pair<std::string, std::string>> files_of_pack(const std::string& folder);

}  // namespace swaplab
