#include "experiments/shell/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <string_view>

#include "experiments/output/half_written.h"
#include "experiments/shell/exit_code.h"

namespace swaplab {

namespace {

// Lock-free atomics: all that a signal handler may touch.
std::atomic<bool> line_shown{false};
std::atomic<bool> asks_first{false};
std::atomic<bool> stop{false};
std::atomic<int> asked_by{SIGINT};

void say(std::string_view line) {
    [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
}

// A write that fails says so itself, with EPIPE or EFBIG; from elsewhere these signals are like the
// others.
bool of_a_write(int signal, const siginfo_t* info) {
    return (signal == SIGPIPE || signal == SIGXFSZ) && info->si_pid == getpid();
}

extern "C" void swaplab_interrupted(int signal, siginfo_t* info, void*) {
    if (of_a_write(signal, info)) return;
    if (line_shown.load()) say("\r\x1b[K");
    const bool may_ask = signal == SIGINT || signal == SIGTERM;
    if (may_ask && asks_first.load() && !stop.load()) {
        asked_by.store(signal);
        stop.store(true);
        say("swaplab: interrupted, ending the run (again: at once)\n");
        return;
    }
    if (signal == SIGXCPU) say("swaplab: the limit of CPU time is reached\n");
    remove_half_written();
    _exit(exit_of_signal + signal);
}

bool is_ignored(int signal) {
    struct sigaction before {};
    return sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN;
}

}  // namespace

void handle_signals() {
    struct sigaction action {};
    action.sa_sigaction = swaplab_interrupted;
    action.sa_flags = SA_SIGINFO;
    for (const int signal : {SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGXCPU, SIGXFSZ})
        if (signal != SIGHUP || !is_ignored(signal)) sigaction(signal, &action, nullptr);
}

const std::atomic<bool>* stop_on_interrupt() {
    asks_first.store(true);
    return &stop;
}

int interrupted_exit_code() { return exit_of_signal + asked_by.load(); }

void progress_shown(bool shown) { line_shown.store(shown); }

}  // namespace swaplab
