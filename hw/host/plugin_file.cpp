#include "hw/host/plugin_file.h"

#include <array>

namespace swaplab {

std::optional<std::filesystem::path> plugin_file(std::string_view name) {
    constexpr std::array<const char*, 3> folders{".", "..", "../lib"};  // from the executable's
    const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    for (const char* candidate : folders) {
        auto file = (folder / candidate / name).lexically_normal();
        if (std::filesystem::exists(file)) return file;
    }
    return std::nullopt;
}

}  // namespace swaplab
