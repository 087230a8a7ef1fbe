// The ladder of includes, checked on text: experiments → sim, emu, hw → policies → profiles, inside
// a layer its rooms, and each third-party library in one folder.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tests/ladder/sources.h"

namespace swaplab::ladder {

// Every #include that points upward or sideways, or that names a library outside its folder, as
// "path:line: reason", and every file that stands in no room. Files outside the six layers are not
// looked at.
std::vector<std::string> violations(std::span<const SourceFile> files);

// What the table of rooms grants although it stands further down: it must be empty, since then a
// table that holds has no cycle.
std::vector<std::string> upward_rows();

}  // namespace swaplab::ladder
