// Whether the parameters of a pack are those that its index has checksums of.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "hw/storage/crc.h"
#include "hw/storage/pack.h"
#include "hw/storage/stored_file.h"
#include "profiles/base/error.h"
#include "profiles/base/hash.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

std::string damage(const Pack& pack, const PackedLayer& layer, std::uint32_t crc) {
    return text(
        "{}: layer {} at offset {} ({} bytes): expected CRC-32 {:08x} as in {}, "
        "found {:08x}: the parameters are corrupted",
        pack.parameters_path(), in_quotes(layer.name), layer.offset.count, layer.size.count,
        layer.crc, pack.index_path(), crc);
}

// --- What has been verified before --------------------------------------------------------------

constexpr std::size_t kMostMarks = 1000;

std::string time_text(const timespec& time) { return text("{}.{:09}", time.tv_sec, time.tv_nsec); }

struct stat status_of(const Pack& pack) {
    struct stat file {};
    if (::fstat(pack.open(kParametersFile).get(), &file) != 0)
        throw InputError(text("{}: cannot be read: {}", pack.parameters_path(), errno_text(errno)));
    return file;
}

// Times of files are coarse (of a tick of the kernel; on some file systems of seconds): what was
// written a moment ago may be written again without a trace.
bool is_settled(const struct stat& file) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t age =
        (now.tv_sec - file.st_ctim.tv_sec) * second + now.tv_nsec - file.st_ctim.tv_nsec;
    const bool whole_seconds = file.st_ctim.tv_nsec == 0 && file.st_mtim.tv_nsec == 0;
    return age > (whole_seconds ? 3 * second : second / 10);
}

std::string mark_of(const Pack& pack, const struct stat& file) {
    std::string all = text("{} {} {} {} {}", file.st_dev, file.st_ino, file.st_size,
                           time_text(file.st_mtim), time_text(file.st_ctim));
    for (const PackedLayer& layer : pack.index().layers)
        all += text(" {} {} {}", layer.offset.count, layer.size.count, layer.crc);
    return hex_digest(all);
}

std::vector<std::string> marks_in(const std::string& memory) {
    std::vector<std::string> marks;
    std::ifstream file(memory);
    for (std::string mark; std::getline(file, mark);) marks.push_back(mark);
    return marks;
}

// The file is replaced as a whole: of two programs that do so at once, one's mark is lost.
void remember(const std::string& memory, std::vector<std::string> marks, const std::string& mark) {
    marks.push_back(mark);
    if (marks.size() > kMostMarks)
        marks.erase(marks.begin(), marks.end() - static_cast<std::ptrdiff_t>(kMostMarks));
    std::string content;
    for (const std::string& each : marks) content += each + '\n';
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(memory).parent_path(), ignored);
    const std::string fresh = text("{}.{}", memory, ::getpid());
    try {
        StoredFile file(fresh, memory, ::write);
        file.append(std::as_bytes(std::span(content)));
        file.finish();
        if (std::rename(fresh.c_str(), memory.c_str()) == 0) return;
    } catch (const StorageError&) {  // verified again by the next run
    }
    std::filesystem::remove(fresh, ignored);
}

}  // namespace

void verify(const Pack& pack) {
    constexpr Bytes kPiece{std::int64_t{4} << 20};
    ReadOptions options;
    options.alignment = pack.index().alignment;
    const std::unique_ptr<Reader> reader = pack.open_parameters(options);
    AlignedBuffer buffer(kPiece, std::min(pack.index().alignment, kPiece));
    for (const PackedLayer& layer : pack.index().layers) {
        std::uint32_t crc = 0;
        for (Bytes at; at < layer.size; at += kPiece) {
            const Bytes size = std::min(kPiece, layer.size - at);
            reader->read(layer.offset + at, size, buffer.data());
            crc = crc_after(crc, buffer.bytes().first(static_cast<std::size_t>(size.count)));
        }
        if (crc != layer.crc) throw StorageError(damage(pack, layer, crc));
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

Verified verify_once(const Pack& pack, const std::string& memory) {
    const struct stat before = status_of(pack);
    const std::string mark = mark_of(pack, before);
    const std::vector<std::string> marks =
        memory.empty() ? std::vector<std::string>{} : marks_in(memory);
    if (std::ranges::find(marks, mark) != marks.end()) return Verified::before;
    verify(pack);
    const bool same = mark_of(pack, status_of(pack)) == mark;
    if (!memory.empty() && is_settled(before) && same) remember(memory, marks, mark);
    return Verified::now;
}

}  // namespace swaplab
