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

std::optional<PowerSpec> Node::power_in(std::string_view wanted) const {
    const Mode* const mode = wanted.empty() ? nullptr : mode_named(wanted);
    if (mode == nullptr) return power;
    if (mode->power_unknown) return std::nullopt;
    if (mode->power || !power) return mode->power;
    PowerSpec scaled = *power;
    for (double& watts : scaled.active_w) watts *= mode->power_scale;
    return scaled;
}

const ExecuteSpec& Node::execute_table(const Mode* mode, std::string_view dtype) const {
    const bool measured = mode != nullptr && mode->execute;
    const ExecuteByDtype& tables = measured ? mode->execute_by_dtype : execute_by_dtype;
    if (const auto found = tables.find(dtype); found != tables.end()) return found->second;
    return measured ? *mode->execute : execute;
}

}  // namespace swaplab
