// Packs that are made on demand, where they are kept, and what can go wrong.
#include "experiments/pack/pack_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "experiments/shell/interrupt.h"
#include "hw/storage/storage_error.h"
#include "profiles/base/error.h"
#include "tests/experiments/emulation_fixtures.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;
using testing::Quiet;
using testing::read_file;
using testing::small_model;
using testing::TemporaryFolder;
using testing::write_file;
using namespace swaplab::literals;

TEST(PackCache, MakesAPackOnceAndSaysSo) {
    const TemporaryFolder folder;
    const std::string cache = folder.file("a/b");
    Quiet first;
    const auto pack = cached_pack(small_model(), cache, first.console, nullptr);
    ASSERT_EQ(pack->index().layers.size(), 6U);
    for (std::uint32_t i = 0; i < 6; ++i) {
        EXPECT_EQ(pack->index().layers[i].name, small_model().layer({i}).name);
        EXPECT_EQ(pack->index().layers[i].size, align_up(Bytes{(1 << 20) + 100 * i}, Bytes{4096}));
    }
    EXPECT_NE(first.err.str().find("made a pack of 6.02 MiB in " + cache + "/six_layers-"),
              std::string::npos)
        << first.err.str();
    const auto written = fs::last_write_time(pack->parameters_path());
    Quiet second;
    const auto again = cached_pack(small_model(), cache, second.console, nullptr);
    EXPECT_EQ(again->folder(), pack->folder());
    EXPECT_EQ(fs::last_write_time(again->parameters_path()), written);
    EXPECT_EQ(second.err.str(), "");
    // Nothing half-written lies about, and another model has another pack.
    EXPECT_EQ(std::distance(fs::directory_iterator(cache), {}), 1);
    ModelSpec other = small_model().spec();
    other.layers[0].macs += 1;
    EXPECT_NE(cached_pack(Model(other), cache, second.console, nullptr)->folder(), pack->folder());
}

TEST(PackCache, StoredBytesAreWhatIsPacked) {
    const TemporaryFolder folder;
    ModelSpec spec = small_model().spec();
    spec.layers[2].stored_bytes = Bytes{10'000};
    Quiet quiet;
    const auto pack = cached_pack(Model(spec), folder.file("cache"), quiet.console, nullptr);
    EXPECT_EQ(pack->index().layers[2].size, Bytes{12'288});
    verify(*pack);
}

TEST(PackCache, ADamagedPackIsNamed) {
    const TemporaryFolder folder;
    Quiet quiet;
    const auto pack = cached_pack(small_model(), folder.file("cache"), quiet.console, nullptr);
    fs::resize_file(pack->parameters_path(), 4096);
    try {
        cached_pack(small_model(), folder.file("cache"), quiet.console, nullptr);
        FAIL() << "no error";
    } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find("remove " + pack->folder()), std::string::npos)
            << error.what();
    }
}

TEST(PackCache, AnInterruptLeavesNothingBehind) {
    const TemporaryFolder folder;
    const std::atomic<bool> stop{true};
    Quiet quiet;
    EXPECT_THROW(cached_pack(small_model(), folder.file("cache"), quiet.console, &stop),
                 Interrupted);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.file("cache")), {}), 0);
}

// As much as 2^50 bytes no disk has: refused before anything is written.
TEST(PackCache, AFullDiskIsATypedError) {
    const TemporaryFolder folder;
    ModelSpec spec = small_model().spec();
    spec.layers[0].parameter_bytes = Bytes{std::int64_t{1} << 50};
    Quiet quiet;
    EXPECT_THROW(cached_pack(Model(spec), folder.file("cache"), quiet.console, nullptr),
                 StorageError);
}

TEST(PackCache, IsWhereTheEnvironmentSays) {
    EXPECT_EQ(pack_cache_folder("here"), "here");
    setenv("XDG_CACHE_HOME", "/somewhere", 1);
    EXPECT_EQ(pack_cache_folder(""), "/somewhere/swaplab/packs");
    unsetenv("XDG_CACHE_HOME");
    const std::string home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
    setenv("HOME", "/me", 1);
    EXPECT_EQ(pack_cache_folder(""), "/me/.cache/swaplab/packs");
    unsetenv("HOME");
    EXPECT_THROW(pack_cache_folder(""), InputError);
    if (!home.empty()) setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace swaplab
