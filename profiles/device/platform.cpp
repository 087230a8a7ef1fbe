#include "profiles/device/platform.h"

#include <algorithm>

namespace swaplab {
double ReadSpec::share_of(std::uint32_t reads) const {
    return concurrency[std::min<std::size_t>(reads, concurrency.size()) - 1] / reads;
}

const Mode* Node::mode_named(std::string_view wanted) const {
    const auto found = std::ranges::find(modes, wanted, &Mode::name);
    return found == modes.end() ? nullptr : &*found;
}

const ExecuteSpec& Node::execute_table(const Mode* mode, std::string_view dtype) const {
    const bool measured = mode != nullptr && mode->execute;
    const ExecuteByDtype& tables = measured ? mode->execute_by_dtype : execute_by_dtype;
    if (const auto found = tables.find(dtype); found != tables.end()) return found->second;
    return measured ? *mode->execute : execute;
}

}  // namespace swaplab
