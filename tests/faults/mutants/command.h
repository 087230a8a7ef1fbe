// Commands as lists of words, run inside this process.
#pragma once

#include <string>
#include <vector>

#include "tests/faults/mutants/seeds.h"

namespace swaplab::faults {

struct Ended {
    int code = 0;
    std::string out, err;
};

// As `swaplab WORDS...` would.
Ended run_command(const std::vector<std::string>& words);

std::vector<std::string> words(const std::string& line);  // split at blanks
// "@/" becomes the folder.
std::vector<std::string> placed(std::vector<std::string> words, const std::string& folder);

// Of tests/digests: "@m/groups" becomes "@/models/groups.json".
std::string with_frozen_paths(const std::string& word);
// The frozen files that the words name, as they are to lie in the folder.
Files frozen_inputs(const std::vector<std::string>& words);

}  // namespace swaplab::faults
