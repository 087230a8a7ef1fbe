// What the runner and the hand-offs between lanes cost: 300 layers of 1 ms on the CPU backend, real
// reads, an executor that computes for exactly so long. Printed beside what the lanes' own work
// takes (measured inside the machine): the excess is everything that is not work.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

#include "hw/cpu_machine.h"
#include "hw/storage/pack_writer.h"
#include "policies/registry.h"
#include "policies/run/runner.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kLayers = 300;
constexpr std::chrono::microseconds kExecution{1000};

class BusyExecutor final : public Executor {
  public:
    void bind(BlockId, std::byte*) override {}
    void unbind(BlockId) override {}
    void execute(RequestId, std::uint32_t, BlockId) override {
        const auto end = Clock::now() + kExecution;
        while (Clock::now() < end) {
        }
    }
    std::optional<std::string> output_digest(RequestId) const override { return std::nullopt; }
};

// By block: how long the work itself took, the last time.
struct Work {
    std::array<std::array<double, kVerbs>, kLayers> ms{};
};

// A machine that notes how long its work takes.
class TimedMachine final : public Machine {
  public:
    TimedMachine(std::unique_ptr<Machine> inner, Work& work)
        : inner_(std::move(inner)), work_(work) {}
    void on_reserved(const Action& c, std::size_t h, const Arena& a, const Place& p) override {
        inner_->on_reserved(c, h, a, p);
    }
    void on_freed(const Action& c, std::size_t h, const Arena& a, const Place& p) override {
        inner_->on_freed(c, h, a, p);
    }
    std::unique_ptr<Arena> arena_for(const ArenaPlan& plan, ArenaUse use) override {
        return inner_->arena_for(plan, use);
    }
    void ready() override { inner_->ready(); }
    void set_budget(Bytes most) override { inner_->set_budget(most); }
    void perform(const Action& command, std::uint32_t server) override {
        const auto begin = Clock::now();
        inner_->perform(command, server);
        work_.ms[command.block.index][static_cast<std::size_t>(command.verb)] =
            std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    }
    Evidence evidence() const override { return inner_->evidence(); }

  private:
    std::unique_ptr<Machine> inner_;
    Work& work_;
};

double of(const Work& work, std::size_t block, Verb verb) {
    return work.ms[block][static_cast<std::size_t>(verb)];
}

// No order of this work is faster: everything one after the other, or the reads up to a block and
// the executions from it on.
double bound_ms(const Work& work, bool serial) {
    double reads = 0, best = 0, all = 0;
    double executions = 0;
    for (std::size_t b = 0; b < kLayers; ++b) executions += of(work, b, Verb::execute);
    for (std::size_t b = 0; b < kLayers; ++b) {
        reads += of(work, b, Verb::read);
        best = std::max(best, reads + executions);
        executions -= of(work, b, Verb::execute);
        for (const double ms : work.ms[b]) all += ms;
    }
    return serial ? all : best;
}

Model chain_of(std::int64_t bytes) {
    ModelSpec spec;
    spec.name = "chain";
    for (std::uint32_t l = 0; l < kLayers; ++l) {
        Layer layer;
        layer.name = text("layer{}", l);
        layer.inputs = {l == 0 ? Source() : Source(LayerId{l - 1})};
        layer.parameter_bytes = {bytes};
        layer.parameter_tensors = 2;
        spec.layers.push_back(layer);
    }
    return Model(std::move(spec));
}

void measure(const PackPtr& pack, const std::string& spec, bool serial) {
    Platform platform;
    platform.name = "here";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = {std::int64_t{1} << 33};
    node.memory.alignment = kPage;
    node.read.cost.per_byte = 0.8;
    node.execute.other.per_layer = 1e6;
    Workload workload;
    workload.jobs.push_back({pack->model(), ArrivalMode::cold, 1, {}, {}});
    Work work;
    const auto executors = [](JobId, std::span<const UnitRange>, ActivationMemory&) {
        return std::make_unique<BusyExecutor>();
    };
    bool first = true;  // the runner makes a second device, for `direct`
    const DeviceFactory factory = [&](const DeviceSetup& setup) -> std::unique_ptr<Device> {
        auto machine =
            std::make_unique<CpuMachine>(setup, std::vector{pack}, CpuOptions{}, executors);
        if (!first) return make_real_device(setup, std::move(machine));
        first = false;
        return make_real_device(setup, std::make_unique<TimedMachine>(std::move(machine), work));
    };
    const Bytes budget{pack->index().size().count / 4};
    const RunResult result =
        run({platform, workload, budget, Account::all, factory}, make_policy(spec));
    const double latency = static_cast<double>(count_ns(result.latency.mean)) * 1e-6;
    const double bound = bound_ms(work, serial);
    std::printf("%-18s %8zu blocks %9.2f ms %9.2f ms of work %+7.2f %% %7.1f us a block\n",
                spec.c_str(), result.jobs[0].blocks.size(), latency, bound,
                100 * (latency / bound - 1),
                1000 * (latency - bound) / static_cast<double>(result.jobs[0].blocks.size()));
}

}  // namespace

}  // namespace swaplab

int main(int argc, char** argv) {
    using namespace swaplab;
    const std::string folder = argc > 1 ? argv[1] : "hand_offs.pack";
    const std::int64_t bytes = argc > 2 ? std::stoll(argv[2]) : 256 << 10;
    std::filesystem::remove_all(folder);
    write_synthetic_pack(chain_of(bytes), folder, 1);
    const auto pack = std::make_shared<const Pack>(folder);
    for (int round = 0; round < 3; ++round)
        for (const auto& [spec, serial] : {std::pair{"direct", false},
                                           {"demand-layering", false},
                                           {"pipeload", false},
                                           {"on-demand", true}})
            measure(pack, spec, serial);
    std::filesystem::remove_all(folder);
}
