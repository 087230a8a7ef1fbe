// Device files, `swaplab/device/1` (FORMATS: Device file).
#pragma once

#include <string>
#include <vector>

#include "profiles/device/platform.h"
#include "profiles/document/document.h"

namespace swaplab {

// Figures that are read, kept and written, and that nothing acts on yet, by their paths
// ("contention.attach.read"): those that say what something costs, and all.
std::vector<std::string> costs_not_used_yet(const Node& node);
std::vector<std::string> figures_not_used_yet(const Node& node);

// Throws `InputError` with file, line, column and field on anything that is not a device.
Platform read_device(const Document& document);
Platform load_device(const std::string& path);
// The whole device as a `swaplab/device/1` document that reads back to the same platform (except
// `Platform::mode` and `memory_kind`, which a file does not choose). Needs a platform of one node.
std::string write_device(const Platform& platform);
// Hex digest over `write_device` (XXH3, 128 bits).
std::string device_hash(const Platform& platform);

}  // namespace swaplab
