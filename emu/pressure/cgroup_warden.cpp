#include "emu/pressure/cgroup_warden.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace swaplab {

namespace {

void write_word(const std::string& path, const std::string& word) {
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    [[maybe_unused]] const ssize_t written = write(file, word.data(), word.size());
    close(file);
}

// Nothing of the parent's stays open here: who reads its output need not wait for us.
void close_all_but(int kept) {
    if (kept != 0) dup2(kept, 0);
    // close_range(2), Linux 5.9; before that the descriptors that a program usually has.
    if (syscall(SYS_close_range, 1U, ~0U, 0U) == 0) return;
    for (int each = 1; each < 1024; ++each) close(each);
}

[[noreturn]] void watch(const CgroupPlace& place) {
    prctl(PR_SET_NAME, "swaplab-warden");
    bool controller = false;
    char byte = 0;
    ssize_t got = 0;
    while ((got = read(0, &byte, 1)) != 0)
        if (got == 1)
            controller = true;
        else if (errno != EINTR)
            break;
    // The kernel takes a moment to be done with a process that it killed.
    constexpr int tries = 500;
    constexpr timespec pause{0, 10'000'000};
    for (int i = 0; i < tries && !remove_cgroup(place, controller); ++i) nanosleep(&pause, nullptr);
    _exit(0);
}

}  // namespace

bool remove_cgroup(const CgroupPlace& place, bool controller) {
    if (access(place.folder.c_str(), F_OK) != 0) return true;
    if (controller) write_word(place.home + "/cgroup.subtree_control", "-memory");
    std::ifstream inside(place.folder + "/cgroup.procs");
    const std::vector<std::string> processes{std::istream_iterator<std::string>(inside), {}};
    for (const std::string& process : processes) write_word(place.home + "/cgroup.procs", process);
    return rmdir(place.folder.c_str()) == 0;
}

CgroupWarden::CgroupWarden(const CgroupPlace& place) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
    parent_end_ = ends[0];
    child_ = fork();
    if (child_ == 0) {
        setsid();
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGXCPU})
            ::signal(signal, SIG_IGN);
        close_all_but(ends[1]);
        watch(place);
    }
    close(ends[1]);
}

CgroupWarden::~CgroupWarden() {
    if (parent_end_ >= 0) close(parent_end_);
    while (child_ > 0 && waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void CgroupWarden::note_controller() {
    if (parent_end_ >= 0) send(parent_end_, "c", 1, MSG_NOSIGNAL);
}

// The name in brackets may have spaces and brackets itself.
std::string start_of_process(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    const std::size_t end = all.rfind(')');
    if (end == std::string::npos) return "";
    std::istringstream rest(all.substr(end + 1));
    const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
    constexpr std::size_t start = 19;  // field 22, where the state behind the bracket is field 3
    return fields.size() > start ? fields[start] : "";
}

}  // namespace swaplab
