#include "experiments/output/temporary_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>

#include "experiments/output/half_written.h"
#include "experiments/output/output_error.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".swaplab-partial";
constexpr std::size_t kDigits = 16;

fs::path folder_of(const std::string& target) {
    const fs::path parent = fs::path(target).parent_path();
    return parent.empty() ? fs::path(".") : parent;
}

// With room for what comes behind it in a name of 255 bytes.
std::string stem_of(const std::string& target) {
    constexpr std::size_t most = 255 - kEnding.size() - kDigits - 1;
    return fs::path(target).filename().string().substr(0, most) + '.';
}

std::string random_name(const std::string& target) {
    std::random_device source;
    const std::uint64_t high = source();
    return (folder_of(target) /
            text("{}{:016x}{}", stem_of(target), high << 32 | source(), kEnding))
        .string();
}

[[noreturn]] void refuse(const std::string& target, const std::string& why) {
    throw InputError(text("cannot write '{}': {}", target, why));
}

// Some file systems cannot; nothing is lost that they promise.
bool synced(int descriptor) {
    return fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
}

bool sync_folder(const fs::path& folder) {
    const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return errno == EACCES;  // may be written, and not be read
    const bool done = synced(descriptor);
    const int reason = errno;
    close(descriptor);
    errno = reason;
    return done;
}

bool is_abandoned(const fs::path& path) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return false;
    struct stat status {};
    const bool free = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
                      flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    close(descriptor);
    return free;
}

bool is_partial_of(const std::string& name, const std::string& stem) {
    return name.size() == stem.size() + kDigits + kEnding.size() && name.starts_with(stem) &&
           name.ends_with(kEnding) &&
           name.find_first_not_of("0123456789abcdef", stem.size()) == stem.size() + kDigits;
}

}  // namespace

TemporaryFile::TemporaryFile(const std::string& target) : target_(target) {
    open_exclusively();
    try {
        take_after_target();
    } catch (...) {
        unlink(path_.c_str());
        close(descriptor_);
        keep_on_interrupt(path_);
        throw;
    }
}

// A name that is taken is chosen anew; whoever can take 2^64 names may have them.
void TemporaryFile::open_exclusively() {
    constexpr int kPrivate = 0600;  // until it is known who may read what it replaces
    constexpr int kNew = 0666;      // less the umask
    struct stat status {};
    const int mode = stat(target_.c_str(), &status) == 0 ? kPrivate : kNew;
    do {
        path_ = random_name(target_);
        remove_on_interrupt(path_);
        descriptor_ =
            open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        const int reason = errno;
        if (descriptor_ < 0) keep_on_interrupt(path_);
        errno = reason;
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) refuse(target_, std::strerror(errno));
    flock(descriptor_, LOCK_EX | LOCK_NB);
}

void TemporaryFile::take_after_target() {
    struct stat old {};
    if (stat(target_.c_str(), &old) != 0) return;
    struct stat made {};
    const bool same_owner =
        fstat(descriptor_, &made) == 0 && made.st_uid == old.st_uid && made.st_gid == old.st_gid;
    if (!same_owner && fchown(descriptor_, old.st_uid, old.st_gid) != 0)
        refuse(target_, text("it belongs to user {} and group {}, to whom a new one cannot be "
                             "given ({}); remove it first, or choose another name",
                             old.st_uid, old.st_gid, std::strerror(errno)));
    if (fchmod(descriptor_, old.st_mode & 0777) != 0) refuse(target_, std::strerror(errno));
}

TemporaryFile::~TemporaryFile() {
    if (!placed_) unlink(path_.c_str());
    close(descriptor_);
    keep_on_interrupt(path_);
}

void TemporaryFile::put_in_place() {
    if (!synced(descriptor_))
        throw OutputError(text("cannot write '{}': {}", target_, std::strerror(errno)));
    if (std::rename(path_.c_str(), target_.c_str()) != 0)
        throw OutputError(text("cannot put '{}' in place: {}", target_, std::strerror(errno)));
    placed_ = true;
    if (!sync_folder(folder_of(target_)))
        throw OutputError(
            text("'{}' may not outlive a power cut: {}", target_, std::strerror(errno)));
}

std::vector<std::string> abandoned_beside(const std::string& target) {
    std::vector<std::string> found;
    const std::string stem = stem_of(target);
    std::error_code unreadable;
    for (auto entry = fs::directory_iterator(folder_of(target), unreadable);
         !unreadable && entry != fs::directory_iterator(); entry.increment(unreadable))
        if (is_partial_of(entry->path().filename().string(), stem) && is_abandoned(entry->path()))
            found.push_back(entry->path().lexically_normal().string());
    std::ranges::sort(found);
    return found;
}

}  // namespace swaplab
