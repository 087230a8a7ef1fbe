#include "emu/pressure/memory_hog.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <string>

#include "profiles/base/error.h"

namespace swaplab {
namespace {

using namespace literals;

// The second number of /proc/PID/statm.
Bytes resident_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/statm");
    std::int64_t all = 0, resident = 0;
    file >> all >> resident;
    return {resident * sysconf(_SC_PAGESIZE)};
}

TEST(MemoryHog, HoldsItsBytesWhenItIsMadeAndEndsWithItsOwner) {
    pid_t process = 0;
    {
        const MemoryHog hog(96_MiB);
        process = hog.process();
        EXPECT_GE(resident_of(process), 96_MiB);
        EXPECT_EQ(kill(process, 0), 0);
    }
    EXPECT_EQ(kill(process, 0), -1);  // gone, and not a zombie
    EXPECT_EQ(errno, ESRCH);
}

TEST(MemoryHog, SaysWhichBytesItCannotGet) {
    try {
        const MemoryHog hog(Bytes{std::int64_t{1} << 50});
        FAIL() << "a pebibyte";
    } catch (const UnsupportedError& error) {
        EXPECT_NE(std::string(error.what()).find("1024.00 TiB"), std::string::npos) << error.what();
    }
}

TEST(MemoryHog, ThatWasKilledIsNotAlive) {
    const MemoryHog hog(Bytes{1 << 20});
    EXPECT_TRUE(hog.alive());
    kill(hog.process(), SIGKILL);
    siginfo_t state{};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(hog.process()), &state, WEXITED | WNOWAIT), 0);
    EXPECT_FALSE(hog.alive());
}

TEST(MemoryHog, StopsWaitingWhenItIsAsked) {
    const std::atomic<bool> stop{true};
    const MemoryHog hog(Bytes{64 << 20}, &stop);  // ends, whatever it has touched by then
}

}  // namespace
}  // namespace swaplab
