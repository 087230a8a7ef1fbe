// The device in real time, over a machine that only takes time.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "hw/cpu_backend.h"
#include "hw/storage/pack_writer.h"
#include "policies/port/executor.h"
#include "policies/registry.h"
#include "policies/run/runner.h"
#include "tests/hw/cuda/on_fake.h"
#include "tests/hw/fake_machine.h"
#include "tests/support/chain.h"
#include "tests/support/device_contract.h"
#include "tests/support/every_policy.h"
#include "tests/support/simulate.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {

namespace {

class IdleExecutor final : public Executor {
  public:
    void bind(BlockId, std::byte*) override {}
    void unbind(BlockId) override {}
    void execute(RequestId, std::uint32_t, BlockId) override {}
    std::optional<std::string> output_digest(RequestId) const override { return std::nullopt; }
};

// A real file behind the contract's model; one for each device.
PackPtr contract_pack(const DeviceSetup& setup) {
    static const TemporaryFolder folder;
    static int made = 0;
    const std::string path = folder.file("pack" + std::to_string(made++));
    ModelSpec spec = setup.costs[{0}].model().spec();
    write_synthetic_pack(Model(spec), path, 1);
    return std::make_shared<const Pack>(path);
}

std::unique_ptr<Device> make_cpu_device(const DeviceSetup& setup) {
    const auto executors = [](JobId, std::span<const UnitRange>, ActivationMemory&) {
        return std::make_unique<IdleExecutor>();
    };
    return make_cpu_backend({contract_pack(setup)}, {}, executors)(setup);
}

// A GPU, on the fake runtime.
ContractDevice cuda_device(const char* name, MemoryKind kind, const Gpu& gpu) {
    return {name, [kind, gpu](const DeviceSetup& setup) {
                return std::make_unique<OnFake>(setup, kind, JobPacks{contract_pack(setup)}, gpu);
            }};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(RealTime, DeviceContract,
                         ::testing::Values(ContractDevice{"fake machine", make_fake_real_device}));
INSTANTIATE_TEST_SUITE_P(Cpu, DeviceContract,
                         ::testing::Values(ContractDevice{"cpu", make_cpu_device}));
INSTANTIATE_TEST_SUITE_P(
    Cuda, DeviceContract,
    ::testing::Values(cuda_device("register", MemoryKind::registered, orin_gpu()),
                      cuda_device("staged", MemoryKind::staged, discrete_gpu()),
                      cuda_device("managed-attach", MemoryKind::managed_attach, orin_gpu()),
                      cuda_device("managed-prefetch", MemoryKind::managed_prefetch,
                                  discrete_gpu())));

namespace {

// Ten layers of 0.1 ms reading and 0.1 ms execution each.
Platform quick_platform() {
    Platform platform;
    platform.name = "quick";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = {1 << 20};
    node.read.cost.per_byte = 10'000;
    node.execute.other.per_layer = 100'000;
    return platform;
}

RunResult run_policy(const Platform& platform, const std::string& spec, Bytes budget,
                     const DeviceFactory& device, std::int64_t requests = 2) {
    Workload workload;
    Job job;
    job.model = chain("ten", 10);
    job.requests = requests;
    workload.jobs.push_back(job);
    const Policy policy = make_policy(spec);
    return run({platform, workload, budget, Account::all, device}, policy);
}

TEST(RealDevice, EveryPolicyRunsToItsEnd) {
    for (const std::string& spec : testing::every_policy()) {
        SCOPED_TRACE(spec);
        const RunResult result = run_policy(quick_platform(), spec, {400}, make_fake_real_device);
        EXPECT_EQ(result.verdict, Verdict::ok) << result.reason;
        EXPECT_EQ(result.latency.count, 2);
        EXPECT_GE(result.latency.min, nanoseconds(10 * 100'000));
        EXPECT_TRUE(result.evidence);
    }
}

// A preferred request arrives while ten layers of another are submitted ahead: what these have not
// started is taken back, the last first, and everything is executed once, in order. What the lanes
// start meanwhile counts as started.
TEST(RealDevice, WhatHasNotStartedIsTakenBack) {
    std::size_t taken_back = 0;
    for (const char* spec :
         {"direct", "on-demand", "swapnet", "demand-layering:buffer=min",
          "demand-layering:pipeline=sync", "pipeload:agents=2", "pipeswitch", "load-all"}) {
        SCOPED_TRACE(spec);
        Workload workload;
        for (const std::int64_t at : {0, 350'000}) {
            Job& job = workload.jobs.emplace_back();
            job.model = chain("ten", 10);
            job.mode = ArrivalMode::listed;
            job.arrivals = {at_ns(at)};
            job.weight = at > 0 ? 2 : 1;
        }
        const Platform platform = quick_platform();
        const Policy policy = make_policy(spec);
        SpanRecorder record;
        const RunRequest request{.platform = platform,
                                 .workload = workload,
                                 .budget = Bytes{800},
                                 .device = make_fake_real_device,
                                 .observer = &record,
                                 .dispatch = make_dispatch("priority"),
                                 .with_reference = false};
        const RunResult result = run(request, policy);
        ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
        EXPECT_EQ(result.requests, 2);
        std::map<std::uint32_t, std::vector<std::uint32_t>> executed;
        for (const Completion& span : record.of_what_ended().spans)
            if (uses(span.command.verb))
                executed[span.command.job.index].push_back(span.command.block.index);
        for (const auto& [job, blocks] : executed)
            EXPECT_TRUE(std::ranges::is_sorted(blocks, std::less_equal{})) << "job " << job;
        for (const RecordedDecision& decision : record.decisions)
            EXPECT_TRUE(std::ranges::is_sorted(decision.cancellations, std::greater{},
                                               &Cancellation::ticket));
        taken_back += record.taken_back();
    }
    EXPECT_GT(taken_back, 0U);
}

// No pipeline is faster than its lanes, whatever the threads do.
TEST(RealDevice, LatencyIsAtLeastTheLowerBound) {
    for (const char* spec : {"on-demand", "swapnet", "demand-layering", "pipeload:agents=2"}) {
        SCOPED_TRACE(spec);
        const RunResult result = run_policy(quick_platform(), spec, {60}, make_fake_real_device);
        ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
        EXPECT_GE(result.latency.min, result.lower_bound);
    }
}

// The lane's next command does not wait for the runner: ten executions submitted together follow
// each other although nobody calls `wait` any more.
TEST(RealDevice, LanesChainByThemselves) {
    const Platform platform = quick_platform();
    const ModelPtr model = chain("ten", 10);
    const CostModels costs{CostModel(*model, platform)};
    Deployment deployment;
    const JobPlan& job =
        deployment.jobs.emplace_back(NodeId{}, SwapPath::resident, finest_blocks(*model));
    const AllFacts facts{facts_of(costs[{0}], job.blocks, job.path)};
    const DeviceSetup setup{platform, costs, facts, deployment, Account::all, {}};
    std::atomic<int> executed = 0;
    std::mutex mutex;
    std::condition_variable done;
    auto machine = std::make_unique<FakeMachine>(setup);
    machine->before = [&](const Action&, std::uint32_t) {
        const std::lock_guard lock(mutex);
        if (++executed == 10) done.notify_one();
    };
    const auto device = make_real_device(setup, std::move(machine));
    After after;
    for (std::uint32_t b = 0; b < 10; ++b) {
        Command command;
        command.block = {b};
        command.after = after;
        after = {device->submit(command)};
    }
    EXPECT_EQ(device->wait(device->now()), nullptr);
    std::unique_lock lock(mutex);
    EXPECT_TRUE(done.wait_for(lock, std::chrono::seconds(60), [&] { return executed == 10; }));
}

// A breach of the budget is the policy's only where it is what left no memory.
TEST(RealDevice, AnErrorAfterABreachIsStillTheError) {
    const Platform platform = quick_platform();
    const ModelPtr model = chain("ten", 10);
    const CostModels costs{CostModel(*model, platform)};
    Deployment deployment;
    JobPlan& job =
        deployment.jobs.emplace_back(NodeId{}, SwapPath::zero_copy, finest_blocks(*model));
    job.at_start().arena = {ArenaKind::counter, {100}, 0};
    const AllFacts facts{facts_of(costs[{0}], job.blocks, job.path)};
    for (const bool memory : {true, false}) {
        const DeviceSetup setup{platform, costs, facts, deployment, Account::all, Bytes{15}};
        auto machine = std::make_unique<FakeMachine>(setup);
        machine->before = [memory](const Action& command, std::uint32_t) {
            if (command.block.index < 2) return;
            if (memory) throw OutOfMemory("memory");
            throw std::runtime_error("disk");
        };
        const auto device = make_real_device(setup, std::move(machine));
        for (std::uint32_t b = 0; b < 3; ++b) {
            Command command;
            command.verb = Verb::read;
            command.lane = Lane::storage;
            command.block = {b};
            device->submit(command);
        }
        const auto drain = [&] {
            while (device->wait(Time::max()) != nullptr) {
            }
        };
        if (memory)
            EXPECT_NO_THROW(drain());
        else
            EXPECT_THROW(drain(), std::runtime_error);
        EXPECT_TRUE(device->memory().breach);
    }
}

TEST(RealDevice, AnErrorOfTheMachineEndsTheRun) {
    const DeviceFactory device = [](const DeviceSetup& setup) {
        auto machine = std::make_unique<FakeMachine>(setup);
        machine->before = [](const Action& command, std::uint32_t) {
            if (command.verb == Verb::read && command.block.index == 3)
                throw std::runtime_error("block 3 cannot be read");
        };
        return make_real_device(setup, std::move(machine));
    };
    try {
        run_policy(quick_platform(), "on-demand", {60}, device);
        FAIL() << "no error";
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "block 3 cannot be read");
    }
}

// A machine that counts what is being performed when it is asked for its evidence.
class CountingMachine final : public FakeMachine {
  public:
    CountingMachine(const DeviceSetup& setup, std::atomic<int>& performing, std::atomic<bool>& stop)
        : FakeMachine(setup), performing_(performing), stop_(stop) {}
    void perform(const Action& command, std::uint32_t server) override {
        ++performing_;
        if (command.request.index == 1 && command.verb == Verb::read && command.block.index == 3)
            stop_.store(true);
        FakeMachine::perform(command, server);
        --performing_;
    }
    Evidence evidence() const override {
        EXPECT_EQ(performing_, 0);
        return {};
    }

  private:
    std::atomic<int>& performing_;
    std::atomic<bool>& stop_;
};

// The end is asked for in the middle of the second request, from another thread, as a signal would:
// nothing new begins, what goes on ends, and the first request counts.
TEST(RealDevice, EndsWhenItIsAskedTo) {
    std::atomic<int> performing = 0;
    std::atomic<bool> stop = false;
    Workload workload;
    Job& job = workload.jobs.emplace_back();
    job.model = chain("ten", 10);
    job.requests = 1000;
    const Platform platform = quick_platform();
    RunRequest request{platform, workload, Bytes{60}};
    request.stop = &stop;
    request.device = [&](const DeviceSetup& setup) {
        return make_real_device(setup, std::make_unique<CountingMachine>(setup, performing, stop));
    };
    const RunResult result = run(request, make_policy("demand-layering"));
    EXPECT_EQ(result.verdict, Verdict::interrupted);
    EXPECT_EQ(result.requests, 1);
    EXPECT_EQ(performing, 0);
    EXPECT_TRUE(result.evidence);
}

// Parallel reads come from different threads, as the machine keeps a reader for each: the first
// three wait for one another.
TEST(RealDevice, EachReaderHasItsThread) {
    std::mutex mutex;
    std::condition_variable met;
    std::map<std::uint32_t, std::set<std::thread::id>> threads;
    std::size_t reads = 0;
    const DeviceFactory device = [&](const DeviceSetup& setup) {
        auto machine = std::make_unique<FakeMachine>(setup);
        machine->before = [&](const Action& command, std::uint32_t server) {
            if (command.verb != Verb::read) return;
            std::unique_lock lock(mutex);
            threads[server].insert(std::this_thread::get_id());
            if (++reads == 3) met.notify_all();
            met.wait(lock, [&] { return reads >= 3; });
        };
        return make_real_device(setup, std::move(machine));
    };
    const RunResult result = run_policy(quick_platform(), "pipeload:agents=3", {60}, device, 1);
    ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
    EXPECT_EQ(threads.size(), 3U);
    for (const auto& [server, ids] : threads) EXPECT_EQ(ids.size(), 1U) << server;
}

}  // namespace
}  // namespace swaplab::testing
