#include "emu/pressure/memory_hog.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hw/host/process.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// --- In the child: async-signal-safe calls only, since its parent may have threads after all ---

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::size_t kTouchEvery = 4096;

std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1000 * kMillisecond + now.tv_nsec;
}

void touch(volatile unsigned char* at, std::size_t size) {
    for (std::size_t i = 0; i < size; i += kTouchEvery)
        at[i] = static_cast<unsigned char>(at[i] + 1);
}

// Ctrl-C is for the run, which then ends us; where memory runs out, we are the ones to go.
void live_as_a_hog(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    signal(SIGINT, SIG_IGN);
    for (const int other : {SIGTERM, SIGSEGV, SIGBUS}) signal(other, SIG_DFL);
    const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score < 0) return;
    [[maybe_unused]] const ssize_t written = write(score, "1000", 4);
    close(score);
}

[[noreturn]] void run_child(std::size_t size, pid_t parent, int report) {
    live_as_a_hog(parent);
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) _exit(1);
    auto* const at = static_cast<unsigned char*>(memory);
    touch(at, size);
    if (write(report, "r", 1) != 1) _exit(1);
    close(report);
    for (;;) {
        const std::int64_t begin = now_ns();
        touch(at, size);
        const std::int64_t took = now_ns() - begin;
        const std::int64_t rest = took * 19 > 10 * kMillisecond ? took * 19 : 10 * kMillisecond;
        const timespec pause{rest / (1000 * kMillisecond), rest % (1000 * kMillisecond)};
        nanosleep(&pause, nullptr);
    }
}

// --- In the parent ------------------------------------------------------------------------------

[[noreturn]] void fail(Bytes bytes, const std::string& why) {
    throw UnsupportedError(
        text("no process to hold {} of memory beside the run: {}", format_bytes(bytes), why));
}

// One byte when the child is ready; its end of the pipe closes where it dies before. True, too,
// where `stop` is set meanwhile.
bool hear(int from, const std::atomic<bool>* stop) {
    constexpr int look_ms = 20;
    pollfd ready{from, POLLIN, 0};
    while (poll(&ready, 1, look_ms) <= 0)
        if (stop != nullptr && *stop) return true;
    char byte = 0;
    ssize_t got = 0;
    do got = read(from, &byte, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

void end(pid_t child) {
    kill(child, SIGKILL);
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace

// It is not waited for: the destructor does.
bool MemoryHog::alive() const {
    siginfo_t state{};
    const int asked = waitid(P_PID, static_cast<id_t>(child_), &state, WEXITED | WNOHANG | WNOWAIT);
    return asked == 0 && state.si_pid == 0;
}

MemoryHog::MemoryHog(Bytes bytes, const std::atomic<bool>* stop) : bytes_(bytes) {
    SWAPLAB_CHECK(bytes.count > 0, "a hog of {} bytes", bytes.count);
    const auto available = memory_available();
    if (available && bytes > *available)
        fail(bytes, text("this machine has {} available", format_bytes(*available)));
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail(bytes, std::strerror(errno));
    const pid_t parent = getpid();
    child_ = fork();
    if (child_ == 0) {
        close(ends[0]);
        run_child(static_cast<std::size_t>(bytes.count), parent, ends[1]);
    }
    const int error = errno;
    close(ends[1]);
    const bool ready = child_ > 0 && hear(ends[0], stop);
    close(ends[0]);
    if (child_ < 0) fail(bytes, std::strerror(error));
    if (ready) return;
    end(child_);
    fail(bytes, "it could not get them");
}

MemoryHog::~MemoryHog() { end(child_); }

}  // namespace swaplab
