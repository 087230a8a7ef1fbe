#include "profiles/device/platform.h"

#include <algorithm>

namespace swaplab {
namespace {

constexpr std::array<std::string_view, kActivities> kActivityNames{
    "read", "copy", "instantiate", "assemble", "execute", "release", "attach", "prefetch"};

constexpr std::array<std::string_view, kMemoryKinds> kMemoryKindNames{
    "register", "staged", "managed-attach", "managed-prefetch"};

}  // namespace

std::string_view name_of(MemoryKind kind) {
    return kMemoryKindNames[static_cast<std::size_t>(kind)];
}

std::optional<MemoryKind> memory_kind_named(std::string_view name) {
    const auto found = std::ranges::find(kMemoryKindNames, name);
    if (found == kMemoryKindNames.end()) return std::nullopt;
    return static_cast<MemoryKind>(found - kMemoryKindNames.begin());
}

std::string_view name_of(Activity activity) {
    return kActivityNames[static_cast<std::size_t>(activity)];
}

std::optional<Activity> activity_named(std::string_view name) {
    const auto found = std::ranges::find(kActivityNames, name);
    if (found == kActivityNames.end()) return std::nullopt;
    return static_cast<Activity>(found - kActivityNames.begin());
}

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
