// What the machine refuses is a typed error that says so, and no abort.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "hw/host/threads.h"
#include "hw/storage/file.h"
#include "hw/storage/reader.h"
#include "policies/registry.h"
#include "policies/run/runner.h"
#include "tests/hw/fake_machine.h"
#include "tests/hw/refusing_kernel.h"
#include "tests/hw/storage_samples.h"
#include "tests/support/chain.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using namespace swaplab::testing;

#ifdef SYS_io_uring_enter
// The ring is there and then takes nothing more: the requests fail, and so do those that follow.
TEST(Refusals, AnIoUringThatTakesNothing) {
    const TemporaryFolder folder;
    make_file(folder.file("f"), 64 * 4096, 1);
    const std::string said = said_in_a_child([&]() -> std::string {
        AlignedBuffer to(Bytes{64 * 4096});
        ReadOptions options{Bytes{4096}, 4, IoBackend::uring};
        std::unique_ptr<Reader> reader;
        try {
            reader = open_reader(folder.file("f"), options);
        } catch (const UnsupportedError&) {
            return "no io_uring here";
        }
        reader->read({}, to.size(), to.data());
        if (!refuse_calls({SYS_io_uring_enter}, EIO)) return kNoFilters;
        std::string all;
        for (int i = 0; i < 20; ++i)
            all = said_by<StorageError>([&] { reader->read({}, to.size(), to.data()); });
        return all;
    });
    if (said == kNoFilters || said == "no io_uring here") GTEST_SKIP() << said;
    EXPECT_EQ(said,
              folder.file("f") + ": at offset 0: cannot be read: Input/output error (errno 5)");
}
#endif

std::vector<long> calls_that_make_threads() {
#ifdef SYS_clone3
    return {SYS_clone, SYS_clone3};
#else
    return {SYS_clone};
#endif
}

TEST(Refusals, AThread) {
    const std::string said = said_in_a_child([]() -> std::string {
        if (!refuse_calls(calls_that_make_threads(), EAGAIN)) return kNoFilters;
        return said_by<UnsupportedError>([] { start_thread("the copy lane", [] {}).join(); });
    });
    if (said == kNoFilters) GTEST_SKIP() << said;
    EXPECT_EQ(said.find("this machine makes no thread for the copy lane: "), 0U) << said;
    EXPECT_NE(said.find("ulimit -u"), std::string::npos) << said;
}

TEST(Refusals, TheThreadsOfAReader) {
    const TemporaryFolder folder;
    make_file(folder.file("f"), 4096, 1);
    const std::string said = said_in_a_child([&]() -> std::string {
        if (!refuse_calls(calls_that_make_threads(), EAGAIN)) return kNoFilters;
        return said_by<UnsupportedError>([&] {
            open_reader(folder.file("f"), {Bytes{4096}, 4, IoBackend::pread});
        });
    });
    if (said == kNoFilters) GTEST_SKIP() << said;
    EXPECT_NE(said.find("makes no 4 threads that read"), std::string::npos) << said;
}

// Some lanes have their threads when the next gets none.
TEST(Refusals, TheLanesOfADevice) {
    const std::string said = said_in_a_child([]() -> std::string {
        int allowed = 0;
        class Refusing final : public FakeMachine {
          public:
            using FakeMachine::FakeMachine;
            void ready() override { refused = refuse_calls(calls_that_make_threads(), EAGAIN); }
            bool refused = false;
        };
        Platform platform;
        platform.nodes.emplace_back().memory.capacity = {1 << 20};
        Workload workload;
        Job& job = workload.jobs.emplace_back();
        job.model = chain("two", 2);
        job.requests = 1;
        const auto device = [&](const DeviceSetup& setup) {
            auto machine = std::make_unique<Refusing>(setup);
            Refusing* const kept = machine.get();
            auto made = make_real_device(setup, std::move(machine));
            allowed += kept->refused ? 0 : 1;
            return made;
        };
        const std::string error = said_by<UnsupportedError>([&] {
            run({platform, workload, Bytes{400}, Account::all, device}, make_policy("on-demand"));
        });
        return allowed > 0 ? kNoFilters : error;
    });
    if (said == kNoFilters) GTEST_SKIP() << said;
    EXPECT_EQ(said.find("this machine makes no thread for the "), 0U) << said;
}

TEST(Refusals, TakingAFileOutOfThePageCache) {
    const TemporaryFolder folder;
    write_file(folder.file("f"), "x");
    drop_cached(open_regular(folder.file("f")), "f");
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const FileHandle from(ends[0]), to(ends[1]);
    const std::string said = said_by<StorageError>([&] { drop_cached(from, "PIPE"); });
    EXPECT_EQ(said,
              "PIPE: cannot be taken out of the page cache: posix_fadvise: Illegal seek "
              "(errno 29)");
}

}  // namespace
}  // namespace swaplab
