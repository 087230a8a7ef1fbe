#include "tests/experiments/output/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace swaplab::testing {

namespace {

bool redirect(const char* path, int descriptor) {
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    return file >= 0 && dup2(file, descriptor) == descriptor && close(file) == 0;
}

}  // namespace

pid_t start_swaplab(const std::vector<std::string>& arguments, const ProcessSetup& setup) {
    std::vector<char*> argv{const_cast<char*>("swaplab")};
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    if (chdir(setup.folder.c_str()) != 0 || !redirect("out", STDOUT_FILENO) ||
        !redirect("err", STDERR_FILENO))
        _exit(99);
    for (const std::string& variable : setup.environment)
        putenv(const_cast<char*>(variable.c_str()));
    setup.before();
    execv(SWAPLAB_EXECUTABLE, argv.data());
    _exit(99);
}

int wait_for(pid_t process) {
    int status = 0;
    if (waitpid(process, &status, 0) != process) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int run_swaplab(const std::vector<std::string>& arguments, const ProcessSetup& setup) {
    return wait_for(start_swaplab(arguments, setup));
}

}  // namespace swaplab::testing
