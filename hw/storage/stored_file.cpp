#include "hw/storage/stored_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "hw/storage/storage_error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr std::size_t kMostPending = std::size_t{1} << 20;

FileHandle create(const std::string& path, const std::string& shown_as) {
    FileHandle handle(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!handle) throw StorageError(text("{}: cannot be made: {}", shown_as, errno_text(errno)));
    return handle;
}

}  // namespace

StoredFile::StoredFile(const std::string& path, std::string shown_as, WriteFunction write)
    : shown_as_(std::move(shown_as)), write_(write), handle_(create(path, shown_as_)) {
    pending_.reserve(kMostPending);
}

void StoredFile::append(std::span<const std::byte> bytes) {
    if (pending_.size() + bytes.size() > kMostPending) flush();
    if (bytes.size() > kMostPending) {
        write_all(bytes);
    } else {
        pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    }
}

void StoredFile::finish() {
    flush();
    if (::fsync(handle_.get()) != 0)
        throw StorageError(text("{}: cannot be written: {}", shown_as_, errno_text(errno)));
}

void StoredFile::flush() {
    write_all(pending_);
    pending_.clear();
}

void StoredFile::write_all(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = write_(handle_.get(), bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0)
            throw storage_error(shown_as_, written_, "cannot be written", wrote < 0 ? errno : EIO);
        written_ += Bytes{wrote};
        bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
}

void sync_folder(const std::string& path, const std::string& shown_as) {
    const FileHandle handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const int synced = handle ? ::fsync(handle.get()) : -1;
    const bool is_up_to_the_system = errno == EINVAL || errno == EACCES;
    if (synced != 0 && !is_up_to_the_system)
        throw StorageError(text("{}: cannot be written: {}", shown_as, errno_text(errno)));
}

}  // namespace swaplab
