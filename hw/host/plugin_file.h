// Where the plugins lie.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace swaplab {

// A file beside the executable, where it is built (of the tests: one folder up) and where it is
// installed; nothing where there is none.
std::optional<std::filesystem::path> plugin_file(std::string_view name);

}  // namespace swaplab
