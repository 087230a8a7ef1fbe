// Start-up: a process from its start to its end, for the version only and for a whole small run
// (target: at most 10 ms to the first event).
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <string>
#include <vector>

extern char** environ;

namespace swaplab {
namespace {

// Runs the executable with its output thrown away; its exit code, or -1 if it did not start.
int run_swaplab(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), SWAPLAB_EXECUTABLE);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int failed = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    if (failed != 0 || waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void start_up(benchmark::State& state, const std::vector<std::string>& arguments) {
    for (auto _ : state)
        if (run_swaplab(arguments) != 0) {
            state.SkipWithError("swaplab did not end with exit code 0");
            break;
        }
}

BENCHMARK_CAPTURE(start_up, version, {"--version"})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(start_up, run,
                  {"run", "-m", "yolov4", "-d", "jetson-xavier-nx", "-p", "demand-layering", "-b",
                   "0.8x", "--json"})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace swaplab
