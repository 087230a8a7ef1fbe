// The CPU backend on real files and real memory, with an executor that only looks at its bytes.
#include "hw/cpu_backend.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "hw/host/frames.h"
#include "hw/storage/pack_writer.h"
#include "policies/registry.h"
#include "policies/run/runner.h"
#include "profiles/base/error.h"
#include "profiles/base/hash.h"
#include "profiles/base/text.h"
#include "tests/support/digesting_executor.h"
#include "tests/support/every_policy.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using testing::digest_of_file;
using testing::DigestingExecutor;
using testing::TemporaryFolder;

class CpuBackend : public ::testing::Test {
  protected:
    CpuBackend() {
        pack_ = testing::uneven_pack(folder_.file("pack"));
        platform_.name = "here";
        Node& node = platform_.nodes.emplace_back();
        node.memory.capacity = {1 << 30};
        node.memory.alignment = kPage;
        node.read.cost.per_byte = 1;
        node.execute.other.per_layer = 1000;
        workload_.jobs.push_back({pack_->model(), ArrivalMode::cold, 3, {}, {}});
    }

    DeviceFactory factory(const CpuOptions& options = {}) const {
        const PackPtr pack = pack_;
        return make_cpu_backend(
            {pack}, options,
            [pack](JobId, std::span<const UnitRange> blocks, ActivationMemory& activations) {
                return std::make_unique<DigestingExecutor>(*pack, blocks, activations);
            });
    }
    RunResult run_policy(const std::string& spec, std::optional<Bytes> budget,
                         const CpuOptions& options = {}) const {
        return run({platform_, workload_, budget, Account::all, factory(options)},
                   make_policy(spec));
    }
    Bytes minimum(const std::string& spec) const {
        return *minimum_budget({platform_, workload_, std::nullopt}, make_policy(spec));
    }

    TemporaryFolder folder_;
    PackPtr pack_;
    Platform platform_;
    Workload workload_;
};

