#include "hw/storage/direct_io.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>

#include "hw/storage/file.h"
#include "hw/storage/storage_error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

// Linux 6.1 reports the alignment; the C library's headers may be older than the kernel. The layout
// of `struct statx` is fixed and its size, 256 bytes, is reserved: these two lie where older
// headers have spare fields.
constexpr unsigned kStatxDioAlign = 0x2000;
constexpr std::size_t kMemAlignAt = 0x98;
constexpr std::size_t kOffsetAlignAt = 0x9c;

// 0 if the kernel says that direct I/O does not work on this file, nullopt if it says nothing.
std::optional<std::int64_t> reported_alignment(int descriptor) {
    struct statx status {};
    static_assert(sizeof status == 256);
    if (::statx(descriptor, "", AT_EMPTY_PATH, kStatxDioAlign, &status) != 0) return std::nullopt;
    if ((status.stx_mask & kStatxDioAlign) == 0) return std::nullopt;
    std::uint32_t memory = 0;
    std::uint32_t offset = 0;
    std::memcpy(&memory, reinterpret_cast<const char*>(&status) + kMemAlignAt, sizeof memory);
    std::memcpy(&offset, reinterpret_cast<const char*>(&status) + kOffsetAlignAt, sizeof offset);
    if (memory == 0 || offset == 0) return 0;
    return std::max(memory, offset);  // both are powers of two
}

// Of the disk that the file lies on; nullopt where the file system is not on one disk.
std::optional<std::int64_t> logical_block_size(int descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return std::nullopt;
    const dev_t device = S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev;
    for (const char* of_disk : {"", "../"}) {  // a partition's queue is its disk's
        std::ifstream file(text("/sys/dev/block/{}:{}/{}queue/logical_block_size", major(device),
                                minor(device), of_disk));
        std::int64_t size = 0;
        if (file >> size && size > 0 && (size & (size - 1)) == 0) return size;
    }
    return std::nullopt;
}

// Newer kernels accept O_DIRECT for files in memory and copy all the same.
bool lies_in_memory(int descriptor) {
    struct statfs status {};
    if (::fstatfs(descriptor, &status) != 0) return false;
    return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
}

bool set_direct(int descriptor, bool on) {
    const int flags = ::fcntl(descriptor, F_GETFL);
    return flags >= 0 &&
           ::fcntl(descriptor, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

bool refuses_a_read(int descriptor, std::int64_t alignment) {
    AlignedBuffer buffer(Bytes{alignment}, Bytes{alignment});
    return ::pread(descriptor, buffer.data(), static_cast<std::size_t>(alignment), 0) < 0 &&
           (errno == EINVAL || errno == EOPNOTSUPP);
}

}  // namespace

DirectIo turn_on_direct_io(int descriptor, Bytes coarsest) {
    if (lies_in_memory(descriptor)) return {{}, "the file lies in memory"};
    const auto reported = reported_alignment(descriptor);
    const std::int64_t alignment =
        reported ? *reported : logical_block_size(descriptor).value_or(4096);
    if (alignment > coarsest.count)
        return {{}, text("direct I/O needs multiples of {} bytes here", alignment)};
    if (alignment == 0 || !set_direct(descriptor, true))
        return {{}, "the file system has no direct I/O"};
    if (!refuses_a_read(descriptor, alignment)) return {{alignment}, ""};
    set_direct(descriptor, false);
    return {{}, "the file system refuses direct reads"};
}

}  // namespace swaplab
