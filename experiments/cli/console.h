// Where a command talks to: data on `out`, messages and progress on `err`.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

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
    bool color = false;  // escape codes on `out`

    // "swaplab: note: ..." unless quiet.
    void note(std::string_view message) const;
};

// How many columns a UTF-8 text takes, escape codes not counted; every code point counts as one.
std::size_t display_width(std::string_view text);

// `text` filled with spaces up to `width` columns.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

// Words of `text` in lines that end before column `width` (a longer word stands alone). The first
// line is continued from column `start`; the others begin with `indent` spaces.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent = 0,
                 std::size_t start = 0);

// A name and, in a column of its own that begins at `column`, what there is to say about it,
// wrapped at `width`. A name that is too long for its column stands on a line of its own.
std::string definition(std::string_view name, std::string_view body, std::size_t column,
                       std::size_t width);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace swaplab
