#include "tests/ladder/ladder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace swaplab::ladder {
namespace {

// A room: the files below a folder, but for those of a room further inside. It sees itself and what
// stands here, as prefixes of a path written from the root.
struct Room {
    std::string_view folder;
    std::vector<std::string_view> may_see;
};

// Read it from the top: a room sees rooms above it only.
const auto kRooms = std::to_array<Room>({
    {"profiles/base/", {}},
    {"profiles/document/", {"profiles/base/"}},
    {"profiles/model/", {"profiles/base/", "profiles/document/"}},
    {"profiles/models/", {"profiles/base/", "profiles/model/"}},
    {"profiles/device/", {"profiles/base/", "profiles/document/", "profiles/model/"}},
    {"profiles/cost/", {"profiles/base/", "profiles/model/", "profiles/device/"}},
    {"profiles/measured/",
     {"profiles/base/", "profiles/document/", "profiles/model/", "profiles/device/",
      "profiles/cost/"}},
    {"profiles/fit/",
     {"profiles/base/", "profiles/document/", "profiles/model/", "profiles/device/",
      "profiles/cost/", "profiles/measured/"}},

    {"policies/port/", {"profiles/"}},
    {"policies/memory/", {"profiles/", "policies/port/"}},
    {"policies/lanes/", {"profiles/", "policies/port/"}},
    {"policies/metrics/", {"profiles/", "policies/port/", "policies/lanes/"}},
    {"policies/plan/", {"profiles/", "policies/port/", "policies/memory/", "policies/lanes/"}},
    {"policies/schedule/",
     {"profiles/", "policies/port/", "policies/memory/", "policies/lanes/", "policies/plan/"}},
    {"policies/systems/",
     {"profiles/", "policies/port/", "policies/memory/", "policies/lanes/", "policies/plan/",
      "policies/schedule/"}},
    // The registry: it declares the systems' factories itself.
    {"policies/", {"profiles/", "policies/port/", "policies/schedule/"}},
    {"policies/run/",
     {"profiles/", "policies/port/", "policies/memory/", "policies/lanes/", "policies/plan/",
      "policies/schedule/", "policies/registry.h", "policies/metrics/"}},

    {"sim/", {"profiles/", "policies/port/", "policies/memory/", "policies/lanes/"}},

    {"hw/storage/", {"profiles/"}},
    {"hw/host/", {"profiles/", "policies/port/", "policies/lanes/", "hw/storage/"}},
    {"hw/torch/script/", {"profiles/", "hw/storage/"}},
    {"hw/torch/run/",
     {"profiles/", "policies/port/", "hw/storage/", "hw/host/", "hw/torch/script/"}},
    {"hw/torch/pack/", {"profiles/", "hw/storage/", "hw/torch/script/", "hw/torch/run/"}},
    {"hw/torch/plugin/", {"profiles/", "hw/host/", "hw/torch/script/", "hw/torch/run/"}},
    {"hw/",
     {"profiles/", "policies/port/", "policies/memory/", "policies/lanes/", "hw/storage/",
      "hw/host/", "hw/torch/run/"}},
    // CUDA's names end in the plugin; the fake runtime of the tests fills the table that others call.
    {"hw/cuda/runtime/", {"profiles/base/"}},
    {"hw/cuda/kernels/", {}},
    {"hw/cuda/memory/", {"profiles/", "policies/port/", "hw/cuda/runtime/"}},
    {"hw/cuda/execute/", {"hw/cuda/runtime/"}},
    {"hw/cuda/plugin/",
     {"profiles/base/", "hw/host/", "hw/cuda/runtime/", "hw/cuda/kernels/kernels.h"}},
    {"hw/cuda/",
     {"profiles/", "policies/port/", "policies/memory/", "hw/storage/", "hw/host/", "hw/machine.h",
      "hw/cpu_backend.h", "hw/run_limits.h", "hw/cuda/runtime/", "hw/cuda/memory/",
      "hw/cuda/execute/", "hw/cuda/plugin/loader.h", "hw/cuda/kernels/checksum.h"}},

    // Sideways, and only to these two rooms of hw.
    {"emu/memory/", {"profiles/", "policies/port/", "policies/memory/", "hw/host/"}},
    {"emu/pressure/", {"profiles/", "hw/host/"}},
    {"emu/",
     {"profiles/", "policies/port/", "policies/memory/", "policies/lanes/", "hw/storage/",
      "hw/host/", "emu/memory/", "emu/pressure/"}},

    // What the rooms of experiments see of each other; below it each of them sees all layers.
    {"experiments/text/", {"profiles/", "policies/"}},
    {"experiments/draw/", {"profiles/", "experiments/text/"}},
    // Numbers only: it knows no policy.
    {"experiments/statistics/", {"profiles/base/", "profiles/fit/"}},
    {"experiments/output/", {"profiles/"}},
    // The one room that names the three backends.
    {"experiments/request/",
     {"profiles/", "policies/", "sim/", "emu/", "hw/", "experiments/text/"}},
    {"experiments/shell/",
     {"profiles/", "policies/", "experiments/text/", "experiments/output/",
      "experiments/request/"}},
    {"experiments/trace/",
     {"profiles/", "policies/", "experiments/text/", "experiments/draw/", "experiments/output/",
      "experiments/shell/"}},
    {"experiments/show/",
     {"profiles/", "policies/", "experiments/text/", "experiments/request/", "experiments/shell/"}},
    {"experiments/fit/",
     {"profiles/", "experiments/text/", "experiments/output/", "experiments/request/",
      "experiments/shell/"}},
    {"experiments/pack/",
     {"profiles/", "hw/", "experiments/text/", "experiments/output/", "experiments/request/",
      "experiments/shell/"}},
    {"experiments/emulate/",
     {"profiles/", "policies/", "hw/", "experiments/text/", "experiments/request/",
      "experiments/shell/", "experiments/pack/"}},
    {"experiments/measure/",
     {"profiles/", "policies/", "hw/", "experiments/text/", "experiments/output/",
      "experiments/request/", "experiments/shell/"}},
    {"experiments/reproduce/",
     {"profiles/", "policies/", "experiments/text/", "experiments/request/", "experiments/shell/"}},
    {"experiments/replay/",
     {"profiles/", "policies/", "experiments/text/", "experiments/request/", "experiments/shell/"}},
    {"experiments/explain/",
     {"profiles/", "policies/", "experiments/text/", "experiments/output/",
      "experiments/request/"}},
    {"experiments/run/",
     {"profiles/", "policies/", "hw/", "experiments/text/", "experiments/output/",
      "experiments/request/", "experiments/shell/", "experiments/trace/", "experiments/emulate/",
      "experiments/replay/", "experiments/explain/"}},
    {"experiments/compare/",
     {"profiles/", "policies/", "experiments/text/", "experiments/draw/", "experiments/output/",
      "experiments/request/", "experiments/shell/", "experiments/emulate/", "experiments/run/",
      "experiments/statistics/"}},
    // Their results are read by others: they see neither tables nor figures.
    {"experiments/sweep/",
     {"profiles/", "policies/", "experiments/text/", "experiments/output/", "experiments/request/",
      "experiments/shell/", "experiments/run/metric_columns.h"}},
    {"experiments/validate/",
     {"profiles/", "policies/", "sim/", "experiments/text/", "experiments/draw/",
      "experiments/output/", "experiments/request/", "experiments/shell/", "experiments/trace/",
      "experiments/emulate/", "experiments/run/", "experiments/compare/"}},
    // main() and the table of commands: it declares their factories itself.
    {"experiments/",
     {"profiles/", "policies/", "hw/storage/", "experiments/output/", "experiments/shell/"}},
});

// The systems that are compared: none of them sees another.
constexpr std::string_view kSystems = "policies/systems/";

// Where a library may be named (a folder or one file), and whether its headers are too heavy for a
// .h file of the layers that everything else includes.
struct Library {
    std::string_view header_prefix;
    std::string_view home;
    bool heavy;
};

constexpr auto kLibraries = std::to_array<Library>({
    {"boost/graph/", "profiles/model/", true},
    {"boost/", "profiles/fit/", true},
    {"Eigen/", "profiles/fit/", true},
    {"rapidjson/", "profiles/document/", true},
    {"yaml-cpp/", "profiles/document/", true},
    {"fmt/", "profiles/base/text.h", false},
    {"xxh", "profiles/base/", false},  // xxhash.h, xxh3.h
    {"Random123/", "policies/lanes/", true},
    {"torch/", "hw/torch/", true},
    {"ATen/", "hw/torch/", true},
    {"c10/", "hw/torch/", true},
    {"cuda", "hw/cuda/plugin/", true},  // cuda.h, cuda_runtime.h, cuda_runtime_api.h
    {"liburing", "hw/storage/", true},
    {"zlib", "hw/storage/", true},
    {"CLI11", "experiments/shell/", true},
    {"CLI/", "experiments/shell/", true},
    {"protozero/", "experiments/trace/", true},
    {"sqlite3", "experiments/sweep/", false},
    {"simgrid/", "tests/bench/", false},
});

constexpr std::array<std::string_view, 3> kLightHeaderFolders{"profiles/", "policies/", "sim/"};

bool in_a_layer(std::string_view path) {
    return std::ranges::any_of(
        layer_folders(), [path](const std::string& layer) { return path.starts_with(layer); });
}

// The innermost room.
const Room* room_of(std::string_view path) {
    const Room* found = nullptr;
    for (const Room& room : kRooms) {
        if (!path.starts_with(room.folder)) continue;
        if (found == nullptr || room.folder.size() > found->folder.size()) found = &room;
    }
    return found;
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

// Both below kSystems: whether they belong to one system, that is, lie in one folder there.
bool of_one_system(std::string_view a, std::string_view b) {
    const auto folder = [](std::string_view path) {
        path.remove_prefix(kSystems.size());
        return path.substr(0, path.find('/') + 1);  // empty for a system of one file
    };
    return folder(a) == folder(b) && !folder(a).empty();
}

bool sees(const Room& room, std::string_view target) {
    if (target.find("..") != std::string_view::npos) return false;
    return room_of(target) == &room ||
           std::ranges::any_of(room.may_see, [target](std::string_view prefix) {
               return target.starts_with(prefix);
           });
}

std::optional<std::string> wrong_with(std::string_view path, const Room& room,
                                      const Include& include) {
    if (const Library* library = library_of(include.target)) {
        return wrong_with_library(path, *library);
    }
    if (path.starts_with(kSystems) && include.target.starts_with(kSystems) &&
        !of_one_system(path, include.target)) {
        return "is of another system";
    }
    if (sees(room, include.target)) return std::nullopt;
    if (in_a_layer(include.target) || include.target.starts_with("tests/")) {
        return "is not below " + std::string(room.folder);
    }
    if (include.quoted) return "is not written from the repository root";
    return std::nullopt;  // the standard library or the system
}

}  // namespace

std::vector<std::string> violations(std::span<const SourceFile> files) {
    std::vector<std::string> found;
    for (const SourceFile& file : files) {
        if (!in_a_layer(file.path)) continue;
        const Room* room = room_of(file.path);
        if (room == nullptr) {
            found.push_back(file.path + ": stands in no room");
            continue;
        }
        for (const Include& include : includes_of(file)) {
            if (const auto reason = wrong_with(file.path, *room, include)) {
                found.push_back(file.path + ":" + std::to_string(include.line) + ": " +
                                include.target + " " + *reason);
            }
        }
    }
    return found;
}

std::vector<std::string> upward_rows() {
    std::vector<std::string> found;
    for (auto room = kRooms.begin(); room != kRooms.end(); ++room) {
        for (const std::string_view seen : room->may_see) {
            const bool upward = std::any_of(room, kRooms.end(), [seen](const Room& later) {
                return later.folder.starts_with(seen) || room_of(seen) == &later;
            });
            if (upward) found.push_back(std::string(room->folder) + " sees " + std::string(seen));
        }
    }
    return found;
}

}  // namespace swaplab::ladder
