#include "experiments/pack/pack_cache.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "experiments/shell/interrupt.h"
#include "experiments/shell/progress.h"
#include "hw/storage/pack_writer.h"
#include "hw/storage/storage_error.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/model/model_file.h"
#include "profiles/model/sharing.h"

namespace swaplab {

namespace {

namespace fs = std::filesystem;

// What storage holds of the model becomes what the pack stores. Tables that are gathered by rows
// are as long as they are: no row is encoded.
Model as_stored(const Model& model) {
    ModelSpec spec = model.spec();
    const IdVector<LayerId, Bytes> windows = windows_of_tables(model);
    for (const LayerId l : windows.ids()) {
        Layer& layer = spec.layers[l.index];
        if (windows[l].count == 0) layer.parameter_bytes = layer.bytes_on_storage();
        layer.stored_bytes.reset();
    }
    return Model(std::move(spec));
}

// Segments are whole pages, that of a table at least a row's window.
Bytes packed_size(const Model& stored) {
    const IdVector<LayerId, Bytes> windows = windows_of_tables(stored);
    Bytes size;
    for (const UnitId unit : stored.whole())
        size +=
            align_up(std::max(stored.unit(unit).parameter_bytes, windows[stored.layer_of(unit)]),
                     Bytes{4096});
    return size;
}

void require_room(const Model& stored, const std::string& folder) {
    std::error_code unknown;
    const fs::path parent = fs::absolute(folder).parent_path();
    const fs::space_info space = fs::space(parent, unknown);
    const Bytes needed = packed_size(stored);
    if (unknown || space.available >= static_cast<std::uintmax_t>(needed.count)) return;
    throw StorageError(text("{}: no room for a pack of {}: {} are free", folder,
                            format_bytes(needed),
                            format_bytes({static_cast<std::int64_t>(space.available)})));
}

// A file name: "llama-7b", "mine_model".
std::string file_name(const std::string& name) {
    std::string plain;
    for (const char c : name) {
        const bool kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
        plain += kept ? c : '_';
    }
    return plain.substr(0, 64);
}

std::shared_ptr<const Pack> open_cached(const Model& model, const std::string& folder) {
    try {
        auto pack = std::make_shared<const Pack>(folder);
        if (pack->index().layers.size() == model.unit_count()) return pack;
    } catch (const InputError& error) {
        throw InputError(
            text("{} (in the pack cache; remove {} to have it made again)", error.what(), folder));
    }
    throw InputError(
        text("{}: not a pack of {}; remove it to have one made", folder, model.name()));
}

void make_folder(const std::string& folder) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed)
        throw InputError(text("--pack-cache: cannot make '{}': {}", folder, failed.message()));
}

}  // namespace

std::string pack_cache_folder(const std::string& asked) {
    if (!asked.empty()) return asked;
    const auto set = [](const char* name) -> std::string {
        const char* const value = std::getenv(name);
        return value == nullptr ? "" : value;
    };
    if (const std::string cache = set("XDG_CACHE_HOME"); !cache.empty())
        return cache + "/swaplab/packs";
    if (const std::string home = set("HOME"); !home.empty()) return home + "/.cache/swaplab/packs";
    throw InputError(
        "--pack-cache DIR is needed: neither XDG_CACHE_HOME nor HOME says where caches are");
}

void make_synthetic_pack(const Model& model, const std::string& folder, std::uint64_t seed,
                         const Console& console, const std::atomic<bool>* stop) {
    const Model stored = as_stored(model);
    require_room(stored, folder);
    Progress progress(console);
    write_synthetic_pack(stored, folder, seed, ::write, [&](std::int64_t done, std::int64_t total) {
        if (stop != nullptr && stop->load()) throw Interrupted();
        constexpr std::int64_t mib = 1 << 20;
        progress.update(text("writing a pack of {}: MiB", model.name()), done / mib, total / mib);
    });
}

std::shared_ptr<const Pack> cached_pack(const Model& model, const std::string& cache,
                                        const Console& console, const std::atomic<bool>* stop) {
    const std::string folder =
        text("{}/{}-{}", cache, file_name(model.name()), model_hash(model).substr(0, 16));
    if (is_pack(folder)) return open_cached(model, folder);
    make_folder(cache);
    const auto begin = std::chrono::steady_clock::now();
    try {
        make_synthetic_pack(model, folder, 0, console, stop);
    } catch (const StorageError&) {
        if (!is_pack(folder)) throw;  // else somebody else has made it meanwhile
    }
    auto pack = open_cached(model, folder);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    console.note(text("made a pack of {} in {} ({:.1f} s); later runs use it",
                      format_bytes(pack->index().size()), folder, taken.count()));
    return pack;
}

}  // namespace swaplab
