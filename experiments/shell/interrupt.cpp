#include "experiments/shell/interrupt.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
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

// Ends as a shell reports it: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP.
extern "C" void swaplab_interrupted(int signal) {
    if (line_shown.load()) say("\r\x1b[K");
    if (signal != SIGHUP && asks_first.load() && !stop.exchange(true)) {
        say("swaplab: interrupted, ending the run (again: at once)\n");
        return;
    }
    for (const Slot& slot : half_written)
        if (slot.used.load()) unlink(slot.path.data());
    _exit(exit_interrupted - SIGINT + signal);
}

}  // namespace

void handle_signals() {
    struct sigaction action {};
    action.sa_handler = swaplab_interrupted;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
    sigaction(SIGXFSZ, &action, nullptr);  // a file may not grow: writing says so
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
