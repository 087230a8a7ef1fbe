#include "tests/ladder/sources.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <sstream>
#include <string_view>

namespace swaplab::ladder {
namespace {

std::optional<Include> include_of(std::string_view line) {
    const auto skip_blanks = [&line] {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    };
    const auto skip_word = [&line](std::string_view word) {
        if (!line.starts_with(word)) return false;
        line.remove_prefix(word.size());
        return true;
    };
    skip_blanks();
    if (!skip_word("#")) return std::nullopt;
    skip_blanks();
    if (!skip_word("include")) return std::nullopt;
    skip_blanks();
    const bool quoted = line.starts_with('"');
    if (!quoted && !line.starts_with('<')) return std::nullopt;
    line.remove_prefix(1);
    const std::size_t end = line.find(quoted ? '"' : '>');
    if (end == std::string_view::npos) return std::nullopt;
    return Include{0, quoted, std::string(line.substr(0, end))};
}

}  // namespace

std::vector<Include> includes_of(const SourceFile& file) {
    std::vector<Include> includes;
    std::istringstream text(file.text);
    std::string line;
    for (int number = 1; std::getline(text, line); ++number) {
        std::optional<Include> include = include_of(line);
        if (!include) continue;
        include->line = number;
        includes.push_back(std::move(*include));
    }
    return includes;
}

std::vector<std::string> matches(const std::string& text, const std::string& expression) {
    const std::regex pattern(expression);
    std::vector<std::string> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        for (std::sregex_iterator at(line.begin(), line.end(), pattern), end; at != end; ++at)
            found.push_back(at->str(1));
    return found;
}

const std::vector<std::string>& layer_folders() {
    static const std::vector<std::string> folders{"profiles/", "policies/", "sim/",
                                                  "emu/",      "hw/",       "experiments/"};
    return folders;
}

std::vector<std::string> paths_of_the_layers() {
    namespace fs = std::filesystem;
    const fs::path root = SWAPLAB_SOURCE_DIR;
    std::vector<std::string> files;
    for (const std::string& folder : layer_folders()) {
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            if (!entry.is_regular_file()) continue;
            files.push_back(entry.path().lexically_relative(root).generic_string());
        }
    }
    std::ranges::sort(files);
    return files;
}

std::vector<SourceFile> sources_of_the_layers() {
    std::vector<SourceFile> sources;
    for (const std::string& file : paths_of_the_layers()) {
        if (!file.ends_with(".h") && !file.ends_with(".cpp") && !file.ends_with(".cu")) continue;
        std::ifstream stream(std::filesystem::path(SWAPLAB_SOURCE_DIR) / file);
        sources.push_back({file, {std::istreambuf_iterator<char>(stream), {}}});
    }
    return sources;
}

}  // namespace swaplab::ladder
