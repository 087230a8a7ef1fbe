#include "hw/storage/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "hw/storage/direct_io.h"
#include "hw/storage/direct_reader.h"
#include "hw/storage/file.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

void check_options(const std::string& path, const ReadOptions& options) {
    const std::int64_t alignment = options.alignment.count;
    SWAPLAB_CHECK(alignment > 0 && (alignment & (alignment - 1)) == 0, "alignment {}", alignment);
    if (options.depth < 1 || options.depth > kMostInFlight) {
        throw InputError(text("{}: expected 1 to {} requests in flight, found {}", path,
                              kMostInFlight, options.depth));
    }
    if (options.request_bytes.count < 1 || options.request_bytes > kMostPerRequest) {
        throw InputError(text("{}: expected requests of 1 to {} bytes, found {}", path,
                              kMostPerRequest.count, options.request_bytes.count));
    }
}

FileHandle open_file(const std::string& path) {
    // O_NONBLOCK: opening a pipe without a writer returns, and it is refused below.
    FileHandle handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!handle) throw InputError(text("{}: cannot be opened: {}", path, errno_text(errno)));
    struct stat status {};
    if (::fstat(handle.get(), &status) != 0)
        throw InputError(text("{}: cannot be read: {}", path, errno_text(errno)));
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        throw InputError(text("{}: expected a file", path));
    return handle;
}

struct ChosenIo {
    std::unique_ptr<BlockIo> io;
    IoBackend backend;
    std::string description;
};

ChosenIo choose_io(const std::string& path, int descriptor, const ReadOptions& options) {
    std::string why;
    if (options.backend != IoBackend::pread) {
        if (auto io = make_uring_io(descriptor, options.depth, why))
            return {std::move(io), IoBackend::uring, "io_uring"};
        if (options.backend == IoBackend::uring)
            throw UnsupportedError(text("{}: io_uring cannot be used here: {}", path, why));
    }
    try {
        return {make_pread_io(descriptor, options.depth), IoBackend::pread,
                why.empty() ? "pread" : text("pread (no io_uring: {})", why)};
    } catch (const std::system_error& error) {
        throw StorageError(text("{}: {} threads that read: {}", path, options.depth, error.what()));
    }
}

}  // namespace

void drop_cached(const std::string& path) {
    const FileHandle file = open_file(path);
    ::fdatasync(file.get());  // pages that are not written yet would stay
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
}

std::unique_ptr<Reader> open_reader(const std::string& path, const ReadOptions& options) {
    check_options(path, options);
    FileHandle handle = open_file(path);
    const int descriptor = handle.get();
    const DirectIo direct =
        options.direct
            ? turn_on_direct_io(descriptor, options.alignment)
            : DirectIo{{}, options.keep_cached ? "as asked for, and kept there" : "as asked for"};
    ChosenIo chosen = choose_io(path, descriptor, options);

    ReadPlan plan;
    plan.file = path;
    plan.file_size = {::lseek(descriptor, 0, SEEK_END)};
    plan.depth = options.depth;
    plan.info.backend = chosen.backend;
    plan.info.direct = direct.alignment.count > 0;
    plan.info.alignment = std::max(direct.alignment, Bytes{1});
    plan.request_bytes = align_up(options.request_bytes, plan.info.alignment);
    plan.info.description =
        text("{}, {}, {} requests of {} in flight", chosen.description,
             plan.info.direct ? "direct" : text("through the page cache ({})", direct.why_not),
             plan.depth, format_bytes(plan.request_bytes));
    if (!plan.info.direct && !options.keep_cached) {
        plan.after_read = [descriptor](Bytes offset, Bytes size) {
            ::posix_fadvise(descriptor, offset.count, size.count, POSIX_FADV_DONTNEED);
        };
    }
    plan.handle = std::move(handle);
    return std::make_unique<DirectReader>(std::move(chosen.io), std::move(plan));
}

}  // namespace swaplab
