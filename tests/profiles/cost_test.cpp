// Costs of blocks, against the formulas of the contract worked out by hand.
#include "profiles/cost/cost.h"

#include <gtest/gtest.h>

#include "profiles/base/error.h"

namespace swaplab {
namespace {

using ::testing::IsSubstring;

// conv (1000 bytes, 2 tensors, 500 FLOPs) → pool (no parameters, 40 FLOPs) → fc (600 bytes on
// storage 150, 4 tensors, 60 FLOPs); outputs of 8, 4 and 2 bytes, an input of 16.
ModelSpec three_layers() {
    ModelSpec spec;
    spec.name = "net";
    spec.input_bytes = {16};
    spec.layers.resize(3);
    const char* names[] = {"conv", "pool", "fc"};
    const OpClass ops[] = {OpClass::conv2d, OpClass::pool, OpClass::linear};
    for (std::uint32_t i = 0; i < 3; ++i) {
        spec.layers[i].name = names[i];
        spec.layers[i].op = ops[i];
        spec.layers[i].inputs = {i == 0 ? Source{} : Source{LayerId{i - 1}}};
        spec.layers[i].output_bytes = {8 >> i};
    }
    spec.layers[0].parameter_bytes = {1000};
    spec.layers[0].parameter_tensors = 2;
    spec.layers[0].macs = 200;
    spec.layers[0].other_ops = 100;
    spec.layers[1].other_ops = 40;
    spec.layers[2].parameter_bytes = {600};
    spec.layers[2].stored_bytes = Bytes{150};
    spec.layers[2].parameter_tensors = 4;
    spec.layers[2].macs = 30;
    return spec;
}

Platform board() {
    Platform platform;
    platform.name = "board";
    platform.nodes.resize(1);
    Node& node = platform.nodes[0];
    node.read.cost = {
        .per_byte = 0.5, .per_block = 70, .per_request = 10, .request_bytes = Bytes{256}};
    node.cost(Activity::copy) = {.per_byte = 0.25, .per_block = 9, .request_bytes = {}};
    node.cost(Activity::instantiate) = {.per_byte = 1, .per_tensor = 3, .request_bytes = {}};
    node.cost(Activity::assemble) = {.per_tensor = 100, .per_layer = 5, .request_bytes = {}};
    node.cost(Activity::release) = {.per_tensor = 7, .per_block = 11, .request_bytes = {}};
    node.execute.other = {.per_layer = 20, .per_flop = 2, .per_block = 50, .request_bytes = {}};
    LinearCost linear;
    linear.per_byte = 0.5;
    linear.per_flop = 1;
    linear.per_activation_byte = 3;
    node.execute.by_op[static_cast<std::size_t>(OpClass::linear)] = linear;
    node.modes = {{.name = "slow", .execute_scale = 2, .copy_scale = 3, .read_scale = 4}};
    return platform;
}

constexpr UnitRange kWhole{0, 3};
constexpr UnitRange kConv{0, 1};
constexpr UnitRange kPool{1, 2};
constexpr UnitRange kFc{2, 3};

// Uncontended, in the board's own mode:
//   conv: 20 + 2 * 500                              = 1020
//   pool: 20 + 2 * 40                               =  100
//   fc:   0.5 * 600 + 1 * 60 + 3 * (4 + 2)          =  378
constexpr double kConvNs = 1020, kPoolNs = 100, kFcNs = 378, kPerBlockNs = 50;
constexpr double kWholeNs = kConvNs + kPoolNs + kFcNs + kPerBlockNs;

TEST(LinearCost, CountsEveryTermAndTheBlockOnce) {
    const LinearCost cost{.per_byte = 1,
                          .per_tensor = 10,
                          .per_layer = 100,
                          .per_flop = 1000,
                          .per_activation_byte = 10000,
                          .per_block = 7,
                          .request_bytes = {}};
    EXPECT_EQ(
        cost_ns(cost,
                {.bytes = {2}, .tensors = 3, .layers = 4, .flops = 5, .activation_bytes = {6}}),
        2 + 30 + 400 + 5000 + 60000 + 7);
}

TEST(LinearCost, RequestsAreRoundedUp) {
    LinearCost cost;
    cost.per_request = 1;
    const auto requests = [&](std::int64_t bytes) {
        Features features;
        features.bytes = {bytes};
        return cost_ns(cost, features);
    };
    EXPECT_EQ(requests(0), 0);
    EXPECT_EQ(requests(1'000'000), 1);  // without a size, a block is one request
    cost.request_bytes = Bytes{256};
    EXPECT_EQ(requests(0), 0);
    EXPECT_EQ(requests(1), 1);
    EXPECT_EQ(requests(256), 1);
    EXPECT_EQ(requests(257), 2);
    EXPECT_EQ(requests(1000), 4);
}

class Costs : public ::testing::Test {
  protected:
    const Model model_{three_layers()};
    Platform platform_ = board();
};

TEST_F(Costs, FeaturesOfABlockAreSums) {
    const CostModel costs(model_, platform_);
    const Features features = costs.features(kWhole);
    EXPECT_EQ(features.bytes.count, 1600);
    EXPECT_EQ(features.tensors, 6);
    EXPECT_EQ(features.layers, 3);
    EXPECT_EQ(features.flops, 600);
    EXPECT_EQ(features.activation_bytes.count, (16 + 8) + (8 + 4) + (4 + 2));
    EXPECT_EQ(costs.parameter_bytes({1, 3}).count, 600);
    EXPECT_EQ(costs.stored_bytes({0, 3}).count, 1150);
    EXPECT_EQ(costs.features({2, 2}).layers, 0);
}

TEST_F(Costs, SwapInAndOut) {
    const CostModel costs(model_, platform_);
    EXPECT_EQ(costs.ns(Activity::read, kWhole),
              0.5 * 1150 + 10 * 5 + 70);  // 1150 bytes: 5 requests
    EXPECT_EQ(costs.ns(Activity::read, kFc), 0.5 * 150 + 10 * 1 + 70);
    EXPECT_EQ(costs.ns(Activity::copy, kWhole), 0.25 * 1600 + 9);  // what is copied is decoded
    EXPECT_EQ(costs.ns(Activity::instantiate, kConv), 1000 + 3 * 2);
    EXPECT_EQ(costs.ns(Activity::assemble, {1, 3}), 100 * 4 + 5 * 2);
    EXPECT_EQ(costs.ns(Activity::release, kWhole), 7 * 6 + 11);
}

TEST(MemoryKind, NamesRoundTrip) {
    for (const MemoryKindRow& row : memory_kinds()) {
        EXPECT_EQ(memory_kind_named(row.name), row.kind);
        EXPECT_EQ(&row_of(row.kind), &row);
    }
    EXPECT_EQ(name_of(MemoryKind::registered), "register");
    EXPECT_EQ(memory_kind_named("managed"), std::nullopt);
}

//   attach(fc)   = 0.5 * 600 + 13, added to assembly and to release
//   prefetch(fc) = 2 * 4 + 17, added to assembly
TEST_F(Costs, KindsOfMemoryAddToAssemblyAndRelease) {
    platform_.nodes[0].cost(Activity::attach) = {
        .per_byte = 0.5, .per_block = 13, .request_bytes = {}};
    platform_.nodes[0].cost(Activity::prefetch) = {
        .per_tensor = 2, .per_block = 17, .request_bytes = {}};
    constexpr double assemble = 100 * 4 + 5, release = 7 * 4 + 11;
    constexpr double attach = 0.5 * 600 + 13, prefetch = 2 * 4 + 17;
    const auto expect = [&](std::optional<MemoryKind> kind, double assembly, double releasing) {
        platform_.memory_kind = kind;
        const CostModel costs(model_, platform_);
        EXPECT_EQ(costs.ns(Activity::assemble, kFc), assembly);
        EXPECT_EQ(costs.ns(Activity::release, kFc), releasing);
        EXPECT_EQ(costs.ns(Activity::assemble, kPool),
                  0);  // without parameters there is nothing to attach
        EXPECT_EQ(costs.ns(Activity::release, kPool), 0);
        EXPECT_EQ(costs.ns(Activity::read, kFc), 0.5 * 150 + 10 + 70);
        EXPECT_EQ(costs.ns(Activity::copy, kFc), 0.25 * 600 + 9);
        EXPECT_EQ(costs.ns(Activity::execute, kWhole), kWholeNs);
    };
    expect(std::nullopt, assemble, release);
    expect(MemoryKind::registered, assemble, release);
    expect(MemoryKind::staged, assemble, release);
    expect(MemoryKind::managed_attach, assemble + attach, release + attach);
    expect(MemoryKind::managed_prefetch, assemble + prefetch, release);
}

TEST_F(Costs, ABlockWithoutParametersOnlyExecutes) {
    const CostModel costs(model_, platform_);
    EXPECT_EQ(costs.ns(Activity::read, kPool), 0);
    EXPECT_EQ(costs.ns(Activity::copy, kPool), 0);
    EXPECT_EQ(costs.ns(Activity::instantiate, kPool), 0);
    EXPECT_EQ(costs.ns(Activity::assemble, kPool), 0);
    EXPECT_EQ(costs.ns(Activity::release, kPool), 0);
    EXPECT_EQ(costs.read_bound_ns(kPool), 0);
    EXPECT_EQ(costs.ns(Activity::execute, kPool), kPoolNs + kPerBlockNs);
}

TEST_F(Costs, ExecutionTakesTheLineOfEachOpClass) {
    const CostModel costs(model_, platform_);
    EXPECT_EQ(costs.execute_unit_ns(UnitId{0}), kConvNs);
    EXPECT_EQ(costs.execute_unit_ns(UnitId{1}), kPoolNs);
    EXPECT_EQ(costs.execute_unit_ns(UnitId{2}), kFcNs);
    EXPECT_EQ(costs.ns(Activity::execute, kWhole), kWholeNs);
    EXPECT_EQ(costs.execute_per_block_ns(), kPerBlockNs);
}

// Merging layers into one block saves roundings and the parts of a block: the bound leaves them
// out.
TEST_F(Costs, BoundsLeaveOutBlocksAndRoundings) {
    const CostModel costs(model_, platform_);
    EXPECT_EQ(costs.read_bound_ns(kWhole), 0.5 * 1150 + 10 * (1150.0 / 256));
    EXPECT_EQ(costs.execute_bound_ns(kWhole), kWholeNs - kPerBlockNs);
    EXPECT_LE(costs.read_bound_ns(kConv) + costs.read_bound_ns(kFc),
              costs.ns(Activity::read, kWhole));
    platform_.nodes[0].read.cost.request_bytes.reset();  // one request a block: nothing is left
    EXPECT_EQ(CostModel(model_, platform_).read_bound_ns(kWhole), 0.5 * 1150);
}

TEST_F(Costs, AModeScalesReadsCopiesAndExecution) {
    platform_.mode = "slow";
    const CostModel costs(model_, platform_);
    EXPECT_EQ(costs.ns(Activity::read, kFc), 4 * (0.5 * 150 + 10 + 70));
    EXPECT_EQ(costs.read_bound_ns(kWhole), 4 * (0.5 * 1150 + 10 * (1150.0 / 256)));
    EXPECT_EQ(costs.read_per_byte_ns(), 4 * 0.5);
    EXPECT_EQ(costs.ns(Activity::copy, kFc), 3 * (0.25 * 600 + 9));
    EXPECT_EQ(costs.ns(Activity::execute, kWhole), 2 * kWholeNs);
    EXPECT_EQ(costs.ns(Activity::assemble, kFc), 100 * 4 + 5);  // the host keeps its pace
    EXPECT_EQ(costs.ns(Activity::release, kFc), 7 * 4 + 11);
}

TEST_F(Costs, AnUnknownModeIsBadInput) {
    platform_.mode = "slwo";
    try {
        const CostModel costs(model_, platform_);
        FAIL() << "expected an InputError";
    } catch (const InputError& error) {
        EXPECT_PRED_FORMAT2(IsSubstring,
                            "device \"board\" has no mode \"slwo\" (did you mean 'slow'?)",
                            error.what());
    }
}

TEST_F(Costs, MeasuredLayersHoldOnTheirDeviceOnly) {
    ModelSpec spec = three_layers();
    spec.layers[0].execute = nanoseconds(5000);
    spec.measured_on = "board";
    EXPECT_EQ(CostModel(Model(spec), platform_).execute_unit_ns(UnitId{0}), 5000);
    EXPECT_EQ(CostModel(Model(spec), platform_).execute_unit_ns(UnitId{1}), kPoolNs);
    platform_.mode = "slow";
    EXPECT_EQ(CostModel(Model(spec), platform_).execute_unit_ns(UnitId{0}), 2 * 5000);
    platform_.mode = "";
    spec.measured_on = "another";
    EXPECT_EQ(CostModel(Model(spec), platform_).execute_unit_ns(UnitId{0}), kConvNs);
}

TEST_F(Costs, AnAnchorScalesTheWholeModelToItself) {
    ModelSpec spec = three_layers();
    spec.anchors = {{"board", nanoseconds(7'777'777)}, {"another", nanoseconds(1)}};
    const Model anchored(spec);
    const CostModel costs(anchored, platform_);
    EXPECT_EQ(to_duration(costs.ns(Activity::execute, kWhole)), nanoseconds(7'777'777));
    EXPECT_DOUBLE_EQ(costs.execute_unit_ns(UnitId{2}), kFcNs * 7'777'777 / kWholeNs);
    EXPECT_DOUBLE_EQ(costs.execute_per_block_ns(), kPerBlockNs * 7'777'777 / kWholeNs);
    EXPECT_EQ(costs.ns(Activity::read, kFc),
              0.5 * 150 + 10 + 70);  // an anchor is of execution only
}

TEST_F(Costs, AnAnchorOfTheModeComesFirst) {
    ModelSpec spec = three_layers();
    spec.anchors = {{"board", nanoseconds(1'000'000)}};
    platform_.mode = "slow";
    const Model plain(spec);
    EXPECT_EQ(to_duration(CostModel(plain, platform_).ns(Activity::execute, kWhole)),
              nanoseconds(2'000'000));
    spec.anchors["board:mode=slow"] = nanoseconds(1'234'567);
    const Model moded(spec);
    EXPECT_EQ(to_duration(CostModel(moded, platform_).ns(Activity::execute, kWhole)),
              nanoseconds(1'234'567));
    platform_.mode = "";
    EXPECT_EQ(to_duration(CostModel(moded, platform_).ns(Activity::execute, kWhole)),
              nanoseconds(1'000'000));
}

TEST_F(Costs, AnAnchorOfAModeSaysNothingAboutTheOthers) {
    ModelSpec spec = three_layers();
    spec.anchors = {{"board:mode=slow", nanoseconds(1)}};
    const Model model(spec);
    EXPECT_EQ(CostModel(model, platform_).ns(Activity::execute, kWhole), kWholeNs);
}

TEST_F(Costs, AnAnchorCannotBeSplitOverCostsOfZero) {
    ModelSpec spec = three_layers();
    spec.anchors = {{"board", nanoseconds(1000)}};
    platform_.nodes[0].execute = {};
    const Model model(spec);
    EXPECT_THROW(CostModel(model, platform_), InputError);
}

TEST_F(Costs, AMissingActivityCostsNothing) {
    Platform bare;
    bare.name = "bare";
    bare.nodes.resize(1);
    const CostModel costs(model_, bare);
    EXPECT_EQ(costs.ns(Activity::read, kWhole) + costs.ns(Activity::copy, kWhole) +
                  costs.ns(Activity::instantiate, kWhole) + costs.ns(Activity::assemble, kWhole) +
                  costs.ns(Activity::execute, kWhole) + costs.ns(Activity::release, kWhole),
              0);
}

// Tables by dtype and by mode: the mode's own stand for themselves, and a time that was measured in
// the device's own mode moves with them.
TEST_F(Costs, TablesOfADtypeAndOfAMode) {
    Node& node = platform_.nodes[0];
    ExecuteSpec half, eco, eco_half;
    half.other.per_layer = 3;
    eco.other.per_layer = 40;
    eco_half.other.per_layer = 5;
    node.execute_by_dtype["float16"] = half;
    Mode mode;
    mode.name = "eco";
    mode.execute = eco;
    mode.execute_by_dtype["float16"] = eco_half;
    node.modes.push_back(mode);
    const auto pool_ns = [&](const std::string& dtype, const std::string& in_mode, bool timed) {
        ModelSpec spec = three_layers();
        spec.dtype = dtype;
        spec.measured_on = "board";
        if (timed) spec.layers[1].execute = nanoseconds(200);
        const Model model(spec);
        platform_.mode = in_mode;
        return CostModel(model, platform_).execute_unit_ns(UnitId{1});
    };
    EXPECT_EQ(pool_ns("float32", "", false), kPoolNs);
    EXPECT_EQ(pool_ns("bfloat16", "", false), kPoolNs);  // no table of its own
    EXPECT_EQ(pool_ns("float16", "", false), 3);
    EXPECT_EQ(pool_ns("float32", "eco", false), 40);
    EXPECT_EQ(pool_ns("float16", "eco", false), 5);
    EXPECT_EQ(pool_ns("float16", "slow", false), 3 * 2);  // scaled, since it has no table
    EXPECT_EQ(pool_ns("float32", "", true), 200);
    EXPECT_EQ(pool_ns("float32", "eco", true), 200 * 40 / kPoolNs);
}

// An anchor of the device's own mode is reached there, and carries over to the mode's tables.
TEST_F(Costs, AnchorsAndTablesOfAMode) {
    Mode mode;
    mode.name = "eco";
    mode.execute.emplace().other.per_layer = 10;
    platform_.nodes[0].modes.push_back(mode);
    ModelSpec spec = three_layers();
    spec.anchors["board"] = nanoseconds(2 * static_cast<std::int64_t>(kWholeNs));
    platform_.mode = "eco";
    const Model twice(spec);
    EXPECT_DOUBLE_EQ(CostModel(twice, platform_).ns(Activity::execute, kWhole), 2 * 30);
    spec.anchors["board:mode=eco"] = nanoseconds(900);
    const Model exact(spec);
    EXPECT_DOUBLE_EQ(CostModel(exact, platform_).ns(Activity::execute, kWhole), 900);
}

}  // namespace
}  // namespace swaplab