TEST_F(CpuBackend, EveryPolicySeesTheBytesOfTheFile) {
    const std::string expected = digest_of_file(*pack_);
    for (const std::string& name : testing::every_policy()) {
        const bool needs_budget = make_policy(name).needs_budget;
        const Bytes least = needs_budget ? minimum(name) : Bytes{};
        for (const std::int64_t more :
             {std::int64_t{0}, std::int64_t{50'000}, std::int64_t{4} << 20}) {
            SCOPED_TRACE(text("{}, minimum {} + {}", name, least.count, more));
            const RunResult result =
                run_policy(name, needs_budget ? std::optional(least + Bytes{more}) : std::nullopt);
            ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
            ASSERT_TRUE(result.evidence);
            EXPECT_EQ(result.evidence->outputs,
                      std::vector<Digests>(1, std::vector<std::string>(3, expected)));
            if (needs_budget) {
                EXPECT_LE(result.evidence->committed_peak, least + Bytes{more});
            }
        }
    }
}

TEST_F(CpuBackend, StagedAndStandardPathsCopyTheBytes) {
    const std::string expected = digest_of_file(*pack_);
    for (const SwapPath path : {SwapPath::staged, SwapPath::standard}) {
        const Policy policy = make_policy("on-demand", path);
        const RunRequest request{platform_, workload_, std::nullopt, Account::all, factory()};
        RunRequest tight = request;
        tight.budget = minimum_budget(request, policy);
        const RunResult result = run(tight, policy);
        ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
        EXPECT_EQ(result.evidence->outputs[0], std::vector<std::string>(3, expected));
    }
}

TEST_F(CpuBackend, BytesReadAreThoseThatWereSwappedIn) {
    CpuOptions options;
    const RunResult result = run_policy("swapnet", minimum("swapnet"), options);
    if (result.evidence->conditions.at("storage").find("direct") == std::string::npos)
        GTEST_SKIP() << "no direct I/O here: " << result.evidence->conditions.at("storage");
    EXPECT_EQ(result.swapped_in, 3 * pack_->index().size());
    EXPECT_EQ(result.evidence->read_from_storage, result.swapped_in);
}

// Before the run; what is flipped later, with `verify`, and else by its outputs.
TEST_F(CpuBackend, AFlippedByteIsFound) {
    const std::string expected = digest_of_file(*pack_);
    const Bytes budget = minimum("on-demand");
    const Policy policy = make_policy("on-demand");
    CpuOptions checking;
    checking.verify = true;
    const DeviceFactory trusting = factory();
    const DeviceFactory verifying = factory(checking);
    {
        std::fstream file(pack_->parameters_path(),
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(pack_->extent({4, 5}).offset.count + 77);
        file.put('\x55');
    }
    const auto run_on = [&](const DeviceFactory& device) {
        return run({platform_, workload_, budget, Account::all, device}, policy);
    };
    EXPECT_NE(run_on(trusting).evidence->outputs[0][0], expected);
    for (const bool later : {true, false}) {
        try {
            run_on(later ? verifying : factory());
            FAIL() << "not found";
        } catch (const StorageError& error) {
            EXPECT_NE(std::string(error.what()).find("layer4"), std::string::npos) << error.what();
        }
    }
}

TEST_F(CpuBackend, AFileThatShrinksDuringTheRunIsAnError) {
    const DeviceFactory real = factory();
    const std::string path = pack_->parameters_path();
    const DeviceFactory shrinking = [&](const DeviceSetup& setup) {
        auto device = real(setup);
        std::filesystem::resize_file(path, 100 * 1024);
        return device;
    };
    try {
        run({platform_, workload_, minimum("on-demand"), Account::all, shrinking},
            make_policy("on-demand"));
        FAIL() << "no error";
    } catch (const StorageError& error) {
        EXPECT_NE(std::string(error.what()).find("parameters.bin"), std::string::npos)
            << error.what();
    }
}

TEST_F(CpuBackend, SizesThatDirectReadsCannotBringAreBadInput) {
    platform_.nodes[0].memory.alignment = {65536};
    try {
        run_policy("on-demand", Bytes{4 << 20});
        FAIL() << "no error";
    } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find("alignment"), std::string::npos) << error.what();
    }
}

// The whole run sees both budgets; every request has the outputs of the file.
TEST_F(CpuBackend, BudgetsThatChangeReachTheMemory) {
    // Planned as if execution took as long as reading: then more memory is worth more blocks.
    platform_.nodes[0].execute.other.per_layer = 200'000;
    const Bytes least = minimum("swapnet");
    const Bytes plenty = pack_->index().size() + Bytes{1 << 20};
    for (const auto& [before, after] : {std::pair{plenty, least}, std::pair{least, plenty}}) {
        SCOPED_TRACE(text("{} -> {}", before.count, after.count));
        workload_.jobs[{0}].requests = 200;
        workload_.budget_changes = {{kStart + std::chrono::milliseconds(1), after}};
        const RunResult result = run_policy("swapnet", before);
        ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
        EXPECT_EQ(result.evidence->outputs[0],
                  std::vector<std::string>(200, digest_of_file(*pack_)));
        // It ended in a row of the later budget; where the fall comes before anything executes, it
        // began in it, too.
        ASSERT_FALSE(result.jobs[0].adopted.empty());
        EXPECT_LE(result.jobs[0].adopted.back().need, after);
        EXPECT_EQ(result.jobs[0].adopted.back().need > least, after > least);
        EXPECT_LE(result.evidence->committed_peak, plenty);
    }
}

// Falls and rises within requests, with every way to hold blocks.
TEST_F(CpuBackend, BudgetsThatFallWithinRequestsChangeNoOutput) {
    platform_.nodes[0].execute.other.per_layer = 200'000;
    const Bytes plenty = 6 * pack_->index().size();
    workload_.jobs[{0}].requests = 60;
    for (const char* policy :
         {"swapnet", "on-demand:keep=auto", "demand-layering:pipeline=sync", "pipeload:agents=2",
          "lru", "load-all", "standard-swap"}) {
        SCOPED_TRACE(policy);
        const Bytes least = minimum(policy);
        workload_.budget_changes.clear();
        for (int i = 1; i <= 20; ++i)
            workload_.budget_changes.push_back(
                {kStart + std::chrono::microseconds(730 * i), i % 2 == 1 ? least : plenty});
        const RunResult result = run_policy(policy, plenty);
        ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
        EXPECT_EQ(result.evidence->outputs[0],
                  std::vector<std::string>(60, digest_of_file(*pack_)));
    }
}

// Resident memory, by the system's word: a run at its minimum takes little of 64 MiB, `direct` all.
TEST_F(CpuBackend, OnlyTheBudgetIsResident) {
    ModelSpec spec;
    spec.name = "large";
    for (std::uint32_t l = 0; l < 16; ++l) {
        Layer layer;
        layer.name = text("layer{}", l);
        layer.inputs = {l == 0 ? Source() : Source(LayerId{l - 1})};
        layer.parameter_bytes = {4 << 20};
        layer.parameter_tensors = 1;
        layer.output_bytes = {4096};
        spec.layers.push_back(layer);
    }
    write_synthetic_pack(Model(spec), folder_.file("large"), 1);
    pack_ = std::make_shared<const Pack>(folder_.file("large"));
    workload_.jobs[{0}].model = pack_->model();
    const auto growth = [&](const std::string& policy, std::optional<Bytes> budget) {
        return run_policy(policy, budget).evidence->resident_growth;
    };
    const Bytes least = minimum("on-demand");
    const std::optional<Bytes> swapped = growth("on-demand", least);
    const std::optional<Bytes> whole = growth("direct", std::nullopt);
    if (!swapped || !whole) GTEST_SKIP() << "the system does not tell VmHWM";
    if (SWAPLAB_SANITIZED == 0) {
        EXPECT_LT(*swapped, least + Bytes{16 << 20});
    }
    EXPECT_GT(*whole, Bytes{60 << 20});
}

}  // namespace
}  // namespace swaplab
