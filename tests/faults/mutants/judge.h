// Runs a mutant's command in this process and says what is wrong with how it ended.
#pragma once

#include <string>

#include "tests/faults/mutants/command.h"
#include "tests/faults/mutants/formats.h"

namespace swaplab::faults {

struct Judged {
    bool read = false;  // what was mutated passed its reader
    Ended ended;
    std::string fault;  // empty: as it should be
};

// `folder` is empty, and where the files go. Does not return if the process dies of it.
Judged judge(const Numbered& mutant, const std::string& folder);

void write_files(const Files& files, const std::string& folder);
// "swaplab run -m FOLDER/model.json ...", quoted for a shell.
std::string shown(const std::vector<std::string>& command, const std::string& folder);

}  // namespace swaplab::faults
