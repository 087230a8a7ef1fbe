#include "profiles/base/unnamed_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace swaplab {

namespace {

// Not every file system makes files without a name.
int open_in(const std::string& folder) {
    const int unnamed = open(folder.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (unnamed >= 0) return unnamed;
    std::string path = folder + "/swaplab-XXXXXX";
    const int named = mkostemp(path.data(), O_CLOEXEC);
    if (named >= 0) unlink(path.c_str());
    return named;
}

}  // namespace

UnnamedFile& UnnamedFile::of_process() {
    static UnnamedFile* const file = new UnnamedFile;  // outlives whatever holds slots
    return *file;
}

UnnamedFile::UnnamedFile() {
    const char* const folder = std::getenv("TMPDIR");
    const bool named = folder != nullptr && *folder != '\0';
    descriptor_ = open_in(named ? folder : "/var/tmp");
}

std::shared_ptr<const UnnamedFile::Slot> UnnamedFile::keep(std::span<const std::byte> bytes) {
    if (descriptor_ < 0) return nullptr;
    auto slot = std::make_shared<const Slot>(*this, take());
    return write(bytes, slot->begin()) ? slot : nullptr;
}

std::uint32_t UnnamedFile::take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return end_++;
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
}

void UnnamedFile::give_back(std::uint32_t slot) {
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);
}

bool UnnamedFile::write(std::span<const std::byte> bytes, std::size_t at) const {
    while (!bytes.empty()) {
        const ssize_t written =
            pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        at += static_cast<std::size_t>(written);
    }
    return true;
}

void UnnamedFile::Slot::read(std::span<std::byte> to, std::size_t at) const {
    at += begin();
    while (!to.empty()) {
        const ssize_t got = pread(file_.descriptor_, to.data(), to.size(), static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            throw std::system_error(got < 0 ? errno : EIO, std::generic_category(),
                                    "reading back times of requests");
        to = to.subspan(static_cast<std::size_t>(got));
        at += static_cast<std::size_t>(got);
    }
}

}  // namespace swaplab
