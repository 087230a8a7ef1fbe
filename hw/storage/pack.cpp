#include "hw/storage/pack.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "hw/storage/crc.h"
#include "hw/storage/file.h"
#include "hw/storage/pack_index.h"
#include "hw/storage/reader.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"
#include "profiles/model/model_file.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;

void check_folder(const std::string& folder) {
    std::error_code error;
    const fs::file_type type = fs::status(folder, error).type();
    if (type == fs::file_type::directory) return;
    const std::string why = type == fs::file_type::none ? "cannot be looked at: " + error.message()
                            : type == fs::file_type::not_found ? "does not exist"
                                                               : "is a file";
    throw InputError(text("{}: {}, expected the folder of a pack", folder, why));
}

// Opens it too: a file that may not be read is found here and not in the middle of a run.
void check_file(const std::string& path) {
    ReadOptions options;
    options.backend = IoBackend::pread;
    options.depth = 1;
    options.direct = false;
    open_reader(path, options);
}

void check_parameters(const PackIndex& index, const std::string& index_path,
                      const std::string& path) {
    check_file(path);
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (error) throw InputError(text("{}: cannot be read: {}", path, error.message()));
    if (size == static_cast<std::uintmax_t>(index.size().count)) return;
    const bool less = size < static_cast<std::uintmax_t>(index.size().count);
    throw InputError(text("{}: expected the {} bytes of {}, found {}: {}", path, index.size().count,
                          index_path, size,
                          less ? "the file is truncated" : "the file is of another pack"));
}

std::string damage(const Pack& pack, const PackedLayer& layer, std::uint32_t crc) {
    return text(
        "{}: layer {} at offset {} ({} bytes): expected CRC-32 {:08x} as in {}, "
        "found {:08x}: the parameters are corrupted",
        pack.parameters_path(), in_quotes(layer.name), layer.offset.count, layer.size.count,
        layer.crc, pack.index_path(), crc);
}

}  // namespace

Bytes PackIndex::size() const {
    return layers.empty() ? Bytes{} : layers.back().offset + layers.back().size;
}

Pack::Pack(std::string folder) : folder_(std::move(folder)) {
    check_folder(folder_);
    index_ = read_pack_index(load_document(index_path()));
    const Document document = load_document(model_path());
    auto model = std::make_shared<const Model>(read_model(document));
    check_model_fits(index_, index_path(), document, *model);
    model_ = std::move(model);
    check_parameters(index_, index_path(), parameters_path());
    if (!index_.inputs.empty()) check_file(skeleton_path());
}

std::string Pack::index_path() const { return (fs::path(folder_) / kIndexFile).string(); }
std::string Pack::model_path() const { return (fs::path(folder_) / kModelFile).string(); }
std::string Pack::parameters_path() const { return (fs::path(folder_) / kParametersFile).string(); }
std::string Pack::skeleton_path() const { return (fs::path(folder_) / kSkeletonFile).string(); }

Extent Pack::extent(UnitRange units) const {
    SWAPLAB_CHECK(units.first <= units.last && units.last <= index_.layers.size(),
                  "units [{}, {}) of {}", units.first, units.last, index_.layers.size());
    if (units.first == units.last) return {};
    const PackedLayer& last = index_.layers[units.last - 1];
    const Bytes begin = index_.layers[units.first].offset;
    return {begin, last.offset + last.size - begin};
}

bool is_pack(const std::string& path) {
    std::error_code ignored;
    return fs::is_regular_file(fs::path(path) / kIndexFile, ignored);
}

void verify(const Pack& pack) {
    constexpr Bytes kPiece{std::int64_t{4} << 20};
    ReadOptions options;
    options.alignment = pack.index().alignment;
    const std::unique_ptr<Reader> reader = open_reader(pack.parameters_path(), options);
    AlignedBuffer buffer(kPiece, std::min(pack.index().alignment, kPiece));
    for (const PackedLayer& layer : pack.index().layers) {
        std::uint32_t crc = 0;
        for (Bytes at; at < layer.size; at += kPiece) {
            const Bytes size = std::min(kPiece, layer.size - at);
            reader->read(layer.offset + at, size, buffer.data());
            crc = crc_after(crc, buffer.bytes().first(static_cast<std::size_t>(size.count)));
        }
        if (crc != layer.crc) throw InputError(damage(pack, layer, crc));
    }
}

void require_checksum(const Pack& pack, UnitId unit, std::uint32_t crc) {
    const PackedLayer& layer = pack.index().layers[unit.index];
    if (crc != layer.crc) throw StorageError(damage(pack, layer, crc));
}

void verify(const Pack& pack, UnitRange units, std::span<const std::byte> bytes) {
    const Extent extent = pack.extent(units);
    SWAPLAB_CHECK(bytes.size() == static_cast<std::size_t>(extent.size.count),
                  "{} bytes of an extent of {}", bytes.size(), extent.size.count);
    for (const UnitId unit : units) {
        const PackedLayer& layer = pack.index().layers[unit.index];
        const auto begin = static_cast<std::size_t>((layer.offset - extent.offset).count);
        const auto size = static_cast<std::size_t>(layer.size.count);
        require_checksum(pack, unit, crc_of(bytes.subspan(begin, size)));
    }
}

}  // namespace swaplab
