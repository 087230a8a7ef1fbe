// In real time, with real reads and memory under guard, what is taken back and submitted again is
// what the simulation takes back: a request that arrives in the middle of another comes first.
#include <gtest/gtest.h>

#include "emu/emu_backend.h"
#include "hw/storage/pack_writer.h"
#include "policies/registry.h"
#include "sim/sim_device.h"
#include "tests/support/random_model.h"
#include "tests/support/simulate.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {
namespace {

Platform board() {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = {std::int64_t{1} << 30};
    node.memory.unified = true;
    node.read.cost.per_byte = 1;
    node.read.cost.per_block = 1'000;
    node.read.concurrency = {1, 1.4};
    node.cost(Activity::copy).per_byte = 0.5;
    node.cost(Activity::assemble).per_tensor = 2'000;
    node.execute.other.per_layer = 20'000;
    node.cost(Activity::release).per_tensor = 500;
    node.contention[index_of(Activity::read)][index_of(Activity::execute)] = 1.2;
    node.contention[index_of(Activity::execute)][index_of(Activity::read)] = 1.1;
    return platform;
}

std::vector<std::string> policies() {
    std::vector<std::string> specs;
    for (const PolicyInfo& info : registry()) specs.emplace_back(info.name);
    for (const char* more : {"demand-layering:pipeline=sequential", "demand-layering:pipeline=sync",
                             "demand-layering:pipeline=async", "pipeload:agents=3"})
        specs.emplace_back(more);
    return specs;
}

// Models of up to 40 layers.
TEST(RevocationInRealTime, TakesBackWhatTheSimulationDoes) {
    const TemporaryFolder folder;
    std::size_t taken_back = 0;
    for (std::uint64_t seed = 1; seed <= (SWAPLAB_SANITIZED ? 1 : 3); ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        ModelShape shape;
        shape.least_layers = 4;
        shape.most_layers = 40;
        shape.scale = 1 << 14;
        std::vector<PackPtr> packs;
        Workload workload;
        for (std::uint64_t j = 0; j < 2; ++j) {
            const std::string path = folder.file(text("pack-{}-{}", seed, j));
            write_synthetic_pack(*random_model(seed * 2 + j, shape), path, 1);
            packs.push_back(std::make_shared<const Pack>(path));
            Job& job = workload.jobs.emplace_back();
            job.model = packs.back()->model();
            job.mode = ArrivalMode::listed;
            job.arrivals = {at_ns(j == 0 ? 0 : 150'000)};
            job.weight = static_cast<double>(j + 1);
        }
        const Platform platform = board();
        for (const std::string& spec : policies()) {
            SCOPED_TRACE(spec);
            const Policy policy = make_policy(spec);
            SpanRecorder simulated, emulated;
            RunRequest request{.platform = platform,
                               .workload = workload,
                               .budget = {},
                               .device = make_sim_device,
                               .observer = &simulated,
                               .dispatch = make_dispatch("priority"),
                               .with_reference = false};
            if (policy.needs_budget)
                request.budget = *minimum_budget(request, policy) + Bytes{100'000};
            const RunResult sim = run(request, policy);
            request.device = make_emu_backend(JobPacks(packs), {}, make_virtual_device);
            request.observer = &emulated;
            const RunResult emu = run(request, policy);
            EXPECT_EQ(emu.verdict, Verdict::ok) << emu.reason;
            EXPECT_EQ(emu.swapped_in, sim.swapped_in);
            EXPECT_EQ(emu.memory.peak, sim.memory.peak);
            EXPECT_EQ(emulated.taken_back(), simulated.taken_back());
            EXPECT_EQ(emulated.commands().size(), simulated.commands().size());
            taken_back += emulated.taken_back();
        }
    }
    EXPECT_GT(taken_back, 0U);
}

}  // namespace
}  // namespace swaplab::testing
