// A kernel that says no, and tests in a process of their own.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace swaplab::testing {

// From now on this process gets `error` from these system calls. False where the kernel has no
// seccomp filters, and under sanitizers, which make such calls themselves. There is no way back: in
// a child only.
inline bool refuse_calls(const std::vector<long>& calls, int error) {
    if (SWAPLAB_SANITIZED) return false;
    constexpr auto number_at = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
    std::vector<sock_filter> program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number_at)};
    for (const long call : calls) {
        program.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
        program.push_back(
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)));
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

inline constexpr const char* kNoFilters = "no seccomp filters here, or a sanitizer";

// What `work` returns, from a child process; with how that ended, unless by itself.
template <class Work>
std::string said_in_a_child(Work work) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
        const std::string said = work();
        [[maybe_unused]] const ssize_t written = write(ends[1], said.data(), said.size());
        _exit(0);
    }
    close(ends[1]);
    std::string said;
    std::array<char, 4096> piece{};
    for (ssize_t got = 0; (got = read(ends[0], piece.data(), piece.size())) > 0;)
        said.append(piece.data(), static_cast<std::size_t>(got));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) said += " [signal " + std::to_string(WTERMSIG(status)) + "]";
    return said;
}

}  // namespace swaplab::testing
