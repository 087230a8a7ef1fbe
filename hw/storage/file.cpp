#include "hw/storage/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "hw/storage/storage_error.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

// O_NONBLOCK: to open a pipe without a writer returns, and it is refused then.
constexpr int kReading = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

const char* name_of_kind(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISLNK(mode)) return "a symbolic link";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

struct stat status_of(const FileHandle& file, const std::string& shown_as) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0)
        throw InputError(text("{}: cannot be read: {}", shown_as, errno_text(errno)));
    return status;
}

[[noreturn]] void fail_to_open(const std::string& path, int error) {
    throw InputError(text("{}: cannot be opened: {}", path, errno_text(error)));
}

}  // namespace

FileHandle::~FileHandle() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Folder::Folder(std::string path) : path_(std::move(path)) {
    struct stat status {};
    if (::stat(path_.c_str(), &status) == 0 && !S_ISDIR(status.st_mode))
        throw InputError(text("{}: is {}, expected the folder of a pack", path_,
                              S_ISREG(status.st_mode) ? "a file" : name_of_kind(status.st_mode)));
    FileHandle handle(::open(path_.c_str(), kReading | O_DIRECTORY));
    if (!handle && errno == ENOENT)
        throw InputError(text("{}: does not exist, expected the folder of a pack", path_));
    if (!handle) fail_to_open(path_, errno);
    handle_ = std::make_shared<const FileHandle>(std::move(handle));
}

std::string Folder::path_of(const std::string& name) const {
    return (std::filesystem::path(path_) / name).string();
}

// Looked at before it is opened, since to open a device may do something; and again afterwards,
// since it may have been exchanged in between.
FileHandle Folder::open(const std::string& name) const {
    struct stat status {};
    if (::fstatat(handle_->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        fail_to_open(path_of(name), errno);
    const auto require_file = [&](mode_t mode) {
        if (!S_ISREG(mode))
            throw InputError(text("{}: expected a file of the pack's own, found {}", path_of(name),
                                  name_of_kind(mode)));
    };
    require_file(status.st_mode);
    FileHandle file(::openat(handle_->get(), name.c_str(), kReading | O_NOFOLLOW));
    if (!file) fail_to_open(path_of(name), errno);
    require_file(status_of(file, path_of(name)).st_mode);
    return file;
}

std::string Folder::read(const std::string& name, Bytes most) const {
    const FileHandle file = open(name);
    const Bytes size = size_of(file, path_of(name));
    if (size > most)
        throw InputError(
            text("{}: has {} bytes, {} are the most", path_of(name), size.count, most.count));
    std::string content(static_cast<std::size_t>(size.count), '\0');
    std::size_t got = 0;
    while (got < content.size()) {
        const ssize_t more = ::pread(file.get(), content.data() + got, content.size() - got,
                                     static_cast<off_t>(got));
        if (more < 0 && errno == EINTR) continue;
        if (more < 0)
            throw InputError(text("{}: cannot be read: {}", path_of(name), errno_text(errno)));
        if (more == 0) break;
        got += static_cast<std::size_t>(more);
    }
    content.resize(got);
    return content;
}

FileHandle open_regular(const std::string& path) {
    FileHandle file(::open(path.c_str(), kReading));
    if (!file) fail_to_open(path, errno);
    const mode_t mode = status_of(file, path).st_mode;
    if (!S_ISREG(mode) && !S_ISBLK(mode))
        throw InputError(text("{}: expected a file, found {}", path, name_of_kind(mode)));
    return file;
}

Bytes size_of(const FileHandle& file, const std::string& shown_as) {
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    if (size < 0) throw InputError(text("{}: cannot be read: {}", shown_as, errno_text(errno)));
    return {size};
}

}  // namespace swaplab
