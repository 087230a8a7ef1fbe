#include "profiles/device/builtin_devices.h"

#include <algorithm>

#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/device/embedded_device_files.h"
#include "profiles/document/document.h"

namespace swaplab {

std::vector<std::string> builtin_device_names() {
    std::vector<std::string> names;
    for (const EmbeddedFile& file : embedded_device_files()) names.emplace_back(file.name);
    return names;
}

std::optional<Platform> builtin_device(std::string_view name) {
    const auto files = embedded_device_files();
    const auto file = std::ranges::find(files, name, &EmbeddedFile::name);
    if (file == files.end()) return std::nullopt;
    return read_device(parse_json(std::string(file->text), text("devices/{}.json", name)));
}

}  // namespace swaplab
