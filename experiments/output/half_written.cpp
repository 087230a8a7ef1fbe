#include "experiments/output/half_written.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Plain memory and lock-free atomics: all that a signal handler may touch. A slot is read only
// while `used` is set, and its name is complete before that.
struct Slot {
    std::atomic<bool> used{false};
    std::array<char, 4096> path{};
};
std::array<Slot, 64> half_written;

// A file; or a folder, with the files in it (getdents64(2): what readdir does may not be done in a
// signal handler).
void remove_whole(const char* path) {
    if (unlink(path) == 0 || errno != EISDIR) return;
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    alignas(std::uint64_t) std::array<char, 4096> entries;
    constexpr std::size_t length_at = 16;  // of struct linux_dirent64: d_reclen, then d_type
    constexpr std::size_t name_at = 19;
    long got = 0;
    while ((got = syscall(SYS_getdents64, folder, entries.data(), entries.size())) > 0)
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            std::uint16_t length = 0;
            std::memcpy(&length, &entries[at + length_at], sizeof length);
            unlinkat(folder, &entries[at + name_at], 0);
            at += length;
        }
    close(folder);
    rmdir(path);
}

}  // namespace

void remove_on_interrupt(const std::string& path) {
    if (path.size() >= half_written.front().path.size())
        throw InputError(text("cannot write '{}': its name is too long", path));
    for (Slot& slot : half_written) {
        if (slot.used.load()) continue;
        std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
        slot.used.store(true);
        return;
    }
    SWAPLAB_CHECK(false, "more than {} files are being written", half_written.size());
}

void keep_on_interrupt(const std::string& path) {
    for (Slot& slot : half_written)
        if (slot.used.load() && path == slot.path.data()) slot.used.store(false);
}

void remove_half_written() {
    for (const Slot& slot : half_written)
        if (slot.used.load()) remove_whole(slot.path.data());
}

}  // namespace swaplab
