// Whether a file can be read past the page cache, and at which multiples.
#pragma once

#include <string>

#include "profiles/base/units.h"

namespace swaplab {

struct DirectIo {
    Bytes alignment;      // of offsets, sizes and addresses; 0: not here
    std::string why_not;  // for people, if not
};

// Turns the open file's O_DIRECT on if the file system takes it at multiples of `coarsest` or finer
// (it is tried with one small read), else leaves it off.
DirectIo turn_on_direct_io(int descriptor, Bytes coarsest);

}  // namespace swaplab
