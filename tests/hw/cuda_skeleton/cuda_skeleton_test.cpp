// A machine with a GPU takes few files: the skeleton runs policies on the staged path, on a fake
// runtime whose copies happen only when they are waited for.
#include <gtest/gtest.h>

#include "policies/registry.h"
#include "policies/run/runner.h"
#include "tests/hw/cuda_skeleton/cuda_machine.h"
#include "tests/support/digesting_executor.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {
namespace {

class CudaSkeleton : public ::testing::Test {
  protected:
    CudaSkeleton() {
        pack_ = uneven_pack(folder_.file("pack"));
        platform_.name = "gpu";
        Node& node = platform_.nodes.emplace_back();
        node.compute = ComputeKind::gpu;
        node.memory.capacity = {1 << 30};
        node.memory.alignment = kPage;
        node.read.cost.per_byte = 1;
        node.execute.other.per_layer = 1000;
        workload_.jobs.push_back({pack_->model(), ArrivalMode::cold, 3, {}, {}});
    }

    DeviceFactory factory() {
        return [this](const DeviceSetup& setup) {
            const PackPtr pack = pack_;
            return make_real_device(setup, std::make_unique<CudaMachine>(
                                               setup, cuda_, JobPacks{pack},
                                               [pack](JobId, std::span<const UnitRange> blocks,
                                                      ActivationMemory& activations) {
                                                   return std::make_unique<DigestingExecutor>(
                                                       *pack, blocks, activations);
                                               }));
        };
    }
    RunResult run_policy(const std::string& spec) {
        const Policy policy = make_policy(spec, {}, Staging::by_kind);
        RunRequest request{platform_, workload_, std::nullopt};
        request.budget = minimum_budget(request, policy);
        request.device = factory();
        return run(request, policy);
    }

    TemporaryFolder folder_;
    FakeCuda cuda_;
    PackPtr pack_;
    Platform platform_;
    Workload workload_;
};

TEST_F(CudaSkeleton, PoliciesExecuteTheBytesOfTheFileFromMemoryOfTheDevice) {
    const std::string expected = digest_of_file(*pack_);
    for (const char* spec : {"direct", "on-demand", "demand-layering:pipeline=async",
                             "demand-layering:pipeline=sync", "pipeswitch", "swapnet"}) {
        SCOPED_TRACE(spec);
        const RunResult result = run_policy(spec);
        ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
        ASSERT_TRUE(result.evidence);
        EXPECT_EQ(result.evidence->outputs,
                  std::vector<Digests>(1, std::vector<std::string>(3, expected)));
    }
    EXPECT_GT(cuda_.copies(), 0U);
}

}  // namespace
}  // namespace swaplab::testing
