// The law of units: a model whose layers are divided runs to the nanosecond and to the byte like
// the model in which every part is a layer of its own, under every policy.
#include <gtest/gtest.h>

#include "policies/registry.h"
#include "profiles/base/text.h"
#include "profiles/device/builtin_devices.h"
#include "tests/support/divided_model.h"
#include "tests/support/every_policy.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::divided_model;
using testing::DividedModel;
using testing::minimum_of;
using testing::Options;
using testing::simulate;
using testing::Simulation;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 2 : 6;
constexpr std::uint32_t kLayers = 10;

std::vector<std::string> all_policies() {
    std::vector<std::string> specs = testing::every_policy();
    specs.emplace_back("swapnet:blocks=3");
    specs.emplace_back("pipeswitch:group=3");
    return specs;
}

std::vector<std::string> names_of_blocks(const RunResult& result, const Model& model) {
    std::vector<std::string> names;
    for (const BlockFacts& block : result.jobs[0].blocks)
        names.push_back(model.name_of(block.units));
    return names;
}

void expect_alike(const Simulation& a, const Simulation& b) {
    ASSERT_EQ(a.result.verdict, Verdict::ok) << a.result.reason;
    EXPECT_EQ(a.result.jobs[0].latencies, b.result.jobs[0].latencies);
    EXPECT_EQ(a.result.makespan, b.result.makespan);
    EXPECT_EQ(a.result.compute_busy, b.result.compute_busy);
    EXPECT_EQ(a.result.stalls[StallReason::read], b.result.stalls[StallReason::read]);
    EXPECT_EQ(a.result.stalls[StallReason::memory], b.result.stalls[StallReason::memory]);
    EXPECT_EQ(a.result.stalls[StallReason::other], b.result.stalls[StallReason::other]);
    EXPECT_EQ(a.result.swapped_in, b.result.swapped_in);
    EXPECT_EQ(a.result.memory.peak, b.result.memory.peak);
    EXPECT_EQ(a.result.memory.peak_by_category, b.result.memory.peak_by_category);
    EXPECT_EQ(a.result.memory.largest_hole, b.result.memory.largest_hole);
    EXPECT_EQ(a.result.memory.arena_bytes, b.result.memory.arena_bytes);
    EXPECT_EQ(a.result.closed_form, b.result.closed_form);
    EXPECT_EQ(a.result.lower_bound, b.result.lower_bound);
    EXPECT_EQ(a.result.full_memory_latency, b.result.full_memory_latency);
    EXPECT_EQ(a.record.log(), b.record.log());
}

void expect_law(const DividedModel& models, const Platform& platform, const std::string& spec) {
    SCOPED_TRACE(text("{} on {}, {}", models.divided->name(), platform.name, spec));
    Options options;
    const auto least = minimum_of(platform, models.divided, spec);
    ASSERT_EQ(least, minimum_of(platform, models.written_out, spec));
    const std::int64_t floor = least ? std::max<std::int64_t>(1, least->count) : 1;
    for (const std::int64_t tenths : {0, 3, 6, 11}) {
        const std::int64_t share = models.divided->parameter_bytes().count / 10 * tenths;
        options.budget = Bytes{std::max(floor, share)};
        options.mode = tenths == 3 ? ArrivalMode::stream : ArrivalMode::cold;
        options.requests = 2;
        const Simulation divided = simulate(platform, models.divided, spec, options);
        const Simulation written_out = simulate(platform, models.written_out, spec, options);
        expect_alike(divided, written_out);
        EXPECT_EQ(names_of_blocks(divided.result, *models.divided),
                  names_of_blocks(written_out.result, *models.written_out));
        if (::testing::Test::HasFailure() || !least) return;
    }
}

TEST(Units, PartsRunLikeLayersOnBuiltInDevices) {
    for (const char* device : {"jetson-xavier-nx", "cpu-server", "raspberry-pi-5"})
        for (const std::string& spec : all_policies()) {
            expect_law(divided_model(1, kLayers, 1 << 22), *builtin_device(device), spec);
            if (HasFailure()) return;
        }
}

TEST(Units, PartsRunLikeLayersOnRandomDevices) {
    for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) {
        testing::PlatformShape shape;
        shape.fractional = seed % 2 == 0;
        shape.contention = seed % 3 == 0;
        shape.concurrency = shape.after_idle = seed % 2 == 1;
        shape.most_alignment = seed % 2 == 0 ? 4096 : 1;
        shape.most_assemble_lanes = 2;
        const Platform platform = random_platform(seed, shape);
        const DividedModel models = divided_model(seed, kLayers, 1 << 20, seed % 3 == 1 ? 3 : 0);
        for (const std::string& spec : all_policies()) {
            expect_law(models, platform, spec);
            if (HasFailure()) return;
        }
    }
}

TEST(Units, ARefusalNamesTheParts) {
    const DividedModel models = divided_model(3, kLayers, 1 << 20);
    const Platform platform = *builtin_device("jetson-xavier-nx");
    Options options;
    options.budget = Bytes{1};
    for (const std::string& spec : all_policies()) {
        SCOPED_TRACE(spec);
        if (!minimum_of(platform, models.divided, spec)) continue;
        const RunResult divided = simulate(platform, models.divided, spec, options).result;
        const RunResult written_out = simulate(platform, models.written_out, spec, options).result;
        EXPECT_EQ(divided.verdict, Verdict::infeasible);
        EXPECT_EQ(divided.minimum_budget, written_out.minimum_budget);
        EXPECT_EQ(divided.reason, written_out.reason);
        EXPECT_EQ(divided.layers, written_out.layers);
    }
}

}  // namespace
}  // namespace swaplab::laws
