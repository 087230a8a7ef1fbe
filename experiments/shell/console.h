// Where a command talks to: data on `out`, messages and progress on `err`.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace swaplab {

// What the streams of a process are attached to. The default is what tests and pipes see.
struct Terminal {
    bool out = false;   // stdout is a terminal
    bool err = false;   // stderr is a terminal
    int columns = 100;  // the width that tables are wrapped to
};

// Looks at the streams of this process. Tables are wrapped to 100 columns wherever the output goes
// to a file, so that the same command writes the same bytes; a terminal may be narrower.
Terminal attached_terminal();

struct Console {
    std::ostream& out;
    std::ostream& err;
    Terminal terminal;
    bool quiet = false;
    bool verbose = false;
    bool color = false;          // escape codes on `out`
    bool json = false;           // data on `out` as JSON
    std::string command_line{};  // that was given, for results that say how to have them again

    // "swaplab: note: ..." unless quiet.
    void note(std::string_view message) const;
};

}  // namespace swaplab
