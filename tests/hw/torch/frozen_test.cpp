#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

#include "hw/torch/run/torch_executor.h"
#include "profiles/base/error.h"
#include "tests/hw/torch/packed.h"

namespace swaplab {
namespace {

using testing::Packed;

TEST(Frozen, TheModelHasNearlyTheOutputsOfThePack) {
    for (const std::string name : {"cnn", "transformer"}) {
        SCOPED_TRACE(name);
        const Packed packed(name);
        const FrozenRun run = run_frozen(*packed.pack, {}, 3);
        ASSERT_EQ(run.plain_digests.size(), 2U);
        for (std::size_t input = 0; input < 2; ++input)
            EXPECT_EQ(run.plain_digests[input], packed.pack->index().expected[input].digest);
        EXPECT_LT(run.largest_difference, 1e-4);
        EXPECT_GT(run.largest_output, 0.01);
        EXPECT_EQ(run.identical, run.largest_difference == 0);
        ASSERT_EQ(run.durations.size(), 3U);
        EXPECT_GT(std::ranges::min(run.durations), Duration::zero());
    }
}

TEST(Frozen, AParameterThatTheSkeletonLacksIsNamed) {
    const Packed packed("cnn");
    const Packed other("transformer");
    std::filesystem::copy_file(other.pack->skeleton_path(), packed.pack->skeleton_path(),
                               std::filesystem::copy_options::overwrite_existing);
    try {
        run_frozen(*packed.pack, {}, 1);
        ADD_FAILURE() << "ran with another model's skeleton";
    } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find("as in index.json, found none"), std::string::npos)
            << error.what();
    }
}

TEST(Packing, TellsHowFarItIs) {
    std::int64_t written = 0;
    std::int64_t layers = 0;
    const Packed packed(
        "cnn", {.progress = [&](const std::string& what, std::int64_t done, std::int64_t total) {
            EXPECT_LE(done, total) << what;
            if (what != "writing layer") return;
            EXPECT_EQ(done, ++written);
            layers = total;
        }});
    EXPECT_EQ(written, packed.model().layer_count());
    EXPECT_EQ(layers, packed.model().layer_count());
}

}  // namespace
}  // namespace swaplab
