#include "emu/pressure/cgroup_fence.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using namespace literals;

std::string found(const std::string& groups, const std::string& mounts) {
    std::istringstream group_lines(groups), mount_lines(mounts);
    std::string why;
    const auto group = memory_cgroup(group_lines, mount_lines, why);
    return group ? group->folder + " v" + std::to_string(group->version) : why;
}

TEST(MemoryCgroup, IsFoundWhereItIsMounted) {
    const std::string v1 =
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu rw shared:7 - cgroup cgroup rw,cpu\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    EXPECT_EQ(found("4:memory:/user/a:b\n0::/init\n", v1), "/sys/fs/cgroup/memory/user/a:b v1");
    EXPECT_EQ(found("0::/\n4:cpu,memory:/\n", v1), "/sys/fs/cgroup/memory v1");
    EXPECT_EQ(found("0::/a\n", v1), "/sys/fs/cgroup/unified/a v2");
    // A container that sees its own group as the root of the mount.
    const std::string inside =
        "9 8 0:2 /docker/ab /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n";
    EXPECT_EQ(found("0::/docker/ab/x\n", inside), "/sys/fs/cgroup/x v2");
    EXPECT_EQ(found("0::/docker/ab\n", inside), "/sys/fs/cgroup v2");
    EXPECT_EQ(found("0::/docker/abc\n", inside),
              "the cgroup hierarchy of /docker/abc is not mounted");
    EXPECT_EQ(found("", v1), "this process is in no cgroup");
}

// In a child process, which the fence may kill. What it wrote is what it got to.
struct Outcome {
    std::string report;
    int status = 0;
};
template <class Work>
Outcome in_a_child(Work work) {
    std::array<int, 2> ends{};
    Outcome outcome;
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return outcome;
    const pid_t child = fork();
    if (child == 0) {
        work([&](const std::string& word) {
            [[maybe_unused]] const ssize_t n = write(ends[1], word.data(), word.size());
        });
        _exit(0);
    }
    close(ends[1]);
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = read(ends[0], buffer.data(), buffer.size())) > 0;)
        outcome.report.append(buffer.data(), static_cast<std::size_t>(n));
    close(ends[0]);
    waitpid(child, &outcome.status, 0);
    return outcome;
}

