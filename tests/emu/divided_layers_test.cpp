// Divided layers on the emulator: a pack has a segment for each part, and a run is that of the
// model in which every part is a layer of its own.
#include <gtest/gtest.h>

#include "emu/emu_backend.h"
#include "hw/storage/pack_writer.h"
#include "policies/registry.h"
#include "policies/run/runner.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"
#include "tests/support/divided_model.h"
#include "tests/support/every_policy.h"
#include "tests/support/simulate.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {
namespace {

Platform board(ComputeKind compute) {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.compute = compute;
    node.memory.capacity = {1 << 30};
    node.memory.unified = true;
    node.memory.alignment = {4096};
    node.read.cost.per_byte = 1;
    node.read.concurrency = {1.0, 1.5};
    node.cost(Activity::copy).per_byte = 0.1;
    node.cost(Activity::assemble).per_tensor = 2'000;
    node.execute.other.per_layer = 20'000;
    node.cost(Activity::release).per_tensor = 500;
    return platform;
}

PackPtr pack_of(const TemporaryFolder& folder, const Model& model, const std::string& name) {
    write_synthetic_pack(model, folder.file(name), 1);
    return std::make_shared<const Pack>(folder.file(name));
}

// A run of a pack's model, on one of the two devices.
struct Ran {
    Ran(const PackPtr& pack, const Platform& platform, const std::string& spec, bool emulated) {
        const Workload workload = workload_of({pack->model()}, {});
        const Policy policy = make_policy(spec);
        const DeviceFactory device =
            emulated ? make_emu_backend({pack}, {}, make_virtual_device) : make_sim_device;
        RunRequest request{platform, workload, {}, Account::all, device, &record};
        request.with_reference = false;
        if (policy.needs_budget)
            request.budget = *minimum_budget(request, policy) + Bytes{2 * 4096};
        result = run(request, policy);
    }
    // What was asked for, in order, and without times.
    std::string commands() const {
        std::string all;
        for (const Command& c : record.commands())
            all += text("{} {}.{} after {}\n", name_of(c.verb), c.request.index, c.block.index,
                        c.after.size());
        return all;
    }

    SpanRecorder record;
    RunResult result;
};

TEST(DividedLayers, RunAsPartsInRealTime) {
    const TemporaryFolder folder;
    const DividedModel models = divided_model(2, 4, 20'000);
    const PackPtr divided = pack_of(folder, *models.divided, "divided");
    const PackPtr written_out = pack_of(folder, *models.written_out, "written-out");
    for (const ComputeKind compute : {ComputeKind::gpu, ComputeKind::cpu})
        for (const std::string& spec : testing::every_policy()) {
            SCOPED_TRACE(spec);
            const Platform platform = board(compute);
            const Ran simulated(divided, platform, spec, false);
            const Ran emulated(divided, platform, spec, true);
            const Ran layers(written_out, platform, spec, true);
            EXPECT_EQ(emulated.result.verdict, Verdict::ok);
            EXPECT_EQ(emulated.commands(), simulated.commands());
            EXPECT_EQ(emulated.commands(), layers.commands());
            for (const Ran* other : {&simulated, &layers}) {
                EXPECT_EQ(emulated.result.swapped_in, other->result.swapped_in);
                EXPECT_EQ(emulated.result.memory.peak, other->result.memory.peak);
                EXPECT_EQ(emulated.result.memory.arena_bytes, other->result.memory.arena_bytes);
            }
            // The virtual device behind the emulator is late by nothing.
            ASSERT_TRUE(emulated.result.evidence && emulated.result.evidence->pace);
            Duration most{};
            for (const LaneLateness& lane : emulated.result.evidence->pace->lanes)
                most = std::max(most, lane.max);
            EXPECT_GE(emulated.result.jobs[0].latencies[0], simulated.result.jobs[0].latencies[0]);
            EXPECT_LE(emulated.result.jobs[0].latencies[0],
                      simulated.result.jobs[0].latencies[0] + most + Duration{1});
            if (HasFailure()) return;
        }
}

// Shares that do not come out even lie in segments of one size.
TEST(DividedLayers, HaveASegmentForEachPart) {
    const TemporaryFolder folder;
    ModelSpec spec;
    spec.name = "net";
    for (const std::int64_t bytes : {std::int64_t{3 * 4096 + 1}, std::int64_t{0}}) {
        Layer& layer = spec.layers.emplace_back();
        layer.name = text("layer{}", spec.layers.size());
        layer.parameter_bytes = {bytes};
        layer.parameter_tensors = bytes > 0 ? 1 : 0;
        layer.units = 3;
    }
    const PackPtr pack = pack_of(folder, Model(spec), "pack");
    ASSERT_EQ(pack->index().layers.size(), 6U);
    ASSERT_EQ(pack->model()->unit_count(), 6U);
    EXPECT_EQ(pack->index().layers[1].name, "layer1[2/3]");
    for (const UnitId unit : pack->model()->whole()) {
        const Bytes size = pack->extent({unit.index, unit.index + 1}).size;
        EXPECT_EQ(size, Bytes{unit.index < 3 ? 8192 : 0});
        EXPECT_EQ(size, pack->model()->unit(unit).bytes_on_storage);
    }
    EXPECT_EQ(pack->extent({1, 3}).offset, Bytes{8192});
    verify(*pack);
}

TEST(DividedLayers, AreNotExecutedByOnesThatKnowWholeLayers) {
    const DividedModel models = divided_model(2, 1, 100);
    EXPECT_THROW(require_whole_layers(*models.divided, "a test"), UnsupportedError);
    EXPECT_NO_THROW(require_whole_layers(*models.written_out, "a test"));
}

}  // namespace
}  // namespace swaplab::testing
