// The emulator as a device: the contract, agreement with the virtual device that it paces, real
// bytes, and wrong runtimes.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "emu/emu_backend.h"
#include "hw/storage/pack_writer.h"
#include "hw/storage/storage_error.h"
#include "policies/registry.h"
#include "policies/run/runner.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"
#include "tests/support/device_contract.h"
#include "tests/support/digesting_executor.h"
#include "tests/support/every_policy.h"
#include "tests/support/simulate.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {
namespace {

PackPtr pack_of(const TemporaryFolder& folder, const Model& model) {
    const std::string path = folder.file(model.name());
    if (!is_pack(path)) write_synthetic_pack(model, path, 1);
    return std::make_shared<const Pack>(path);
}

std::unique_ptr<Device> make_contract_device(const DeviceSetup& setup) {
    static const TemporaryFolder folder;
    return make_emu_backend({pack_of(folder, setup.costs[{0}].model())}, {},
                            make_virtual_device)(setup);
}

INSTANTIATE_TEST_SUITE_P(Emu, DeviceContract,
                         ::testing::Values(ContractDevice{"emu", make_contract_device}));

// A model of seven layers in a pack, on a board that reads at 1 GB/s.
class Emulation : public ::testing::Test {
  protected:
    Emulation() : pack_(uneven_pack(folder_.file("pack"))) {
        platform_.name = "board";
        Node& node = platform_.nodes.emplace_back();
        node.memory.capacity = {1 << 30};
        node.memory.unified = true;
        node.read.cost.per_byte = 1;
        node.read.concurrency = {1.0, 1.5};
        node.cost(Activity::copy).per_byte = 0.1;
        node.cost(Activity::assemble).per_tensor = 20'000;
        node.execute.other.per_layer = 300'000;
        node.cost(Activity::release).per_tensor = 5'000;
        workload_ = workload_of({pack_->model()}, {});
        workload_.jobs[{0}].requests = 2;
    }

    DeviceFactory emulator(EmuOptions options = {}, ExecutorFactory executors = nullptr) const {
        return make_emu_backend(JobPacks(workload_.jobs.size(), pack_), options,
                                make_virtual_device, std::move(executors));
    }
    RunResult run_on(const DeviceFactory& device, const std::string& spec,
                     Observer* observer = nullptr) const {
        const Policy policy = make_policy(spec);
        RunRequest request{platform_, workload_, budget_, Account::all, device, observer};
        if (!policy.needs_budget) request.budget.reset();
        request.with_reference = false;
        return run(request, policy);
    }
    Bytes minimum(const std::string& spec) const {
        return *minimum_budget({platform_, workload_, std::nullopt}, make_policy(spec));
    }
    ExecutorFactory digesting() const {
        return [pack = pack_](JobId, std::span<const UnitRange> blocks,
                              ActivationMemory& activations) {
            return std::make_unique<DigestingExecutor>(*pack, blocks, activations);
        };
    }

