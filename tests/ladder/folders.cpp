#include "tests/ladder/folders.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace swaplab::ladder {
namespace {

bool looked_at(std::string_view path) {
    return std::ranges::any_of(
        layer_folders(), [path](const std::string& layer) { return path.starts_with(layer); });
}

std::string folder_of(std::string_view path) {
    return std::string(path.substr(0, path.rfind('/') + 1));
}

using Pair = std::pair<std::string, std::string>;

// Where the ways to the two folders part: "policies/plan/" and "policies/run/" for files of
// policies/plan/allocators/ and policies/run/, and "policies/" itself for a file directly in it.
Pair apart(std::string_view from, std::string_view to) {
    std::size_t common = 0;
    for (std::size_t i = 0; i < std::min(from.size(), to.size()) && from[i] == to[i]; ++i)
        if (from[i] == '/') common = i + 1;
    const auto next = [common](std::string_view folder) {
        const std::size_t end = folder.find('/', common);
        return std::string(folder.substr(0, end == std::string_view::npos ? common : end + 1));
    };
    return {next(from), next(to)};
}

}  // namespace

std::vector<std::string> crowded_folders(std::span<const std::string> paths) {
    std::map<std::string, std::size_t> files;
    for (const std::string& path : paths)
        if (looked_at(path)) ++files[folder_of(path)];
    std::vector<std::string> found;
    for (const auto& [folder, count] : files)
        if (count > kMostFiles) found.push_back(folder + ": " + std::to_string(count) + " files");
    return found;
}

std::vector<std::string> mutual_folders(std::span<const SourceFile> files) {
    std::map<Pair, std::string> arrows;  // with the first include of each
    for (const SourceFile& file : files) {
        if (!looked_at(file.path)) continue;
        for (const Include& include : includes_of(file)) {
            if (!looked_at(include.target)) continue;
            const Pair pair = apart(folder_of(file.path), folder_of(include.target));
            if (pair.first != pair.second)
                arrows.emplace(pair, file.path + " includes " + include.target);
        }
    }
    std::vector<std::string> found;
    for (const auto& [pair, example] : arrows) {
        const auto back = arrows.find({pair.second, pair.first});
        if (back == arrows.end() || pair.second < pair.first) continue;
        found.push_back(pair.first + " and " + pair.second + " include each other: " + example +
                        ", " + back->second);
    }
    return found;
}

}  // namespace swaplab::ladder
