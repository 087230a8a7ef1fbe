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
    // Where the line of progress goes, with the codes that move it, if not to `err`.
    std::ostream* progress = nullptr;

    // "swaplab: note: ..." unless quiet.
    void note(std::string_view message) const;
    // One line that stays on the terminal until the next, or until it is cleared.
    void show_progress(std::string_view line) const;
    void clear_progress() const;
    // From now on nothing is said on `out`: what goes there is a file that was asked for.
    void leave_out() const {
        out.exceptions(std::ios::goodbit);  // which else says that there is no memory
        out.setstate(std::ios::badbit);
    }
};

}  // namespace swaplab
