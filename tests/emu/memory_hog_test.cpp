#include "emu/memory_hog.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <string>

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
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("1125899906842624"), std::string::npos);
    }
}

}  // namespace
}  // namespace swaplab
