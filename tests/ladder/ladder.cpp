#include "tests/ladder/ladder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <string_view>

namespace swaplab::ladder {
namespace {

// What a folder may include, as prefixes of a path written from the root.
struct Layer {
    std::string_view folder;
    std::vector<std::string_view> may_see;
};

const std::array<Layer, 6> kLayers{{
    {"profiles/", {"profiles/"}},
    {"policies/", {"policies/", "profiles/"}},
    {"sim/", {"sim/", "policies/", "profiles/"}},
    {"emu/", {"emu/", "policies/", "profiles/", "hw/storage/"}},
    {"hw/", {"hw/", "policies/", "profiles/"}},
    {"experiments/", {"experiments/", "sim/", "emu/", "hw/", "policies/", "profiles/"}},
}};

// Where a library may be named (a folder or one file), and whether its headers are too heavy for a
// .h file of the layers that everything else includes.
struct Library {
    std::string_view header_prefix;
    std::string_view home;
    bool heavy;
};

constexpr std::array<Library, 18> kLibraries{{
    {"boost/", "profiles/", true},
    {"Eigen/", "profiles/", true},
    {"rapidjson/", "profiles/", true},
    {"yaml-cpp/", "profiles/", true},
    {"fmt/", "profiles/text.h", false},
    {"xxh", "profiles/", false},  // xxhash.h, xxh3.h
    {"Random123/", "policies/", true},
    {"torch/", "hw/torch/", true},
    {"ATen/", "hw/torch/", true},
    {"c10/", "hw/torch/", true},
    {"cuda", "hw/", false},  // cuda.h, cuda_runtime.h, cuda_runtime_api.h
    {"liburing", "hw/storage/", true},
    {"zlib", "hw/storage/", true},
    {"CLI11", "experiments/", true},
    {"CLI/", "experiments/", true},
    {"protozero/", "experiments/", true},
    {"sqlite3", "experiments/", false},
    {"simgrid/", "tests/bench/", false},
}};

constexpr std::array<std::string_view, 3> kLightHeaderFolders{"profiles/", "policies/", "sim/"};

struct Include {
    bool quoted;
    std::string target;
};

// The #include of one line, if it is one. Preprocessor spacing ("#  include") is understood.
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
    return Include{quoted, std::string(line.substr(0, end))};
}

const Layer* layer_of(std::string_view path) {
    const auto it = std::ranges::find_if(
        kLayers, [path](const Layer& layer) { return path.starts_with(layer.folder); });
    return it == kLayers.end() ? nullptr : &*it;
}

const Library* library_of(std::string_view header) {
    const auto it = std::ranges::find_if(kLibraries, [header](const Library& library) {
        return header.starts_with(library.header_prefix);
    });
    return it == kLibraries.end() ? nullptr : &*it;
}

std::optional<std::string> wrong_with_library(std::string_view path, const Library& library) {
    if (!path.starts_with(library.home)) {
        return "may be named in " + std::string(library.home) + " only";
    }
    const bool light = std::ranges::any_of(
        kLightHeaderFolders, [path](std::string_view folder) { return path.starts_with(folder); });
    if (library.heavy && light && !path.ends_with(".cpp")) {
        return "is a heavy header: .cpp files only";
    }
    return std::nullopt;
}

std::optional<std::string> wrong_with(std::string_view path, const Layer& layer,
                                      const Include& include) {
    if (const Library* library = library_of(include.target)) {
        return wrong_with_library(path, *library);
    }
    const bool allowed = std::ranges::any_of(layer.may_see, [&include](std::string_view prefix) {
        return include.target.starts_with(prefix) && include.target.find("..") == std::string::npos;
    });
    if (allowed) return std::nullopt;
    if (layer_of(include.target) != nullptr || include.target.starts_with("tests/")) {
        return "is not below " + std::string(layer.folder);
    }
    if (include.quoted) return "is not written from the repository root";
    return std::nullopt;  // the standard library or the system
}

}  // namespace

std::vector<std::string> violations(std::span<const SourceFile> files) {
    std::vector<std::string> found;
    for (const SourceFile& file : files) {
        const Layer* layer = layer_of(file.path);
        if (layer == nullptr) continue;
        std::istringstream text(file.text);
        std::string line;
        for (int number = 1; std::getline(text, line); ++number) {
            const std::optional<Include> include = include_of(line);
            if (!include) continue;
            if (const auto reason = wrong_with(file.path, *layer, *include)) {
                found.push_back(file.path + ":" + std::to_string(number) + ": " + include->target +
                                " " + *reason);
            }
        }
    }
    return found;
}

}  // namespace swaplab::ladder