void use(Bytes bytes) {
    const auto size = static_cast<std::size_t>(bytes.count);
    auto* const at = static_cast<volatile char*>(mmap(
        nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    for (std::size_t i = 0; i < size; i += 4096) at[i] = 1;
}

// Until it is not there any more; who removes it is told by nobody that it should hurry.
bool goes_away(const std::string& folder) {
    const auto begin = std::chrono::steady_clock::now();
    while (access(folder.c_str(), F_OK) == 0) {
        if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(20)) return false;
        std::this_thread::yield();
    }
    return true;
}

// A folder stands for the group, since any machine lets us make one.
TEST(CgroupWarden, RemovesTheGroupOfAKilledProcess) {
    const testing::TemporaryFolder home;
    for (const int signal : {SIGKILL, SIGHUP, SIGTERM}) {
        const std::string folder = home.file("group");
        ASSERT_EQ(mkdir(folder.c_str(), 0755), 0);
        const Outcome outcome = in_a_child([&](auto&& say) {
            std::signal(signal, SIG_DFL);
            const CgroupWarden warden({home.path().string(), folder});
            say(warden.process() > 0 ? "made" : "not made");
            kill(getpid(), signal);
            pause();
        });
        EXPECT_EQ(outcome.report, "made");
        EXPECT_TRUE(WIFSIGNALED(outcome.status)) << outcome.status;
        EXPECT_TRUE(goes_away(folder)) << signal;
    }
}

TEST(CgroupWarden, EndsWithItsOwner) {
    const testing::TemporaryFolder home;
    const std::string folder = home.file("group");
    ASSERT_EQ(mkdir(folder.c_str(), 0755), 0);
    pid_t child = 0;
    {
        const CgroupWarden warden({home.path().string(), folder});
        child = warden.process();
        EXPECT_EQ(kill(child, 0), 0);
    }
    EXPECT_NE(kill(child, 0), 0);
    EXPECT_NE(access(folder.c_str(), F_OK), 0);
}

TEST(CgroupFence, KnowsTheGroupsOfProcessesThatAreGone) {
    const std::string self = "swaplab-" + std::to_string(getpid());
    const std::string start = start_of_process(getpid());
    EXPECT_GT(start.size(), 0U);
    EXPECT_FALSE(is_left_behind(self + "-" + start));
    EXPECT_TRUE(is_left_behind(self + "-" + start + "0"));  // another process had the number
    EXPECT_FALSE(is_left_behind(self));                     // of a version that wrote no start
    const Outcome gone = in_a_child([](auto&& say) { say(std::to_string(getpid())); });
    EXPECT_TRUE(is_left_behind("swaplab-" + gone.report + "-" + start));
    EXPECT_TRUE(is_left_behind("swaplab-" + gone.report));
    for (const char* other : {"swaplab-", "swaplab-x", "user.slice", "swaplab"})
        EXPECT_FALSE(is_left_behind(other)) << other;
}

// It moves a process between the machine's cgroups, which a test should not do unasked.
class Fence : public ::testing::Test {
  protected:
    void SetUp() override {
        if (std::getenv("SWAPLAB_TEST_CGROUP") == nullptr)
            GTEST_SKIP() << "set SWAPLAB_TEST_CGROUP=1 to let tests make cgroups";
        std::string why;
        const Outcome outcome = in_a_child([&](auto&& say) {
            const auto fence = make_cgroup_fence(256_MiB, why);
            say(fence ? fence->folder() : "no: " + why);
        });
        if (outcome.report.starts_with("no: ")) GTEST_SKIP() << outcome.report.substr(4);
        EXPECT_EQ(outcome.status, 0);
        EXPECT_NE(access(outcome.report.c_str(), F_OK), 0) << outcome.report << " is left behind";
    }
};

TEST_F(Fence, StopsWhatGoesBeyondIt) {
    const Outcome outcome = in_a_child([](auto&& say) {
        std::string why;
        const auto fence = make_cgroup_fence(64_MiB, why);
        say(fence->folder());
        use(40_MiB);
        say("\nwithin");
        use(64_MiB);
        say("\nbeyond");
    });
    const std::string folder = outcome.report.substr(0, outcome.report.find('\n'));
    EXPECT_TRUE(goes_away(folder));
    EXPECT_EQ(outcome.report, folder + "\nwithin");
    EXPECT_TRUE(WIFSIGNALED(outcome.status) && WTERMSIG(outcome.status) == SIGKILL)
        << outcome.status;
}

TEST_F(Fence, IsGoneWhenTheProcessHasBeenKilled) {
    for (const int signal : {SIGKILL, SIGHUP}) {
        const Outcome outcome = in_a_child([&](auto&& say) {
            std::signal(signal, SIG_DFL);
            std::string why;
            const auto fence = make_cgroup_fence(64_MiB, why);
            say(fence->folder());
            kill(getpid(), signal);
            pause();
        });
        EXPECT_TRUE(WIFSIGNALED(outcome.status)) << outcome.status;
        EXPECT_TRUE(goes_away(outcome.report)) << outcome.report << " is left behind";
    }
}

TEST_F(Fence, KnowsItsPeakAndGoesBackWhenItEnds) {
    const Outcome outcome = in_a_child([](auto&& say) {
        const auto groups = [] {
            std::ifstream file("/proc/self/cgroup");
            return std::string(std::istreambuf_iterator<char>(file), {});
        };
        const std::string before = groups();
        std::string why;
        {
            const auto fence = make_cgroup_fence(64_MiB, why);
            use(32_MiB);
            const auto peak = fence->peak();
            if (peak && (*peak < 32_MiB || *peak > 64_MiB))
                say("peak " + std::to_string(peak->count) + "\n");
            if (groups() == before) say("not moved\n");
        }
        if (groups() != before) say("not back: " + groups());
        const auto again = make_cgroup_fence(64_MiB, why);
        if (!again) say("not again: " + why);
    });
    EXPECT_EQ(outcome.report, "");
    EXPECT_EQ(outcome.status, 0);
}

}  // namespace
}  // namespace swaplab
