// A pack that is being written when the program ends, by whatever signal: nothing is left of it, or
// the next `pack` says so.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/experiments/fixtures.h"

namespace swaplab::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSmall =
    R"({"schema": "swaplab/model/1", "name": "small", "layers": [{"name": "a", "parameter_bytes": 100}]})";

// `swaplab pack` of half a GiB in a process of its own, which says nothing here.
class Packing {
  public:
    explicit Packing(const TemporaryFolder& folder) {
        const std::string output = folder.file("pack");
        child_ = fork();
        if (child_ != 0) return;
        for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) close(descriptor);
        execl(SWAPLAB_EXECUTABLE, "swaplab", "pack", "vgg19", "--synthetic", "-q", "-o",
              output.c_str(), nullptr);
        _exit(127);
    }
    Packing(const Packing&) = delete;
    Packing& operator=(const Packing&) = delete;

    // True once some of the pack is on the disk.
    bool has_begun(const TemporaryFolder& folder) const {
        while (waitpid(child_, nullptr, WNOHANG) == 0) {
            for (const std::string& name : folder.names()) {
                std::error_code gone;
                if (fs::file_size(folder.file(name) + "/parameters.bin", gone) > 0 && !gone)
                    return true;
            }
            std::this_thread::yield();
        }
        return false;
    }
    // As a shell reports it.
    int end_with(int signal) const {
        kill(child_, signal);
        int status = 0;
        waitpid(child_, &status, 0);
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

  private:
    pid_t child_ = -1;
};

TEST(PackSignals, LeaveNothing) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGXCPU}) {
        SCOPED_TRACE(signal);
        const TemporaryFolder folder;
        const Packing packing(folder);
        ASSERT_TRUE(packing.has_begun(folder));
        EXPECT_GT(packing.end_with(signal), 128);
        EXPECT_EQ(folder.names(), std::vector<std::string>{});
    }
}

// A limit on files is an error of what is written, no signal.
TEST(PackSignals, ALimitOnFilesLeavesNothing) {
    const TemporaryFolder folder;
    const std::string line = "ulimit -f 2000; exec '" SWAPLAB_EXECUTABLE
                             "' pack vgg19 --synthetic -q -o '" +
                             folder.file("pack") + "' 2>'" + folder.file("said") + "'";
    const int status = std::system(line.c_str());
    EXPECT_EQ(WEXITSTATUS(status), 1);
    EXPECT_EQ(folder.names(), std::vector<std::string>{"said"});
    EXPECT_NE(read_file(folder.file("said")).find("File too large"), std::string::npos)
        << read_file(folder.file("said"));
}

TEST(PackSignals, WhatIsLeftByAKilledOneIsNamedAndCleaned) {
    const TemporaryFolder folder;
    const Packing packing(folder);
    ASSERT_TRUE(packing.has_begun(folder));
    EXPECT_EQ(packing.end_with(SIGKILL), 128 + SIGKILL);
    ASSERT_EQ(folder.names().size(), 1U);
    const std::string left = folder.file(folder.names().front());
    write_file(folder.file("small.json"), kSmall);
    const auto pack = [&](const std::string& name, std::vector<std::string> more) {
        more.insert(more.begin(),
                    {"pack", folder.file("small.json"), "--synthetic", "-o", folder.file(name)});
        const CliResult result = cli(more);
        EXPECT_EQ(result.code, 0) << result.err;
        return result.err;
    };
    const std::string named = pack("one", {});
    EXPECT_NE(named.find(left + " ("), std::string::npos) << named;
    EXPECT_NE(named.find("left behind by a run that was killed: --clean removes it"),
              std::string::npos)
        << named;
    EXPECT_TRUE(fs::exists(left));
    const std::string cleaned = pack("two", {"--clean"});
    EXPECT_NE(cleaned.find("removed " + left), std::string::npos) << cleaned;
    EXPECT_EQ(folder.names(), (std::vector<std::string>{"one", "small.json", "two"}));
    EXPECT_EQ(pack("three", {}).find("left behind"), std::string::npos);
}

TEST(PackSignals, OntoALinkOrAFileIsRefusedBeforeTheWork) {
    const TemporaryFolder folder;
    write_file(folder.file("small.json"), kSmall);
    write_file(folder.file("file"), "");
    fs::create_symlink(folder.file("nowhere"), folder.file("link"));
    for (const char* target : {"file", "link", "link/"}) {
        const CliResult result =
            cli({"pack", folder.file("small.json"), "--synthetic", "-o", folder.file(target)});
        EXPECT_EQ(result.code, 2) << target;
        EXPECT_NE(result.err.find("a pack is a new folder"), std::string::npos) << result.err;
    }
}

}  // namespace
}  // namespace swaplab::testing
