#include "experiments/request/cache_folder.h"

#include <cstdlib>

#include "profiles/base/text.h"

namespace swaplab {

std::string cache_file(std::string_view name) {
    const auto set = [](const char* variable) -> std::string {
        const char* const value = std::getenv(variable);
        return value == nullptr ? "" : value;
    };
    if (const std::string cache = set("XDG_CACHE_HOME"); !cache.empty())
        return text("{}/swaplab/{}", cache, name);
    if (const std::string home = set("HOME"); !home.empty())
        return text("{}/.cache/swaplab/{}", home, name);
    return {};
}

}  // namespace swaplab
