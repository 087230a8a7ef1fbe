// What holds for folders, whatever the ladder grants: they are small, and no two include each
// other.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tests/ladder/sources.h"

namespace swaplab::ladder {

inline constexpr std::size_t kMostFiles = 25;

// The folders with more than `kMostFiles` files directly in them, whatever their kind: "path: N
// files". `paths` are all files, from the root.
std::vector<std::string> crowded_folders(std::span<const std::string> paths);

// Pairs of folders that include each other: "a and b include each other", with an example for
// each direction. Folders at every depth are compared with all that is in them; so are a folder's
// own files with each folder in it.
std::vector<std::string> mutual_folders(std::span<const SourceFile> files);

}  // namespace swaplab::ladder
