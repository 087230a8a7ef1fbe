// Shared parameters and gathered tables on the emulator: a run is that of the simulator, in the
// bytes that are read and held.
#include <gtest/gtest.h>

#include "emu/emu_backend.h"
#include "hw/storage/pack_writer.h"
#include "policies/registry.h"
#include "policies/run/runner.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"
#include "tests/support/every_policy.h"
#include "tests/support/sharing_model.h"
#include "tests/support/simulate.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {
namespace {

Platform board() {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = {1 << 30};
    node.memory.unified = true;
    node.memory.alignment = {4096};
    node.read.cost.per_byte = 1;
    node.read.cost.per_request = 1000;
    node.cost(Activity::assemble).per_tensor = 2'000;
    node.execute.other.per_layer = 20'000;
    node.cost(Activity::release).per_tensor = 500;
    return platform;
}

RunResult run_of(const PackPtr& pack, const std::string& spec, const DeviceFactory& device) {
    const Workload workload = workload_of({pack->model()}, {});
    const Policy policy = make_policy(spec);
    const Platform platform = board();
    RunRequest request{platform, workload, {}, Account::all, device};
    request.with_reference = false;
    if (policy.needs_budget) request.budget = *minimum_budget(request, policy) + Bytes{2 * 4096};
    return run(request, policy);
}

TEST(SharingOnTheEmulator, ReadsAndHoldsWhatTheSimulatorSays) {
    const TemporaryFolder folder;
    for (const std::uint64_t seed : {2U, 3U, 5U, 8U}) {
        const std::string path = folder.file(text("pack{}", seed));
        write_synthetic_pack(*sharing_model(seed, seed % 2 == 0 ? 3 : 0), path, 1);
        const auto pack = std::make_shared<const Pack>(path);
        for (const std::string& spec : testing::every_policy()) {
            SCOPED_TRACE(text("seed {}, {}", seed, spec));
            EmuOptions options;
            options.verify = true;
            const RunResult emulated =
                run_of(pack, spec, make_emu_backend({pack}, options, make_virtual_device));
            const RunResult simulated = run_of(pack, spec, make_sim_device);
            ASSERT_EQ(emulated.verdict, Verdict::ok) << emulated.reason;
            EXPECT_EQ(emulated.swapped_in, simulated.swapped_in);
            EXPECT_EQ(emulated.memory.peak, simulated.memory.peak);
            EXPECT_EQ(emulated.memory.peak_by_category, simulated.memory.peak_by_category);
            if (::testing::Test::HasFailure()) return;
        }
    }
}

}  // namespace
}  // namespace swaplab::testing
