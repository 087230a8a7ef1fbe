// The CUDA backend on the fake runtime: policies that execute the bytes of the file from memory of
// every kind.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "hw/cuda/checksum_executor.h"
#include "hw/host/frames.h"
#include "policies/registry.h"
#include "policies/run/runner.h"
#include "profiles/base/error.h"
#include "profiles/base/hash.h"
#include "profiles/base/text.h"
#include "tests/hw/cuda/on_fake.h"
#include "tests/support/digesting_executor.h"
#include "tests/support/every_policy.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {
namespace {

using K = MemoryKind;
using Words = std::vector<std::string>;

// What execution finds, straight from the file.
std::string expected_digest(const Pack& pack) {
    std::string digest;
    const std::vector<std::uint64_t> sums = *unit_sums(pack, {});
    for (std::uint32_t unit = 0; unit < sums.size(); ++unit)
        if (pack.extent({unit, unit + 1}).size.count > 0)
            digest = hex_digest(digest + text("{}", sums[unit]));
    return digest;
}

class CudaBackend : public ::testing::Test {
  protected:
    CudaBackend() {
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

    DeviceFactory factory(const Gpu& gpu, std::optional<K> kind, std::uint64_t seed = 0,
                          const CudaOptions& options = {}) const {
        return [this, gpu, kind, seed, options](const DeviceSetup& setup) {
            return std::make_unique<OnFake>(setup, kind, JobPacks{pack_}, gpu, seed, options);
        };
    }
    // Within the least budget, if it needs one; the staging is as the kind of memory says.
    RunResult run_policy(const Policy& policy, const DeviceFactory& device) const {
        RunRequest request{platform_, workload_, std::nullopt};
        if (policy.needs_budget) request.budget = minimum_budget(request, policy);
        request.device = device;
        return run(request, policy);
    }
    void expect_the_bytes(const RunResult& result) const {
        ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
        ASSERT_TRUE(result.evidence);
        EXPECT_EQ(result.evidence->outputs,
                  std::vector<Digests>(1, Words(3, expected_digest(*pack_))));
    }

    TemporaryFolder folder_;
    PackPtr pack_;
    Platform platform_;
    Workload workload_;
};

struct Way {
    K kind;
    Gpu gpu;
    Staging staging;
};

std::vector<Way> every_way() {
    return {{K::registered, orin_gpu(), Staging::none},
            {K::staged, discrete_gpu(), Staging::by_kind},
            {K::managed_attach, orin_gpu(), Staging::none},
            {K::managed_prefetch, discrete_gpu(), Staging::none}};
}

void expect_says(const std::exception& error, const std::string& part) {
    const std::string what = error.what();
    EXPECT_NE(what.find(part), std::string::npos) << what;
}

TEST_F(CudaBackend, EveryPolicyExecutesTheBytesOfTheFileFromEveryKind) {
    std::map<K, std::size_t> executed;
    for (const Way& way : every_way())
        for (const std::string& spec : every_policy()) {
            SCOPED_TRACE(text("{} in {}", spec, name_of(way.kind)));
            try {
                const Policy policy = make_policy(spec, {}, way.staging);
                expect_the_bytes(run_policy(policy, factory(way.gpu, way.kind, 1)));
                ++executed[way.kind];
            } catch (const UnsupportedError& refusal) {
                EXPECT_EQ(way.kind, K::managed_attach);
                expect_says(refusal, "takes no copies");
            } catch (const InputError& refusal) {
                EXPECT_EQ(way.kind, K::staged);
                expect_says(refusal, "memory=staged: ");
            }
        }
    // Some policies copy in any case, others never.
    const std::size_t all = every_policy().size();
    for (const auto& [kind, count] : executed) EXPECT_GE(count, all / 2) << name_of(kind);
    EXPECT_EQ(executed[K::registered], all);
    EXPECT_EQ(executed[K::managed_prefetch], all);
}

TEST_F(CudaBackend, TheStandardPathCopiesTwice) {
    for (const Way& way : every_way()) {
        if (way.kind == K::managed_attach) continue;
        SCOPED_TRACE(name_of(way.kind));
        expect_the_bytes(
            run_policy(make_policy("on-demand", SwapPath::standard), factory(way.gpu, way.kind)));
    }
}

TEST_F(CudaBackend, TheResultSaysWhichGpuWhichMemoryAndWhy) {
    const RunResult result = run_policy(make_policy("swapnet"), factory(orin_gpu(), {}));
    expect_the_bytes(result);
    const auto& conditions = result.evidence->conditions;
    EXPECT_EQ(conditions.at("gpu"),
              "orin (compute capability 8.7, integrated), driver 12.6, runtime 12.6");
    EXPECT_TRUE(conditions.at("memory").starts_with("managed-attach: the GPU is integrated"))
        << conditions.at("memory");
    EXPECT_EQ(conditions.at("execution"), "checksums, by kernels of our own");
}

// With FLOPs to take, too, and in whatever order.
TEST_F(CudaBackend, OutputsAreTheSameInEveryOrderThatCudaAllows) {
    for (const Way& way : every_way()) {
        SCOPED_TRACE(name_of(way.kind));
        CudaOptions options;
        options.spin = true;
        SWAPLAB_FOR_SEEDS(seed, 1, 8)
        expect_the_bytes(run_policy(make_policy("swapnet", {}, way.staging),
                                    factory(way.gpu, way.kind, seed, options)));
    }
}

TEST_F(CudaBackend, MemoryStaysWithinTheBudget) {
    for (const Way& way : every_way()) {
        SCOPED_TRACE(name_of(way.kind));
        const Policy policy = make_policy("swapnet", {}, way.staging);
        const Bytes budget = *minimum_budget({platform_, workload_, std::nullopt}, policy);
        const RunResult result = run_policy(policy, factory(way.gpu, way.kind));
        expect_the_bytes(result);
        EXPECT_LE(result.evidence->committed_peak, budget);
        EXPECT_GT(result.evidence->committed_peak, Bytes{0});
    }
}

// A byte is changed after the pack was verified: the GPU finds it.
TEST_F(CudaBackend, AFlippedByteIsFoundByTheKernel) {
    const auto device = factory(discrete_gpu(), K::staged);
    const DeviceFactory flipping = [&](const DeviceSetup& setup) {
        auto made = device(setup);
        std::fstream file(pack_->parameters_path(),
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(pack_->extent({4, 5}).offset.count + 8);
        file.put('!');
        return made;
    };
    try {
        run_policy(make_policy("on-demand", {}, Staging::by_kind), flipping);
        FAIL() << "no error";
    } catch (const std::runtime_error& error) {
        expect_says(error, "layer 'layer4' of the pack has checksum");
    }
}

TEST_F(CudaBackend, WithoutAGpuItIsOneSentence) {
    FakeCuda fake(discrete_gpu());
    fake.fail_all(kCudaInvalidValue);
    try {
        make_cuda_backend({pack_}, {}, fake.api());
        FAIL() << "no error";
    } catch (const UnsupportedError& error) {
        EXPECT_STREQ(error.what(),
                     "backend cuda takes an NVIDIA GPU with its driver, and CUDA finds "
                     "none here: invalid argument");
    }
}

}  // namespace
}  // namespace swaplab::testing
