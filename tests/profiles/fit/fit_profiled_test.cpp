// What the fit makes of the rows that `profile` writes: layers and blocks, rests, hand-offs, errors
// in per cent, samples that lie far out.
#include <gtest/gtest.h>

#include <cmath>

#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/fit/fit.h"
#include "profiles/fit/fit_layers.h"
#include "profiles/fit/repeats.h"
#include "profiles/fit/rest_step.h"
#include "profiles/model/model_file.h"
#include "tests/profiles/samples.h"
#include "tests/support/random.h"

namespace swaplab {
namespace {

Measurements measured(const std::string& table) {
    return read_measurements(parse_csv(table, "m.csv"));
}
FittedDevice fitted(const std::string& table) { return fit_device(measured(table), {"board", ""}); }

const std::string kHead = "activity,op,label,layers,flops,parameter_bytes,duration_ns\n";
// Layers of 100, 200 and 300 ns; a block adds 50.
const std::string kLayers =
    "execute,linear,a,1,10,1,150\nexecute,pool,b,1,20,2,250\nexecute,linear,c,1,30,4,350\n";

TEST(FitLayers, BlocksTellWhatTheyAdd) {
    const LayerTimes alone = layer_times(measured(kHead + kLayers), "");
    EXPECT_EQ(alone.per_block, std::nullopt);
    EXPECT_EQ(alone.layers.at(2).ns, 350);
    const LayerTimes times =
        layer_times(measured(kHead + kLayers + "execute,,a..b,2,30,3,350\n"), "");
    EXPECT_EQ(times.blocks, 1);
    EXPECT_NEAR(times.per_block.value(), 50, 1e-9);
    ASSERT_EQ(times.layers.size(), 3U);
    EXPECT_NEAR(times.layers[0].ns, 100, 1e-9);
    EXPECT_NEAR(times.layers[1].ns, 200, 1e-9);
    EXPECT_NEAR(times.layers[2].ns, 300, 1e-9);
}

TEST(FitLayers, ABlockMustBeTheLayersThatItNames) {
    const auto per_block = [](const std::string& row) {
        return layer_times(measured(kHead + kLayers + row), "").per_block;
    };
    EXPECT_TRUE(per_block("execute,,net,3,60,7,650\n"));    // the model's name
    EXPECT_FALSE(per_block("execute,,a..c,2,30,3,350\n"));  // other layers
    EXPECT_FALSE(per_block("execute,,a..b,2,31,3,350\n"));  // other FLOPs
    EXPECT_FALSE(per_block("execute,,a..b,2,30,4,350\n"));  // other bytes
    EXPECT_FALSE(per_block("execute,,a..b,4,30,3,350\n"));  // more layers than there are
}

TEST(FitLayers, NeverNegativeNorMoreThanTheShortestLayer) {
    const auto per_block = [](const std::string& ns) {
        return *layer_times(measured(kHead + kLayers + "execute,,a..c,3,60,7," + ns + "\n"), "")
                    .per_block;
    };
    EXPECT_EQ(per_block("900"), 0);
    EXPECT_EQ(per_block("10"), 150);
}

// Layers of random times, blocks of neighbours: least squares finds what blocks add.
TEST(FitLayers, FindWhatRandomBlocksAdd) {
    SWAPLAB_FOR_SEEDS(seed, 1, 20) {
        testing::Rng rng(seed);
        const std::int64_t count = rng.between(4, 40);
        const double added = 1000 + 30'000 * rng.unit();
        const auto noisy = [&](double ns) { return ns * (1 + 0.02 * (rng.unit() - 0.5)); };
        std::vector<double> layers;
        std::string table = kHead;
        for (std::int64_t i = 0; i < count; ++i) {
            layers.push_back(static_cast<double>(rng.between(50'000, 1'000'000)));
            for (int repeat = 0; repeat < 20; ++repeat)
                table += text("execute,linear,l{},1,{},{},{}\n", i, i + 1, i + 1,
                              noisy(layers.back() + added));
        }
        for (std::int64_t first = 0; first + 1 < count; first += 3) {
            const std::int64_t last = std::min(count, first + rng.between(2, 8));
            double sum = added;
            std::int64_t weight = 0;
            for (std::int64_t i = first; i < last; ++i) {
                sum += layers[static_cast<std::size_t>(i)];
                weight += i + 1;
            }
            for (int repeat = 0; repeat < 20; ++repeat)
                table += text("execute,,l{}..l{},{},{},{},{}\n", first, last - 1, last - first,
                              weight, weight, noisy(sum));
        }
        const LayerTimes times = layer_times(measured(table), "");
        EXPECT_NEAR(times.per_block.value(), added, 2500);
        double whole = 0, told = 0;
        for (std::size_t i = 0; i < layers.size(); ++i) {
            whole += layers[i];
            told += times.layers[i].ns;
        }
        EXPECT_NEAR(told / whole, 1, 0.01);
    }
}

TEST(FitLayers, LinesAreWithoutWhatBlocksAdd) {
    const FittedDevice device = fitted(kHead + kLayers + "execute,,a..c,3,60,7,650\n");
    const ExecuteSpec& execute = device.platform.nodes[0].execute;
    EXPECT_NEAR(execute.other.per_block, 50, 1e-9);
    // Layers one by one cost what they took, and the block what it took.
    const LinearCost& linear = execute.of(OpClass::linear);
    EXPECT_NEAR(cost_ns(linear, {Bytes{1}, 0, 1, 10, {}}), 100, 1e-6);
    EXPECT_NEAR(cost_ns(execute.of(OpClass::pool), {Bytes{2}, 0, 1, 20, {}}), 200, 1e-6);
    // What has no line of its own goes by all layers: 10 ns per FLOP.
    EXPECT_NEAR(cost_ns(execute.of(OpClass::norm), {Bytes{2}, 0, 1, 20, {}}), 250, 1e-6);
}

TEST(FitLayers, GoIntoTheModel) {
    ModelSpec spec;
    spec.name = "net";
    for (const auto& [name, bytes] : {std::pair{"a", 1}, std::pair{"b", 2}, std::pair{"c", 4}}) {
        Layer layer;
        layer.name = name;
        layer.parameter_bytes = {bytes};
        if (!spec.layers.empty())
            layer.inputs = {LayerId{static_cast<std::uint32_t>(spec.layers.size() - 1)}};
        spec.layers.push_back(layer);
    }
    const Measurements all = measured(kHead + kLayers + "execute,,net,3,60,7,650\n");
    const Model told = with_measured_layers(all, Model(spec), {"board", ""});
    EXPECT_EQ(told.spec().measured_on, "board");
    EXPECT_EQ(told.layer({1}).execute, nanoseconds(200));
    const Model back = read_model(parse_json(write_model(told), "net.json"));
    EXPECT_EQ(back.spec(), told.spec());
    spec.layers[2].name = "d";
    EXPECT_EQ(error_of([&] {
                  with_measured_layers(all, Model(spec), {"board", ""});
              }),
              "m.csv: no execute rows of layer \"d\" of \"net\" (4 bytes of parameters) by itself: "
              "expected some, labelled with its name");
}

TEST(RestStep, IsWhereTheLeastIsLeftOver) {
    const auto step = rest_step({{1, 0}, {2, 1}, {5, 101}, {9, 99}, {12, 100}});
    ASSERT_TRUE(step);
    EXPECT_EQ(step->gap, 5);
    EXPECT_NEAR(step->extra, 100, 1e-9);
    EXPECT_EQ(step->rows, 3);
}

TEST(RestStep, NeedsMoreThanChance) {
    EXPECT_FALSE(rest_step({{1, 10}, {2, -10}, {3, 11}, {4, -12}, {5, 10}}));
    EXPECT_FALSE(rest_step({{1, -10}, {2, -10}, {3, -9}}));  // faster is no cost
    EXPECT_FALSE(rest_step({{1, 0}, {2, 0}}));
}

const std::string kReads = "activity,label,parameter_bytes,state,gap_ns,duration_ns\n";

TEST(Fit, RestsThatRowsTell) {
    const std::string alone = "read,a,1000,,,1500\nread,b,3000,,,2500\n";
    const FittedDevice device =
        fitted(kReads + alone +
               "read,a,1000,after_idle,10,1500\nread,b,3000,after_idle,20,2500\n"
               "read,a,1000,after_idle,30,1700\nread,b,3000,after_idle,90,2700\n");
    EXPECT_EQ(device.platform.nodes[0].read.after_idle,
              (AfterIdle{nanoseconds(30), nanoseconds(200)}));
    const FittedDevice none = fitted(kReads + alone + "read,a,1000,after_idle,10,1500\n");
    EXPECT_FALSE(none.platform.nodes[0].read.after_idle);
}

TEST(Fit, HandOffsComeBeforeEveryCommand) {
    // Reads wait 10 and 30 ns, assemblies 40: (20 + 40) / 2. Releases have no lane.
    const FittedDevice device = fitted(
        "activity,hand_off_ns,duration_ns\nread,10,5\nread,30,5\nassemble,40,1\nrelease,900,1\n");
    EXPECT_EQ(device.platform.nodes[0].host_per_command, nanoseconds(30));
    EXPECT_EQ(fitted("activity,duration_ns\nread,5\n").platform.nodes[0].host_per_command,
              Duration::zero());
}

TEST(Fit, MachineNotesGoIntoTheDevice) {
    const FittedDevice device = fitted(
        "# alignment_bytes: 4096\n# read_depth: 8\n# cores: 2\n# kernel: Linux 6.1\n"
        "# storage: io_uring\nactivity,parameter_bytes,request_bytes,duration_ns\n"
        "read,100,1024,5\nread,200,1024,6\n");
    const Node& node = device.platform.nodes[0];
    EXPECT_EQ(node.memory.alignment, Bytes{4096});
    EXPECT_EQ(node.read.depth, 8);
    EXPECT_EQ(node.read.cost.request_bytes, Bytes{1024});
    EXPECT_EQ(node.host_cores, 2);
    EXPECT_NE(device.platform.provenance.source.find("kernel Linux 6.1; storage io_uring"),
              std::string::npos)
        << device.platform.provenance.source;
    EXPECT_EQ(read_device(parse_json(write_device(device.platform), "d.json")), device.platform);
}

TEST(Fit, NotesOfMachinesHavePositions) {
    const std::string head = "activity,duration_ns,gap_ns\nread,1,2\n";
    const std::pair<std::string, std::string> cases[] = {
        {"# errors: small\n" + head,
         "m.csv:1:11: errors: expected relative or absolute, found \"small\""},
        {"# alignment_bytes: 0\n" + head,
         "m.csv:1:20: alignment_bytes: expected a whole number above 0, found \"0\""},
        {"# read_depth: 1025\n" + head,
         "m.csv:1:15: read_depth: expected at most 1024, found \"1025\""},
        {"# kernal: 6\n" + head, "m.csv:1:3: unknown note \"kernal\" (did you mean 'kernel'?)"},
        {"activity,duration_ns,gap_ns\nread,1,-2\n",
         "m.csv:2:8: gap_ns: expected a finite number that is not negative, found \"-2\""},
    };
    for (const auto& [table, expected] : cases)
        EXPECT_EQ(error_of([&, t = table] { measured(t); }), expected);
}

// 0.5 ns/B + 1000; one large read errs by as many per cent as the small ones, but by far more ns.
TEST(Fit, RelativeErrorsDoNotLetLargeRowsDecideSmallOnes) {
    const std::string head = "activity,label,parameter_bytes,duration_ns\n";
    const std::string rows =
        "read,a,1000,1500\nread,b,2000,2000\nread,c,3000,2500\nread,d,1000000,520000\n"
        "read,e,2000000,950000\n";
    const auto small = [](const FittedDevice& device) {
        return cost_ns(device.platform.nodes[0].read.cost, {Bytes{1000}, 0, 0, 0, {}});
    };
    EXPECT_NEAR(small(fitted("# errors: relative\n" + head + rows)), 1500, 60);
    EXPECT_GT(std::abs(small(fitted(head + rows)) - 1500), 1000);
}

TEST(Fit, SamplesFarOutAreSetAside) {
    std::string table = "# errors: relative\nactivity,label,parameter_bytes,duration_ns\n";
    for (int i = 0; i < 12; ++i) table += text("read,a,1000,{}\n", 100 + i % 3);
    table += "read,a,1000,90000\n";
    const FittedDevice device = fitted(table);
    EXPECT_NEAR(device.platform.nodes[0].read.cost.per_block, 101, 1e-9);
    ASSERT_FALSE(device.notes.empty());
    EXPECT_NE(device.notes.back().find("1 of 13 samples lie far out"), std::string::npos)
        << device.notes.back();
}

TEST(Repeats, FewValuesHaveNoFence) {
    EXPECT_EQ(without_far_out({1, 1, 1, 99}).size(), 4U);
    EXPECT_EQ(without_far_out({1, 1, 1, 1, 1, 1, 1, 99}).size(), 7U);
    EXPECT_EQ(without_far_out({1, 2, 3, 4, 5, 6, 7, 8}).size(), 8U);
}

}  // namespace
}  // namespace swaplab
