// How a process ends: one code for each signal, nothing half-written, messages where they belong
// (FORMATS: Exit codes; FORMATS: Output files).
#include "tests/experiments/output/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <thread>

#include "profiles/document/document.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;

using testing::read_file;
using testing::run_swaplab;
using testing::start_swaplab;
using testing::TemporaryFolder;
using testing::wait_for;
using Arguments = std::vector<std::string>;

// Would take minutes, and streams its log meanwhile.
const Arguments kLong{"run",    "-m",         "resnet101", "-d",          "jetson-xavier-nx",
                      "-p",     "on-demand",  "-b",        "min",         "--mode",
                      "stream", "--requests", "20000",     "--decisions", "log.jsonl"};
// Takes a moment.
const Arguments kShort{"run",       "-m", "resnet101", "-d",          "jetson-xavier-nx", "-p",
                       "on-demand", "-b", "1TiB",      "--decisions", "log.jsonl"};

bool is_being_written(const TemporaryFolder& folder) {
    std::error_code ignored;
    return std::ranges::any_of(folder.names(), [&](const std::string& name) {
        return name.starts_with("log.jsonl.") &&
               fs::file_size(folder.file(name), ignored) > (1 << 16);
    });
}

// Sends the signal while the log is being written; the exit code.
int ended_by(int signal, const TemporaryFolder& folder) {
    const pid_t child = start_swaplab(kLong, {folder.path().string()});
    int status = 0;
    while (!is_being_written(folder)) {
        if (waitpid(child, &status, WNOHANG) != 0) return -1;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));  // between two looks
    }
    kill(child, signal);
    return wait_for(child);
}

TEST(Signals, EachHasItsExitCodeAndLeavesNothing) {
    for (const int signal : {SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGXCPU, SIGXFSZ}) {
        const TemporaryFolder folder;
        EXPECT_EQ(ended_by(signal, folder), 128 + signal);
        EXPECT_EQ(folder.names(), (std::vector<std::string>{"err", "out"})) << signal;
    }
}

TEST(Signals, WhatKillLeavesIsNamedByTheNextRun) {
    const TemporaryFolder folder;
    EXPECT_EQ(ended_by(SIGKILL, folder), 1000 + SIGKILL);
    EXPECT_EQ(folder.names().size(), 3U);
    EXPECT_EQ(run_swaplab(kShort, {folder.path().string()}), 0);
    EXPECT_NE(read_file(folder.file("err")).find("left by a run that was killed"),
              std::string::npos);
    Arguments clean = kShort;
    clean.emplace_back("--clean");
    EXPECT_EQ(run_swaplab(clean, {folder.path().string()}), 0);
    EXPECT_EQ(folder.names(), (std::vector<std::string>{"err", "log.jsonl", "out"}));
}

TEST(Signals, FilesThatMayNotGrowAreAnErrorOfTheFile) {
    const TemporaryFolder folder;
    const auto limit = [] {
        const rlimit small{1 << 16, 1 << 16};
        setrlimit(RLIMIT_FSIZE, &small);
    };
    Arguments arguments = kShort;
    arguments.insert(arguments.end(), {"--requests", "20"});
    EXPECT_EQ(run_swaplab(arguments, {folder.path().string(), {}, limit}), 1);
    EXPECT_NE(read_file(folder.file("err")).find("cannot write 'log.jsonl': File too large"),
              std::string::npos)
        << read_file(folder.file("err"));
    EXPECT_EQ(folder.names(), (std::vector<std::string>{"err", "out"}));
}

TEST(Signals, HangUpsStayIgnored) {
    const TemporaryFolder folder;
    const auto ignore = [] { std::signal(SIGHUP, SIG_IGN); };
    const pid_t child = start_swaplab(kLong, {folder.path().string(), {}, ignore});
    while (!is_being_written(folder))
        std::this_thread::sleep_for(std::chrono::milliseconds(5));  // between two looks
    kill(child, SIGHUP);
    kill(child, SIGTERM);
    EXPECT_EQ(wait_for(child), 143);
}

