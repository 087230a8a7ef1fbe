// Where this program keeps what it can make again.
#pragma once

#include <string>
#include <string_view>

namespace swaplab {

// A file or folder in $XDG_CACHE_HOME/swaplab, else in ~/.cache/swaplab; empty where the
// environment names neither.
std::string cache_file(std::string_view name);

}  // namespace swaplab
