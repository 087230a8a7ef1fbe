// usage: swaplab_mutants [--seed S] [--count N] [--first N] [--only FORMAT] [--workers N]
//                        [--seconds N] [--failures DIR]
// Makes N mutants of all formats and runs a command on each. Prints the seed, each mutant that
// failed with the folder where it lies, and a table of counts. Exits 1 if any failed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>

#include "tests/faults/mutants/worker.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace swaplab::faults;

std::uint64_t whole(const char* text) { return std::strtoull(text, nullptr, 10); }

bool take(Task& task, const std::string& flag, const char* value) {
    if (flag == "--seed")
        task.seed = whole(value);
    else if (flag == "--count")
        task.count = whole(value);
    else if (flag == "--first")
        task.first = whole(value);
    else if (flag == "--only")
        task.only = value;
    else if (flag == "--workers")
        task.workers = static_cast<int>(whole(value));
    else if (flag == "--seconds")
        task.seconds = static_cast<unsigned>(whole(value));
    else if (flag == "--failures")
        task.failures = value;
    else
        return false;
    return true;
}

// Nothing of the user's may change what mutants do, nor may they leave something in his folders.
void leave_the_user_alone(const std::string& folder) {
    setenv("HOME", folder.c_str(), 1);
    setenv("XDG_CACHE_HOME", folder.c_str(), 1);
    setenv("TMPDIR", folder.c_str(), 1);
}

}  // namespace

int main(int argc, char** argv) try {
    Task task{.seed = std::random_device{}(), .count = 1000, .only = {}, .failures = {}};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && take(task, argv[i], argv[i + 1])) continue;
        std::fprintf(stderr, "swaplab_mutants: '%s' is no flag, or lacks its value\n", argv[i]);
        return 2;
    }
    const swaplab::testing::TemporaryFolder home;
    if (task.failures.empty()) task.failures = "swaplab-mutants";
    task.failures = std::filesystem::absolute(task.failures);
    leave_the_user_alone(home.path());
    std::printf("seed %llu\n", static_cast<unsigned long long>(task.seed));
    return run_mutants(make_seeds(home.path()), task) ? 0 : 1;
} catch (const std::exception& error) {
    std::fprintf(stderr, "swaplab_mutants: %s\n", error.what());
    return 2;
}