// What is said must not land in the first file that is opened.
TEST(Descriptors, ClosedOnesAreNobodyElses) {
    for (const int closed : {STDIN_FILENO, STDERR_FILENO}) {
        const TemporaryFolder folder;
        EXPECT_EQ(run_swaplab(kShort, {folder.path().string(), {}, [closed] { close(closed); }}),
                  0);
        std::istringstream lines(read_file(folder.file("log.jsonl")));
        for (std::string line; std::getline(lines, line);) EXPECT_NO_THROW(parse_json(line, "log"));
        EXPECT_GT(read_file(folder.file("out")).size(), 100U);
    }
    const TemporaryFolder folder;
    EXPECT_EQ(run_swaplab(kShort, {folder.path().string(), {}, [] { close(STDOUT_FILENO); }}), 1);
    EXPECT_NE(read_file(folder.file("err")).find("cannot write to standard output"),
              std::string::npos);
}

TEST(Descriptors, AReaderThatGoesAwayChangesNothing) {
    const TemporaryFolder folder;
    const auto unread = [] {
        int ends[2] = {-1, -1};
        if (pipe(ends) != 0) _exit(99);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
    };
    EXPECT_EQ(run_swaplab({"list", "-q"}, {folder.path().string(), {}, unread}), 0);
    EXPECT_EQ(read_file(folder.file("err")), "");
}

TEST(Descriptors, ADashIsStandardOutputAlone) {
    const TemporaryFolder folder;
    EXPECT_EQ(run_swaplab({"compare", "-m", "resnet101", "-d", "jetson-xavier-nx", "-p",
                           "on-demand", "-b", "0.5x", "--csv", "-", "-q"},
                          {folder.path().string()}),
              0);
    const std::string out = read_file(folder.file("out"));
    EXPECT_TRUE(out.starts_with("models,device,")) << out.substr(0, 100);
    EXPECT_EQ(std::ranges::count(out, '\n'), 2);
}

TEST(Memory, TooLittleIsSaidInASentence) {
#if SWAPLAB_SANITIZED
    GTEST_SKIP() << "sanitizers need address space of their own";
#endif
    const TemporaryFolder folder;
    std::string arrivals = "model,arrival_ns\n";
    for (int i = 0; i < 1'000'000; ++i) arrivals += "resnet101,0\n";
    testing::write_file(folder.file("arrivals.csv"), arrivals);
    const auto limit = [] {
        const rlimit small{100L << 20, 100L << 20};
        setrlimit(RLIMIT_AS, &small);
    };
    const Arguments arguments{"run", "-m",     "resnet101",  "-d",          "jetson-xavier-nx",
                              "-p",  "direct", "--arrivals", "arrivals.csv"};
    EXPECT_EQ(run_swaplab(arguments, {folder.path().string(), {}, limit}), 77);
    EXPECT_NE(read_file(folder.file("err")).find("swaplab: out of memory"), std::string::npos)
        << read_file(folder.file("err"));
}

TEST(Environment, WhatItSaidStandsInTheCommand) {
    const TemporaryFolder folder;
    const Arguments run{"run", "-m", "resnet101", "-d", "jetson-xavier-nx", "-b", "0.5x", "--json"};
    EXPECT_EQ(run_swaplab(run, {folder.path().string(), {"SWAPLAB_POLICY=swapnet:delta=0"}}), 0)
        << read_file(folder.file("err"));
    const Document document = parse_json(read_file(folder.file("out")), "out");
    Fields result(Field::root(document));
    Fields certificate(result.required("certificate"));
    EXPECT_EQ(certificate.required("command").as_string(),
              "SWAPLAB_POLICY=swapnet:delta=0 swaplab run -m resnet101 -d jetson-xavier-nx -b "
              "0.5x --json");
}

TEST(Environment, UnknownVariablesAreErrors) {
    const TemporaryFolder folder;
    const auto code = [&](const std::string& variable) {
        return run_swaplab({"list"}, {folder.path().string(), {variable}});
    };
    EXPECT_EQ(code("SWAPLAB_BUDGT=1MiB"), 2);
    EXPECT_NE(read_file(folder.file("err")).find("did you mean 'SWAPLAB_BUDGET'"),
              std::string::npos)
        << read_file(folder.file("err"));
    EXPECT_EQ(code("SWAPLAB_BUDGET=1MiB"), 0);  // another command's
    EXPECT_EQ(code("SWAPLAB_TEST_SEED=1"), 0);
    EXPECT_EQ(code("SWAPLAB_HELP=1"), 2);
}

}  // namespace
}  // namespace swaplab
