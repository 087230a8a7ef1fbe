// Measuring a simulated device and fitting the measurements must give the device back.
#include "experiments/measure/profiler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "experiments/measure/samples.h"
#include "profiles/base/text.h"
#include "profiles/fit/fit.h"
#include "sim/sim_device.h"
#include "tests/support/random.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"

namespace swaplab {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr auto kRead = static_cast<std::size_t>(Activity::read);
constexpr auto kExecute = static_cast<std::size_t>(Activity::execute);

// Twelve layers of three classes, of 0 to 6 MiB and 0 to 4 tensors.
ModelPtr some_model() {
    ModelSpec spec;
    spec.name = "some";
    spec.input_bytes = {100'000};
    constexpr std::array ops{OpClass::conv2d, OpClass::linear, OpClass::norm};
    for (std::int64_t i = 0; i < 12; ++i) {
        Layer layer;
        layer.name = text("layer{}", i);
        layer.op = ops[static_cast<std::size_t>(i % 3)];
        if (i > 0) layer.inputs = {LayerId{static_cast<std::uint32_t>(i - 1)}};
        layer.parameter_bytes = {i == 5 ? 0 : (i * i * 37 % 13 + 1) * kMiB / 2};
        layer.parameter_tensors = i == 5 ? 0 : i * 5 % 4 + 1;
        layer.macs = (i * 7 % 5 + 1) * 2'000'000;
        layer.output_bytes = {(i * 3 % 7 + 1) * 100'000};
        spec.layers.push_back(layer);
    }
    return std::make_shared<const Model>(spec);
}

Platform some_platform() {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.name = "board";
    node.memory.capacity = {std::int64_t{1} << 33};
    node.memory.unified = true;
    node.memory.alignment = {4096};
    node.host_cores = 6;
    node.read.cost.per_byte = 0.5;
    node.read.cost.per_block = 150'000;
    node.read.concurrency = {1, 1.5, 1.8, 1.7};
    node.read.after_idle = AfterIdle{nanoseconds(3'000'000), nanoseconds(200'000)};
    node.cost(Activity::copy).per_byte = 0.1;
    node.cost(Activity::copy).per_block = 10'000;
    node.cost(Activity::instantiate).per_byte = 0.02;
    node.cost(Activity::assemble).per_tensor = 7'000;
    node.cost(Activity::release).per_tensor = 2'000;
    node.execute.other.per_flop = 0.4;
    node.execute.other.per_layer = 60'000;
    node.execute.other.per_block = 40'000;
    auto& linear = node.execute.by_op[static_cast<std::size_t>(OpClass::linear)].emplace();
    linear.per_flop = 0.3;
    linear.per_byte = 0.2;
    linear.per_layer = 20'000;
    node.contention[kExecute][kRead] = 1.25;  // executing beside reads
    node.contention[kRead][kExecute] = 1.1;
    return platform;
}

// Time that passes by the number of questions, so that tests do not depend on the machine.
ProfileOptions options_for(const Model& model) {
    ProfileOptions options;
    options.memory = {model.parameter_bytes().count + model.layer_count() * 4096};
    options.elapsed = [] { return Duration::zero(); };
    return options;
}

FittedDevice fitted_of(const Profile& profile) {
    return fit_device(profile.measurements, {"board", ""});
}

TEST(Profiler, GivesBackTheDeviceThatItMeasured) {
    const ModelPtr model = some_model();
    const Platform truth = some_platform();
    const Profile profile = profile_model(model, truth, make_sim_device, options_for(*model));
    EXPECT_TRUE(profile.reached);
    EXPECT_EQ(profile.rounds, 3);
    const FittedDevice fitted = fitted_of(profile);
    const Node& node = fitted.platform.nodes[0];
    const Node& real = truth.nodes[0];
    EXPECT_NEAR(node.read.cost.per_byte, 0.5, 1e-4);
    EXPECT_NEAR(node.read.cost.per_block, 150'000, 200);
    ASSERT_EQ(node.read.concurrency.size(), 4U);
    // Reads of several sizes are behind their first bytes together as often as independent ones
    // are.
    for (std::size_t k = 0; k < 4; ++k)
        EXPECT_NEAR(node.read.concurrency[k], real.read.concurrency[k], 0.04) << k;
    ASSERT_TRUE(node.read.after_idle);
    EXPECT_NEAR(static_cast<double>(count_ns(node.read.after_idle->extra)), 200'000, 500);
    EXPECT_GE(node.read.after_idle->gap, nanoseconds(3'000'000));
    EXPECT_LE(node.read.after_idle->gap, nanoseconds(5'100'000));
    EXPECT_NEAR(node.cost(Activity::copy).per_byte, 0.1, 1e-4);
    EXPECT_NEAR(node.cost(Activity::copy).per_block, 10'000, 10);
    EXPECT_NEAR(node.cost(Activity::instantiate).per_byte, 0.02, 1e-4);
    EXPECT_NEAR(node.cost(Activity::assemble).per_tensor, 7'000, 1);
    EXPECT_NEAR(node.cost(Activity::release).per_tensor, 2'000, 1);
    EXPECT_NEAR(node.execute.other.per_block, 40'000, 10);
    const LinearCost& linear = node.execute.of(OpClass::linear);
    EXPECT_NEAR(linear.per_flop, 0.3, 1e-3);
    EXPECT_NEAR(linear.per_byte, 0.2, 1e-3);
    EXPECT_NEAR(node.execute.of(OpClass::conv2d).per_flop, 0.4, 1e-3);
    EXPECT_NEAR(node.contention[kExecute][kRead], 1.25, 0.01);
    EXPECT_NEAR(node.contention[kRead][kExecute], 1.1, 0.005);
    EXPECT_EQ(node.memory.alignment.count, 4096);
    EXPECT_EQ(node.memory.capacity, real.memory.capacity);
    EXPECT_EQ(node.host_cores, 6);
    EXPECT_TRUE(fitted.platform.provenance.measured);
}

// What each layer takes, and the whole model as one block.
TEST(Profiler, TablesAndAnchorsHoldWhatTheDeviceTakes) {
    const ModelPtr model = some_model();
    const Platform truth = some_platform();
    const Profile profile = profile_model(model, truth, make_sim_device, options_for(*model));
    const CostModel cost(*model, truth);
    const Model told = with_measured_layers(profile.measurements, *model, {"board", ""});
    EXPECT_EQ(told.spec().measured_on, "board");
    for (std::uint32_t l = 0; l < model->layer_count(); ++l)
        EXPECT_NEAR(static_cast<double>(count_ns(told.layer({l}).execute.value())),
                    cost.execute_unit_ns(UnitId{l}), 20)
            << l;
    const auto anchors = anchors_of(profile.measurements, *model, {"board", ""});
    EXPECT_NEAR(static_cast<double>(count_ns(anchors.at("board"))),
                cost.ns(Activity::execute, model->whole()), 2);
}

double off(double predicted, double actual) {
    return actual == 0 ? predicted : std::abs(predicted / actual - 1);
}

// Blocks of any cut, on any device, take what is predicted from its measurements.
TEST(Profiler, PredictsBlocksOfRandomDevices) {
    testing::PlatformShape devices;
    devices.fractional = true;
    devices.free_hand_offs = false;
    devices.requests = false;
    testing::ModelShape models;
    models.least_layers = 6;
    models.percent_branches = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, 30) {
        const ModelPtr model = testing::random_model(seed, models);
        const Platform truth = testing::random_platform(seed, devices);
        const Profile profile = profile_model(model, truth, make_sim_device, options_for(*model));
        const FittedDevice fitted = fit_device(profile.measurements, {truth.name, ""});
        const Model told = with_measured_layers(profile.measurements, *model, {truth.name, ""});
        const CostModel actual(*model, truth);
        const CostModel predicted(told, fitted.platform);
        const std::uint32_t half = model->layer_count() / 2;
        for (const UnitRange block :
             {model->whole(), UnitRange{0, half}, UnitRange{half, model->unit_count()}}) {
            const double scale =
                1000 + actual.ns(Activity::read, block) + actual.ns(Activity::execute, block);
            EXPECT_NEAR(predicted.ns(Activity::read, block), actual.ns(Activity::read, block),
                        scale * 2e-3);
            EXPECT_NEAR(predicted.ns(Activity::execute, block), actual.ns(Activity::execute, block),
                        scale * 2e-3);
            EXPECT_NEAR(predicted.ns(Activity::assemble, block),
                        actual.ns(Activity::assemble, block), scale * 2e-3);
            EXPECT_NEAR(predicted.ns(Activity::release, block), actual.ns(Activity::release, block),
                        scale * 2e-3);
        }
    }
}

TEST(Profiler, AveragesNoiseOut) {
    const ModelPtr model = some_model();
    Platform truth = some_platform();
    truth.nodes[0].noise.cv[kRead] = truth.nodes[0].noise.cv[kExecute] = 0.05;
    SWAPLAB_FOR_SEEDS(seed, 1, 5) {
        ProfileOptions options = options_for(*model);
        options.noise = NoiseKey{seed, 0};
        options.error = 0.003;
        const Profile profile = profile_model(model, truth, make_sim_device, options);
        EXPECT_TRUE(profile.reached);
        EXPECT_GT(profile.rounds, 3);
        const Node node = fitted_of(profile).platform.nodes[0];
        const Model told = with_measured_layers(profile.measurements, *model, {"board", ""});
        double whole = 0;
        for (const Layer& layer : told.layers())
            whole += static_cast<double>(count_ns(layer.execute.value()));
        whole += node.execute.other.per_block;
        const CostModel cost(*model, truth);
        EXPECT_LT(off(whole, cost.ns(Activity::execute, model->whole())), 0.025);
        EXPECT_LT(
            off(cost_ns(node.read.cost, {Bytes{4 * kMiB}, 2, 1, 0, {}}), 0.5 * 4 * kMiB + 150'000),
            0.02);
        EXPECT_NEAR(node.contention[kExecute][kRead], 1.25, 0.04);
        EXPECT_NEAR(node.contention[kRead][kExecute], 1.1, 0.04);
        EXPECT_NEAR(node.noise.cv[kRead], 0.05, 0.015);
        EXPECT_NEAR(node.noise.cv[kExecute], 0.05, 0.015);
    }
}

TEST(Profiler, StopsWhenTimeIsUp) {
    const ModelPtr model = some_model();
    Platform truth = some_platform();
    truth.nodes[0].noise.cv[kExecute] = 0.2;
    ProfileOptions options = options_for(*model);
    options.noise = NoiseKey{1, 0};
    options.error = 1e-9;
    std::int64_t asked = 0;
    options.elapsed = [&] { return nanoseconds(++asked * 1'000'000'000); };
    options.time_limit = nanoseconds(60'000'000'000);
    std::vector<std::string> told;
    options.tell = [&](const std::string& what) { told.push_back(what); };
    const Profile profile = profile_model(model, truth, make_sim_device, options);
    EXPECT_FALSE(profile.reached);
    EXPECT_GE(profile.rounds, 1);
    EXPECT_LT(profile.rounds, 60);
    ASSERT_GE(told.size(), 3U);
    EXPECT_NE(told[0].find("60.00 s"), std::string::npos) << told[0];
    EXPECT_NE(told[1].find("a round takes about"), std::string::npos) << told[1];
}

TEST(Profiler, SaysWhatItCouldNotMeasure) {
    const ModelPtr model = some_model();
    ProfileOptions options = options_for(*model);
    options.memory = {14 * kMiB};  // not the whole model
    const Profile profile = profile_model(model, some_platform(), make_sim_device, options);
    const auto missed = [&](const std::string& what) {
        return std::ranges::any_of(profile.missing, [&](const NotMeasured& missing) {
            return missing.what.find(what) != std::string::npos && !missing.why.empty();
        });
    };
    EXPECT_TRUE(missed("anchor"));
    EXPECT_TRUE(missed("execute warm"));
    EXPECT_FALSE(missed("read beside execute"));
    options.memory = {kMiB};
    try {
        profile_model(model, some_platform(), make_sim_device, options);
        FAIL() << "a layer of 6 MiB in 1 MiB";
    } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find("do not hold layer"), std::string::npos)
            << error.what();
    }
}

TEST(Profiler, WritesAFileThatReadsBack) {
    const ModelPtr model = some_model();
    Profile profile = profile_model(model, some_platform(), make_sim_device, options_for(*model));
    Measurements& all = profile.measurements;
    all.name = "board, \"mine\"";
    all.read_depth = 8;
    all.conditions["kernel"] = "Linux 6";
    std::ostringstream written;
    write_measurements(all, written);
    const Measurements read = read_measurements(parse_csv(written.str(), "m.csv"));
    ASSERT_EQ(read.rows.size(), all.rows.size());
    EXPECT_EQ(read.name, all.name);
    EXPECT_EQ(read.read_depth, 8);
    EXPECT_EQ(read.alignment, Bytes{4096});
    EXPECT_TRUE(read.relative_errors);
    EXPECT_EQ(read.conditions, all.conditions);
    std::ostringstream again;
    write_measurements(read, again);
    EXPECT_EQ(again.str(), written.str());
}

TEST(Covered, CountsInstantsOnceAndIntervalsEach) {
    Covered covered;
    covered.add(at_ns(0), at_ns(10));
    covered.add(at_ns(5), at_ns(20));
    covered.add(at_ns(40), at_ns(50));
    covered.finish();
    EXPECT_EQ(covered.within(at_ns(0), at_ns(60)), 30);
    EXPECT_EQ(covered.sum_within(at_ns(0), at_ns(60)), 35);
    EXPECT_EQ(covered.within(at_ns(8), at_ns(45)), 17);
    EXPECT_EQ(covered.sum_within(at_ns(8), at_ns(45)), 2 + 12 + 5);
    EXPECT_EQ(covered.within(at_ns(21), at_ns(39)), 0);
}

}  // namespace
}  // namespace swaplab