    TemporaryFolder folder_;
    PackPtr pack_;
    Platform platform_;
    Workload workload_;
    std::optional<Bytes> budget_;
};

// What was submitted and what ended, in order and without times.
std::string order_of(const SpanRecorder& record) {
    std::string order;
    for (const RecordedDecision& d : record.decisions) {
        for (const Completion& c : d.completions) order += text("ended {}; ", c.ticket.index);
        for (const Command& c : d.commands)
            order += text("{} of {}.{} for {}; ", name_of(c.verb), c.job.index, c.block.index,
                          c.request.index);
        order += "\n";
    }
    return order;
}

// Decisions, bytes and memory are the simulation's; what is measured is later than it by no more
// than the lateness that is reported, whatever the machine was doing: for every span
// virtual end <= shown end <= virtual end + max lateness / time scale (+ 1 ns of rounding).
TEST_F(Emulation, EveryPolicyDecidesAsInSimulation) {
    for (const std::string& spec : testing::every_policy()) {
        SCOPED_TRACE(spec);
        if (make_policy(spec).needs_budget) budget_ = minimum(spec) + Bytes{100'000};
        SpanRecorder simulated, emulated;
        const RunResult sim = run_on(make_sim_device, spec, &simulated);
        const RunResult emu = run_on(emulator(), spec, &emulated);
        EXPECT_EQ(order_of(emulated), order_of(simulated));
        EXPECT_EQ(emu.swapped_in, sim.swapped_in);
        EXPECT_EQ(emu.memory.peak, sim.memory.peak);
        ASSERT_TRUE(emu.evidence && emu.evidence->pace);
        Duration most{};
        for (const LaneLateness& lane : emu.evidence->pace->lanes) most = std::max(most, lane.max);
        ASSERT_EQ(emulated.spans.size(), simulated.spans.size());
        // Cold requests begin when the one before has really ended: compare the first.
        const Duration first = sim.jobs[0].latencies[0];
        EXPECT_GE(emu.jobs[0].latencies[0], first);
        EXPECT_LE(emu.jobs[0].latencies[0], first + most + Duration{1});
    }
}

// In the least memory that will do, for many requests: memory and decisions are the simulation's to
// the end, and what has been late has added up to nothing. (tests/bench/endurance.py: a minute.)
TEST_F(Emulation, TwoDnnsShareTheLeastMemory) {
    Options options;
    options.mode = ArrivalMode::stream;
    options.requests = 25;
    workload_ = workload_of({pack_->model(), pack_->model()}, options);
    for (const std::string spec : {"swapnet", "pipeload", "swapnet:keep=auto"}) {
        SCOPED_TRACE(spec);
        budget_ = minimum(spec);
        SpanRecorder simulated, emulated;
        const RunResult sim = run_on(make_sim_device, spec, &simulated);
        const RunResult emu = run_on(emulator(), spec, &emulated);
        ASSERT_EQ(sim.verdict, Verdict::ok) << sim.reason;
        EXPECT_EQ(order_of(emulated), order_of(simulated));
        EXPECT_EQ(emu.swapped_in, sim.swapped_in);
        EXPECT_LE(emu.memory.peak, *budget_);
        EXPECT_EQ(emu.memory.in_use, Bytes{});
        Duration latest{};
        for (const LaneLateness& lane : emu.evidence->pace->lanes)
            latest = std::max(latest, lane.max);
        EXPECT_GE(emu.makespan, sim.makespan);
        EXPECT_LE(emu.makespan, sim.makespan + latest + Duration{1});
    }
}

// Draws are the virtual device's: the same for the same key.
TEST_F(Emulation, NoiseIsThatOfTheSimulation) {
    platform_.nodes[0].noise.cv.fill(0.2);
    budget_ = minimum("swapnet") + Bytes{100'000};
    const Policy policy = make_policy("swapnet");
    const auto noisy = [&](const DeviceFactory& device, SpanRecorder& record) {
        RunRequest request{platform_, workload_, budget_, Account::all, device, &record};
        request.with_reference = false;
        request.noise = NoiseKey{7, 0};
        return run(request, policy);
    };
    SpanRecorder simulated, emulated, plain;
    const RunResult sim = noisy(make_sim_device, simulated);
    const RunResult emu = noisy(emulator(), emulated);
    const RunResult means = run_on(make_sim_device, "swapnet", &plain);
    EXPECT_NE(sim.makespan, means.makespan);
    EXPECT_EQ(order_of(emulated), order_of(simulated));
    EXPECT_GE(emu.makespan, sim.makespan);
}

TEST_F(Emulation, TakesTheTimeOfTheDeviceTimesTheScale) {
    budget_ = minimum("swapnet");
    const RunResult sim = run_on(make_sim_device, "swapnet");
    EmuOptions options;
    options.time_scale = 3;
    const auto begin = std::chrono::steady_clock::now();
    const RunResult emu = run_on(emulator(options), "swapnet");
    const Duration wall = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(wall, 3 * sim.makespan);
    EXPECT_GE(emu.makespan, sim.makespan);
    EXPECT_LE(emu.makespan, wall / 3 + Duration{1});
    EXPECT_EQ(emu.evidence->pace->time_scale, 3);
}

TEST_F(Emulation, ReadsTheBytesOfTheFile) {
    const std::string expected = digest_of_file(*pack_);
    for (const std::string& spec : testing::every_policy()) {
        SCOPED_TRACE(spec);
        // Its activations are whole pages, one for each block that executes.
        if (make_policy(spec).needs_budget) budget_ = minimum(spec) + Bytes{1 << 20};
        EmuOptions options;
        options.verify = true;
        const RunResult result = run_on(emulator(options, digesting()), spec);
        ASSERT_EQ(result.evidence->outputs.size(), 1U);
        EXPECT_EQ(result.evidence->outputs[0], std::vector<std::string>(2, expected));
    }
}

// Whatever the run before has left in the page cache, the first request reads from storage; the
// second finds there what the first has read.
TEST_F(Emulation, ThroughThePageCacheARunStartsCold) {
    budget_ = minimum("on-demand");
    EmuOptions options;
    options.page_cache = true;
    for (int time = 0; time < 2; ++time) {
        const RunResult result = run_on(emulator(options), "on-demand");
        if (!result.evidence->read_from_storage || lies_in_memory(pack_->parameters_path()))
            GTEST_SKIP() << "what is read here is not counted, or lies in memory";
        EXPECT_EQ(result.swapped_in.count % 2, 0);
        EXPECT_GE(result.evidence->read_from_storage->count, result.swapped_in.count / 2) << time;
        EXPECT_LT(*result.evidence->read_from_storage, result.swapped_in) << time;
    }
}

TEST_F(Emulation, MemoryIsTheBudgetAndNoMore) {
    platform_.nodes[0].memory.alignment = Bytes{4096};
    for (const std::string& spec : testing::every_policy()) {
        if (!make_policy(spec).needs_budget) continue;
        SCOPED_TRACE(spec);
        budget_ = align_up(minimum(spec), Bytes{4096});
        const RunResult result = run_on(emulator(), spec);
        EXPECT_EQ(result.evidence->committed_peak, *budget_);
    }
}

TEST_F(Emulation, WithoutABudgetMemoryIsWhatIsAskedFor) {
    const RunResult result = run_on(emulator(), "direct");
    const auto& peak = result.memory.peak_by_category;
    const Bytes executing = peak[static_cast<std::size_t>(Category::activations)] +
                            peak[static_cast<std::size_t>(Category::workspace)];
    EXPECT_GT(executing, Bytes{});
    EXPECT_GE(result.evidence->committed_peak, pack_->index().size() + executing);
}

// A budget that rises, from what it was at the start or from a fall, and a mode that executes more
// slowly, while the run goes on.
TEST_F(Emulation, TakesUpBudgetsAndModesAsTheyChange) {
    const Bytes least = minimum("swapnet");
    workload_.jobs[{0}].requests = 6;
    Mode slow;
    slow.name = "slow";
    slow.execute_scale = 2;
    slow.switching = Duration{100'000};
    platform_.nodes[0].modes.push_back(slow);
    workload_.mode_changes = {{at_ns(6'000'000), "slow"}, {at_ns(15'000'000), ""}};
    workload_.budget_changes = {{at_ns(5'000'000), least + Bytes{200'000}},
                                {at_ns(14'000'000), 3 * least}};
    for (const Bytes first : {3 * least, least + Bytes{200'000}}) {
        SCOPED_TRACE(first.count);
        budget_ = first;
        SpanRecorder simulated, emulated;
        const RunResult sim = run_on(make_sim_device, "swapnet", &simulated);
        const RunResult emu = run_on(emulator(), "swapnet", &emulated);
        EXPECT_EQ(sim.verdict, Verdict::ok);
        EXPECT_EQ(emu.swapped_in, sim.swapped_in);
        EXPECT_EQ(emu.memory.peak, sim.memory.peak);
        EXPECT_GT(sim.jobs[0].adopted.size(), 1U);  // there is something to agree on
        EXPECT_EQ(order_of(emulated), order_of(simulated));
        EXPECT_GE(emu.makespan, sim.makespan);
    }
}

// Executes by doing as it is told.
class ToldExecutor final : public Executor {
  public:
    explicit ToldExecutor(std::function<void()> work) : work_(std::move(work)) {}
    void bind(BlockId, std::byte*) override {}
    void unbind(BlockId) override {}
    void execute(RequestId, std::uint32_t, BlockId) override { work_(); }
    std::optional<std::string> output_digest(RequestId) const override { return std::nullopt; }

  private:
    std::function<void()> work_;
};

ExecutorFactory told(std::function<void()> work) {
    return [work = std::move(work)](JobId, std::span<const UnitRange>, ActivationMemory&) {
        return std::make_unique<ToldExecutor>(work);
    };
}

// An executor that takes 20 ms on the wall clock, 10 ms of the device's time, where the profile
// says 0.7 ms: all of it is in the makespan, and what is beyond the profile is lateness.
TEST_F(Emulation, WorkThatTakesLongerThanTheProfileIsSeen) {
    platform_.nodes[0].execute.other.per_layer = 100'000;
    constexpr std::chrono::milliseconds taken(20);
    int executions = 0;
    EmuOptions options;
    options.time_scale = 2;
    const auto begin = std::chrono::steady_clock::now();
    const RunResult emu = run_on(emulator(options, told([&] {
                                              ++executions;
                                              std::this_thread::sleep_for(taken);
                                          })),
                                 "direct");
    const Duration wall = std::chrono::steady_clock::now() - begin;
    ASSERT_EQ(executions, 2);
    EXPECT_GE(emu.makespan, 2 * taken / 2);
    EXPECT_LE(emu.makespan, wall / 2 + Duration{1});
    ASSERT_EQ(emu.evidence->pace->lanes.size(), 1U);
    const LaneLateness& compute = emu.evidence->pace->lanes[0];
    EXPECT_EQ(compute.lane, "compute");
    EXPECT_EQ(compute.count, 2);
    const RunResult sim = run_on(make_sim_device, "direct");
    EXPECT_GE(compute.p50, taken - 2 * sim.jobs[0].latencies[0]);
}

TEST_F(Emulation, StopsWhenAsked) {
    budget_ = minimum("on-demand");
    std::atomic<bool> stop{true};
    const Policy policy = make_policy("on-demand");
    const RunRequest request{platform_, workload_, budget_, Account::all};
    const auto deployment = std::get<Deployment>(plan(request, policy));
    const CostModels costs{{*pack_->model(), platform_}};
    const AllFacts facts{
        facts_of(costs[{0}], deployment.jobs[{0}].blocks, deployment.jobs[{0}].path)};
    DeviceSetup setup{platform_, costs, facts, deployment, Account::all, budget_};
    setup.stop = &stop;
    const auto device = emulator()(setup);
    Command read;
    read.verb = Verb::read;
    read.lane = Lane::storage;
    device->submit(read);
    EXPECT_EQ(device->wait(Time::max()), nullptr);
    stop = false;
    EXPECT_NE(device->wait(Time::max()), nullptr);
}

// What has been started when the end is asked for ends before anybody looks at what was made.
TEST_F(Emulation, EvidenceIsOfWhatHasEnded) {
    platform_.nodes[0].execute.other.per_layer = 1e10;
    std::atomic<bool> stop{false}, ended{false};
    const RunRequest request{platform_, workload_, budget_, Account::all};
    const auto deployment = std::get<Deployment>(plan(request, make_policy("direct")));
    const CostModels costs{{*pack_->model(), platform_}};
    const AllFacts facts{
        facts_of(costs[{0}], deployment.jobs[{0}].blocks, deployment.jobs[{0}].path)};
    DeviceSetup setup{platform_, costs, facts, deployment, Account::all, budget_};
    setup.stop = &stop;
    const auto device = emulator({}, told([&] {
                                     stop = true;
                                     std::this_thread::sleep_for(std::chrono::milliseconds(100));
                                     ended = true;
                                 }))(setup);
    Command execute;
    execute.verb = Verb::execute;
    execute.lane = Lane::compute;
    device->submit(execute);
    EXPECT_EQ(device->wait(Time::max()), nullptr);
    EXPECT_TRUE(device->evidence());
    EXPECT_TRUE(ended);
}

// --- Wrong packs, wrong policies, wrong runtimes -------------------------------------------------

TEST_F(Emulation, ADeletedPackFails) {
    std::filesystem::remove(pack_->parameters_path());
    budget_ = minimum("swapnet");
    EXPECT_THROW(run_on(emulator(), "swapnet"), InputError);
}

TEST_F(Emulation, APackThatIsCutOffFails) {
    budget_ = minimum("swapnet");
    std::filesystem::resize_file(pack_->parameters_path(), 4096);
    EXPECT_THROW(run_on(emulator(), "swapnet"), StorageError);
}

TEST_F(Emulation, AFlippedByteFailsVerification) {
    budget_ = minimum("swapnet");
    std::string bytes = read_file(pack_->parameters_path());
    bytes[5000] = static_cast<char>(bytes[5000] ^ 1);
    write_file(pack_->parameters_path(), bytes);
    EmuOptions options;
    options.verify = true;
    EXPECT_THROW(run_on(emulator(options), "swapnet"), StorageError);
}

TEST_F(Emulation, APackOfAnotherModelIsRefused) {
    ModelSpec other;
    other.name = "other";
    other.layers.resize(1);
    other.layers[0].name = "only";
    other.layers[0].parameter_bytes = {100};
    workload_ = workload_of({std::make_shared<const Model>(std::move(other))}, {});
    budget_ = Bytes{1 << 20};
    EXPECT_THROW(run_on(emulator(), "on-demand"), InputError);
}

// On a board without concurrent managed access, a policy that reads while kernels run would fault.
TEST_F(Emulation, APolicyThatReadsManagedMemoryWhileAKernelRunsIsNamed) {
    platform_.memory_kind = MemoryKind::managed_prefetch;
    budget_ = minimum("swapnet") + Bytes{100'000};
    try {
        run_on(emulator(), "swapnet");
        FAIL() << "not stopped";
    } catch (const RefusedByDevice& error) {
        const std::string what = error.what();
        EXPECT_EQ(what.find("policy swapnet: "), 0U) << what;
        try {  // and in simulation likewise
            run_on(make_sim_device, "swapnet");
            FAIL() << "not stopped in simulation";
        } catch (const RefusedByDevice& simulated) {
            EXPECT_EQ(what, simulated.what());
        }
        EXPECT_NE(what.find("lane storage"), std::string::npos) << what;
        EXPECT_NE(what.find("lane compute"), std::string::npos) << what;
        EXPECT_NE(what.find("block "), std::string::npos) << what;
    }
    platform_.memory_kind = MemoryKind::managed_attach;
    EXPECT_EQ(run_on(emulator(), "swapnet").verdict, Verdict::ok);
    platform_.memory_kind = MemoryKind::managed_prefetch;
    EXPECT_EQ(run_on(emulator(), "on-demand").verdict, Verdict::ok);  // never both at once
}

// Runs beside a real executor; what it really does wrong is seen, too.
class WrongExecutor : public Executor {
  public:
    explicit WrongExecutor(std::function<void(std::byte*)> misdeed)
        : misdeed_(std::move(misdeed)) {}
    void bind(BlockId, std::byte* at) override { last_ = at; }
    void unbind(BlockId) override { gone_ = last_; }
    void execute(RequestId, std::uint32_t, BlockId) override {
        if (gone_ != nullptr) misdeed_(gone_);
    }
    std::optional<std::string> output_digest(RequestId) const override { return std::nullopt; }

  private:
    std::function<void(std::byte*)> misdeed_;
    std::byte* last_ = nullptr;
    std::byte* gone_ = nullptr;
};

TEST_F(Emulation, ARuntimeThatUsesFreedMemoryIsCaught) {
    budget_ = minimum("on-demand") + Bytes{1 << 20};
    for (const bool writes : {false, true}) {
        const ExecutorFactory wrong = [&](JobId, std::span<const UnitRange>, ActivationMemory&) {
            return std::make_unique<WrongExecutor>([writes](std::byte* at) {
                auto* const byte = reinterpret_cast<volatile unsigned char*>(at);
                if (writes)
                    byte[7] = 1;
                else
                    static_cast<void>(byte[7]);
            });
        };
        try {
            EmuOptions options;
            options.guarded = true;
            run_on(emulator(options, wrong), "on-demand");
            FAIL() << "not caught";
        } catch (const std::exception& error) {
            const std::string what = error.what();
            EXPECT_NE(what.find("block 0 of uneven"), std::string::npos) << what;
            EXPECT_NE(what.find("has been freed"), std::string::npos) << what;
            EXPECT_NE(what.find("execute of block 1"), std::string::npos) << what;
        }
    }
}

}  // namespace
}  // namespace swaplab::testing
