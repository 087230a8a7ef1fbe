#include "hw/storage/reader.h"

#include <fcntl.h>
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
        throw UnsupportedError(
            text("{}: this machine makes no {} threads that read: {} (is there a limit on "
                 "processes, as by `ulimit -u` or a cgroup's pids.max?)",
                 path, options.depth, error.code().message()));
    }
}

}  // namespace

void drop_cached(const FileHandle& file, const std::string& path) {
    const auto fail = [&](const char* what, int error) {
        throw StorageError(text("{}: cannot be taken out of the page cache: {}: {} (errno {})",
                                path, what, errno_text(error), error));
    };
    // Pages that are not written yet would stay. A file system that is read only has none.
    if (::fdatasync(file.get()) != 0 && errno != EROFS && errno != EINVAL) fail("fdatasync", errno);
    if (const int error = ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED); error != 0)
        fail("posix_fadvise", error);
}

std::unique_ptr<Reader> open_reader(const std::string& path, const ReadOptions& options) {
    check_options(path, options);
    return open_reader(open_regular(path), path, options);
}

std::unique_ptr<Reader> open_reader(FileHandle handle, const std::string& path,
                                    const ReadOptions& options) {
    check_options(path, options);
    const int descriptor = handle.get();
    const DirectIo direct =
        options.direct
            ? turn_on_direct_io(descriptor, options.alignment)
            : DirectIo{{}, options.keep_cached ? "as asked for, and kept there" : "as asked for"};
    ChosenIo chosen = choose_io(path, descriptor, options);

    ReadPlan plan;
    plan.file = path;
    plan.file_size = size_of(handle, path);
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
