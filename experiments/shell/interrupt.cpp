#include "experiments/shell/interrupt.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "experiments/shell/exit_code.h"

namespace swaplab {

namespace {

// Plain memory and lock-free atomics: all that a signal handler may touch. A slot is read only
// while `used` is set, and its name is complete before that.
struct Slot {
    std::atomic<bool> used{false};
    std::array<char, 4096> path{};
};
std::array<Slot, 4> half_written;
std::atomic<bool> line_shown{false};
std::atomic<bool> asks_first{false};
std::atomic<bool> stop{false};

void say(std::string_view line) {
    [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
}

// A file; or a folder, with the files in it (getdents64(2): what readdir does may not be done
// here).
void remove_half_written(const char* path) {
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

// Ends as a shell reports it: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP, 152 for SIGXCPU.
extern "C" void swaplab_interrupted(int signal) {
    if (line_shown.load()) say("\r\x1b[K");
    if ((signal == SIGINT || signal == SIGTERM) && asks_first.load() && !stop.exchange(true)) {
        say("swaplab: interrupted, ending the run (again: at once)\n");
        return;
    }
    for (const Slot& slot : half_written)
        if (slot.used.load()) remove_half_written(slot.path.data());
    _exit(exit_interrupted - SIGINT + signal);
}

}  // namespace

void handle_signals() {
    struct sigaction action {};
    action.sa_handler = swaplab_interrupted;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGXCPU}) sigaction(signal, &action, nullptr);
    // Errors of what is written then: EPIPE, EFBIG.
    action.sa_handler = SIG_IGN;
    for (const int signal : {SIGPIPE, SIGXFSZ}) sigaction(signal, &action, nullptr);
}

const std::atomic<bool>* stop_on_interrupt() {
    asks_first.store(true);
    return &stop;
}

void remove_on_interrupt(const std::string& path) {
    for (Slot& slot : half_written) {
        if (slot.used.load() || path.size() >= slot.path.size()) continue;
        std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
        slot.used.store(true);
        return;
    }
}

void keep_on_interrupt(const std::string& path) {
    for (Slot& slot : half_written)
        if (slot.used.load() && path == slot.path.data()) slot.used.store(false);
}

void progress_shown(bool shown) { line_shown.store(shown); }

}  // namespace swaplab
