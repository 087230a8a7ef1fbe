#include "hw/storage/stored_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "hw/storage/storage_error.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostPending = std::size_t{1} << 20;

FileHandle create(const std::string& path, const std::string& shown_as) {
    FileHandle handle(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!handle) throw StorageError(text("{}: cannot be made: {}", shown_as, errno_text(errno)));
    return handle;
}

// What was created, renamed or removed in the folder is on the storage, where the file system can
// say so of folders and this one may be opened.
void sync_folder(const std::string& path, const std::string& shown_as) {
    const FileHandle handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const int synced = handle ? ::fsync(handle.get()) : -1;
    const bool is_up_to_the_system = errno == EINVAL || errno == EACCES;
    if (synced != 0 && !is_up_to_the_system)
        throw StorageError(text("{}: cannot be written: {}", shown_as, errno_text(errno)));
}

// --- Partial folders ----------------------------------------------------------------------------

constexpr std::string_view kPartial = ".partial-";

// "link/" would be what the link leads to.
std::string without_trailing_slash(std::string folder) {
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    return folder;
}

std::string parent_of(const std::string& folder) {
    const fs::path parent = fs::path(folder).parent_path();
    return parent.empty() ? "." : parent.string();
}

std::string make_beside(const std::string& target) {
    for (int attempt = 0;; ++attempt) {
        std::string folder = text("{}{}{}-{}", target, kPartial, ::getpid(), attempt);
        if (::mkdir(folder.c_str(), 0777) == 0) return folder;
        if (errno != EEXIST)
            throw StorageError(text("{}: cannot be made: {}", target, errno_text(errno)));
    }
}

// Its owner's for as long as that lives; nothing if somebody else has it.
FileHandle lock(const std::string& folder) {
    FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (handle && ::flock(handle.get(), LOCK_EX | LOCK_NB) != 0) return {};
    return handle;
}

// Of an open folder, its files; without memory or another descriptor, the want of which may be why
// it is to go.
void remove_files(int folder) {
    alignas(std::uint64_t) std::array<char, 4096> entries;
    constexpr std::size_t length_at = 16;  // of struct linux_dirent64: d_reclen, then d_type
    constexpr std::size_t name_at = 19;
    long got = 0;
    while ((got = ::syscall(SYS_getdents64, folder, entries.data(), entries.size())) > 0)
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            std::uint16_t length = 0;
            std::memcpy(&length, &entries[at + length_at], sizeof length);
            ::unlinkat(folder, &entries[at + name_at], 0);
            at += length;
        }
}

bool is_number(std::string_view digits) {
    return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_partial_name(std::string_view name) {
    const std::size_t mark = name.rfind(kPartial);
    if (mark == std::string_view::npos || mark == 0) return false;
    const std::string_view rest = name.substr(mark + kPartial.size());
    const std::size_t dash = rest.find('-');
    return dash != std::string_view::npos && is_number(rest.substr(0, dash)) &&
           is_number(rest.substr(dash + 1));
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

PartialFolder::PartialFolder(std::string target, PartialListener listener)
    : target_(without_trailing_slash(std::move(target))),
      path_(make_beside(target_)),
      listener_(std::move(listener)),
      lock_(lock(path_)) {
    try {
        if (listener_.made) listener_.made(path_);
    } catch (...) {
        ::rmdir(path_.c_str());
        throw;
    }
}

PartialFolder::~PartialFolder() {
    if (path_.empty()) return;
    try {
        remove_files(lock_.get());
        std::error_code ignored;
        if (::rmdir(path_.c_str()) != 0) fs::remove_all(path_, ignored);
        if (listener_.gone) listener_.gone(path_);
    } catch (const std::bad_alloc&) {  // the next `pack` names what is left
        return;
    }
}

void PartialFolder::take_name() {
    sync_folder(path_, target_);
    if (std::rename(path_.c_str(), target_.c_str()) != 0)
        throw StorageError(text("{}: cannot take its name: {}", target_, errno_text(errno)));
    if (listener_.gone) listener_.gone(path_);
    path_.clear();
    sync_folder(parent_of(target_), target_);
}

void require_free_name(const std::string& given) {
    const std::string folder = without_trailing_slash(given);
    std::error_code error;
    const fs::file_type type = fs::symlink_status(folder, error).type();
    const auto refuse = [&](std::string_view why) {
        throw InputError(text("{}: {}", folder, why));
    };
    if (type == fs::file_type::symlink)
        refuse("is a link, and a pack is a new folder under its own name");
    if (type == fs::file_type::directory && !fs::is_empty(folder, error))
        refuse("exists already, and a pack replaces nothing");
    if (type != fs::file_type::directory && type != fs::file_type::not_found)
        refuse(type == fs::file_type::none
                   ? "cannot be looked at: " + error.message()
                   : "is a file and exists already; a pack is a new folder");
    if (!fs::is_directory(parent_of(folder), error))
        refuse(text("{} is not a folder", parent_of(folder)));
}

std::vector<std::string> left_behind_beside(const std::string& target) {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& entry :
         fs::directory_iterator(parent_of(without_trailing_slash(target)), ignored)) {
        const bool partial = is_partial_name(entry.path().filename().string()) &&
                             entry.symlink_status(ignored).type() == fs::file_type::directory;
        if (partial && lock(entry.path().string())) found.push_back(entry.path().string());
    }
    std::ranges::sort(found);
    return found;
}

void remove_left_behind(const std::string& partial) {
    const FileHandle owned = lock(partial);
    std::error_code error;
    if (owned) fs::remove_all(partial, error);
    if (!owned || error)
        throw StorageError(text("{}: cannot be removed: {}", partial,
                                owned ? error.message() : "somebody writes to it"));
}

}  // namespace swaplab
