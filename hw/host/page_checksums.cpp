#include "hw/host/page_checksums.h"

#include <algorithm>
#include <memory>

#include "hw/host/frames.h"
#include "hw/storage/crc.h"
#include "hw/storage/file.h"
#include "hw/storage/reader.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr Bytes kPiece{std::int64_t{4} << 20};

std::span<const std::byte> page_of(std::span<const std::byte> bytes, Bytes at) {
    return bytes.subspan(static_cast<std::size_t>(at.count), static_cast<std::size_t>(kPage.count));
}

}  // namespace

PageChecksums::PageChecksums(const Pack& pack, UnitId unit) : unit_(unit) {
    const PackedLayer& layer = pack.index().layers[unit.index];
    ReadOptions options;
    options.alignment = pack.index().alignment;
    const std::unique_ptr<Reader> reader = open_reader(pack.parameters_path(), options);
    AlignedBuffer buffer(std::min(kPiece, layer.size), std::min(options.alignment, kPiece));
    std::uint32_t crc = 0;
    for (Bytes at; at < layer.size; at += kPiece) {
        const Bytes size = std::min(kPiece, layer.size - at);
        reader->read(layer.offset + at, size, buffer.data());
        crc = crc_after(crc, buffer.bytes().first(static_cast<std::size_t>(size.count)));
        for (Bytes page; page < size; page += kPage)
            crcs_.push_back(crc_of(page_of(buffer.bytes(), page)));
    }
    require_checksum(pack, unit, crc);
}

void PageChecksums::verify(const Pack& pack, Extent window,
                           std::span<const std::byte> bytes) const {
    const PackedLayer& layer = pack.index().layers[unit_.index];
    SWAPLAB_CHECK(
        window.offset >= layer.offset && window.offset + window.size <= layer.offset + layer.size,
        "a window at {} of a segment at {}", window.offset.count, layer.offset.count);
    const Bytes from = window.offset - layer.offset;
    for (Bytes at; at < window.size; at += kPage) {
        const auto page = static_cast<std::size_t>((from + at).count / kPage.count);
        if (crc_of(page_of(bytes, at)) != crcs_[page])
            throw StorageError(
                text("{}: layer {}: the page at offset {} is not what it was when "
                     "the run began: the parameters are corrupted",
                     pack.parameters_path(), in_quotes(layer.name), (window.offset + at).count));
    }
}

}  // namespace swaplab
