#include "profiles/device/device_file.h"

#include <gtest/gtest.h>

#include <string>

#include "profiles/base/text.h"
#include "tests/profiles/samples.h"

namespace swaplab {
namespace {

constexpr std::string_view kMinimal =
    R"({"schema": "swaplab/device/1", "name": "d", "compute": "cpu",
"memory": {"capacity_bytes": 1000, "unified": false}})";

Platform read(std::string_view text) {
    return read_device(parse_json(std::string(text), "d.json"));
}
std::string read_error(std::string_view text) {
    return error_of([&] { read(text); });
}
// The minimal device with one more section, which begins at 2:14 (its key) and 3 (its value).
std::string with_section(const std::string& section) {
    return std::string(kMinimal.substr(0, kMinimal.size() - 1)) + ",\n" + section + "}";
}

TEST(DeviceFile, ReadsEveryKey) {
    const Platform platform = read(kDeviceSample);
    ASSERT_EQ(platform.nodes.size(), 1U);
    EXPECT_EQ(platform.name, "board");
    const Node& node = platform.node({});
    EXPECT_EQ(node.name, "board");
    EXPECT_EQ(node.compute, ComputeKind::gpu);
    const MemorySpec memory{.capacity = {8589934592},
                            .unified = true,
                            .concurrent_managed_access = true,
                            .alignment = {4096},
                            .reserved = {1048576},
                            .fresh_ns_per_byte = 0.25};
    EXPECT_EQ(node.memory, memory);
    EXPECT_EQ(node.host_cores, 6);
    EXPECT_EQ(node.host_per_command, nanoseconds(700));
    const LinearCost read_cost{
        .per_byte = 0.5, .per_request = 80000, .request_bytes = Bytes{1048576}};
    EXPECT_EQ(node.read.cost, read_cost);
    EXPECT_EQ(node.read.concurrency, (std::vector<double>{1, 1.6, 1.8}));
    EXPECT_EQ(node.read.after_idle, (AfterIdle{nanoseconds(1000000), nanoseconds(1200000)}));
    EXPECT_EQ(node.cost(Activity::copy), (LinearCost{.per_byte = 0.1, .per_block = 10000}));
    EXPECT_EQ(node.cost(Activity::instantiate), (LinearCost{.per_byte = 0.01, .per_tensor = 3}));
    EXPECT_EQ(node.cost(Activity::assemble), (LinearCost{.per_byte = 0.001, .per_tensor = 20000}));
    EXPECT_EQ(node.assemble_lanes, 2U);
    EXPECT_EQ(node.cost(Activity::release), (LinearCost{.per_tensor = 5000}));
    EXPECT_EQ(node.cost(Activity::attach), (LinearCost{.per_block = 12}));
    EXPECT_EQ(node.cost(Activity::prefetch), (LinearCost{.per_byte = 0.07}));
}

TEST(DeviceFile, DropsTheReferenceToASchemaLikeAComment) {
    const Platform platform = read(with_section(R"("$schema": "device-1.schema.json")"));
    EXPECT_EQ(platform, read(kMinimal));
    EXPECT_EQ(device_hash(platform), device_hash(read(kMinimal)));
    EXPECT_EQ(read_error(with_section(R"("$schema": null)")),
              "d.json:3:12: $schema: expected a string, found null");
}

TEST(DeviceFile, ReadsEveryKeyOfExecution) {
    const ExecuteSpec execute = read(kDeviceSample).node({}).execute;
    EXPECT_EQ(execute.other, (LinearCost{.per_layer = 20000, .per_flop = 0.0023, .per_block = 5}));
    const LinearCost linear{.per_byte = 0.05, .per_flop = 0.002, .per_activation_byte = 1e-3};
    EXPECT_EQ(execute.of(OpClass::linear), linear);
    EXPECT_EQ(execute.of(OpClass::pool), LinearCost{});  // a row of zeros, not the `*` row
    EXPECT_EQ(execute.of(OpClass::conv2d), execute.other);
}

TEST(DeviceFile, ReadsEveryKeyOfTheRest) {
    const Platform platform = read(kDeviceSample);
    const Node& node = platform.node({});
    const auto factor = [&](Activity a, Activity b) {
        return node.contention[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)];
    };
    EXPECT_EQ(factor(Activity::execute, Activity::read), 1.05);
    EXPECT_EQ(factor(Activity::execute, Activity::copy), 0.9);
    EXPECT_EQ(factor(Activity::read, Activity::execute), 1.02);
    EXPECT_EQ(factor(Activity::read, Activity::copy), 1.0);
    EXPECT_EQ(node.noise.cv[static_cast<std::size_t>(Activity::read)], 0.03);
    EXPECT_EQ(node.noise.cv[static_cast<std::size_t>(Activity::copy)], 0.0);
    PowerSpec power{.idle_w = 4.2, .read_j_per_byte = 3e-9, .dram_j_per_byte = 6.4e-11};
    power.active_w[index_of(Activity::execute)] = 6.0;
    EXPECT_EQ(node.power, power);
    ASSERT_EQ(node.modes.size(), 2U);
    const Mode mode{.name = "15W",
                    .execute_scale = 1.3,
                    .copy_scale = 1.1,
                    .read_scale = 1.2,
                    .power_scale = 0.7,
                    .switching = nanoseconds(5000000)};
    EXPECT_EQ(node.modes[0], mode);
    EXPECT_EQ(node.modes[1], Mode{.name = "10W"});
    EXPECT_TRUE(platform.provenance.measured);
    EXPECT_EQ(platform.provenance.fit.at("execute.linear"), (FitQuality{0.97, 0.06, 142}));
    EXPECT_EQ(platform.provenance.coefficients.at("read.ns_per_byte"), "data sheet of the disk");
}

TEST(DeviceFile, WhatIsLeftOutCostsNothing) {
    Platform expected;
    expected.name = "d";
    expected.nodes.emplace_back();
    expected.nodes[0].name = "d";
    expected.nodes[0].memory.capacity = {1000};
    EXPECT_EQ(read(kMinimal), expected);
}

TEST(DeviceFile, ReadsBackWhatItWrites) {
    for (const std::string_view text : {kDeviceSample, kMinimal}) {
        const Platform platform = read(text);
        const std::string written = write_device(platform);
        const Platform again = read(written);
        EXPECT_EQ(again, platform);
        EXPECT_EQ(write_device(again), written);
        EXPECT_EQ(device_hash(again), device_hash(platform));
    }
    EXPECT_NE(device_hash(read(kDeviceSample)), device_hash(read(kMinimal)));
    EXPECT_NE(write_device(read(kDeviceSample)).find("\"x-type\": \"LPDDR4x\""), std::string::npos);
}

TEST(DeviceFile, CarriesExtrasOfSectionsItWouldNotWrite) {
    const Platform platform = read(with_section(
        R"("copy": {"x-a": 1}, "noise": {"x-b": 2}, "contention": {"read": {"x-c": 3}}, "execute": {"x-d": {}})"));
    EXPECT_EQ(platform.extras.size(), 4U);
    EXPECT_EQ(read(write_device(platform)), platform);
}

TEST(DeviceFile, NamesTheFieldAndItsPosition) {
    EXPECT_EQ(read_error(with(kDeviceSample, "\"gpu\"", "\"tpu\"")),
              "d.json:2:61: compute: expected \"gpu\" or \"cpu\", found the string \"tpu\"");
    EXPECT_EQ(
        read_error(with(kDeviceSample, "[1.0, 1.6", "[1.1, 1.6")),
        "d.json:8:28: read.concurrency[0]: expected 1, the speed of one read alone, found 1.1");
    EXPECT_EQ(read_error(with(kDeviceSample, "1.6, 1.8", "0, 1.8")),
              "d.json:8:33: read.concurrency[1]: expected a number > 0, found 0");
    EXPECT_EQ(read_error(with(kDeviceSample, "\"linear\": {", "\"liner\": {")),
              "d.json:13:15: execute.liner: unknown op class (did you mean 'linear'?)");
    EXPECT_EQ(read_error(with(kDeviceSample, "0.05,", "0.05, \"ns_per_block\": 1,")),
              "d.json:13:69: execute.linear.ns_per_block: only '*' has ns_per_block: it is added "
              "once per block");
    EXPECT_EQ(read_error(with(kDeviceSample, "\"read\": {\"execute\"", "\"raed\": {\"execute\"")),
              "d.json:18:58: contention.raed: unknown activity (did you mean 'read'?)");
    EXPECT_EQ(read_error(with(kDeviceSample, "\"read_cv\"", "\"raed_cv\"")),
              "d.json:19:13: noise.raed_cv: unknown key (did you mean 'read_cv'?)");
    EXPECT_EQ(read_error(with(kDeviceSample, "{\"name\": \"10W\"}", "{\"name\": \"15W\"}")),
              "d.json:22:66: modes[1].name: a mode named \"15W\" stands before");
    EXPECT_EQ(read_error(with(kDeviceSample, "\"unified\": true,", "")),
              "d.json:3:13: memory: missing key \"unified\"");
    EXPECT_EQ(read_error(with(kMinimal, ", \"compute\": \"cpu\"", "")),
              "d.json:1:1: missing key \"compute\"");
}

TEST(DeviceFile, OnlyKeysThatMakeSense) {
    EXPECT_EQ(read_error(with_section(R"("copy": {"request_bytes": 1})")),
              "d.json:3:10: copy.request_bytes: unknown key (known: ns_per_byte, ns_per_tensor, "
              "ns_per_layer, "
              "ns_per_flop, ns_per_activation_byte, ns_per_block)");
    EXPECT_EQ(read_error(with_section(R"("release": {"lanes": 1})")).substr(0, 40),
              "d.json:3:13: release.lanes: unknown key ");
    EXPECT_EQ(read_error(with_section(R"("contention": {"read": {"read": 2}})")),
              "d.json:3:25: contention.read.read: an activity is stretched by other kinds only "
              "(parallel reads: "
              "read.concurrency)");
    EXPECT_EQ(read_error(with_section(R"("mode": "15W")")),
              "d.json:3:1: mode: unknown key (did you mean 'modes'?)");
    EXPECT_EQ(read_error(with_section(R"("read": {"ns_per_request": 5})")), "no error");
}

TEST(DeviceFile, ReadsATableOfReads) {
    const Platform platform = read(with_section(
        R"("read": {"table": [[4096, 80000], [65536, 110588.5]], "ns_per_tensor": 3, "depth": 8})"));
    const ReadSpec& spec = platform.nodes[0].read;
    EXPECT_EQ(spec.table,
              (std::vector<ReadPoint>{{Bytes{4096}, 80'000}, {Bytes{65536}, 110'588.5}}));
    EXPECT_EQ(spec.cost.per_tensor, 3);
    EXPECT_EQ(read(write_device(platform)), platform);
}

TEST(DeviceFile, RefusesTablesThatSayTooMuchOrTooLittle) {
    const std::string rises = R"("table": [[1, 0], [2, 1.5]])";
    const std::pair<std::string, const char*> cases[] = {
        {rises + R"(, "ns_per_byte": 0)",
         "3:39: read.ns_per_byte: the `table` beside it says what bytes, requests and blocks cost"},
        {R"("ns_per_block": 1, )" + rises,
         "3:10: read.ns_per_block: the `table` beside it says what bytes, requests and blocks "
         "cost"},
        {R"("ns_per_request": 1, )" + rises,
         "3:10: read.ns_per_request: the `table` beside it says what bytes, requests and blocks "
         "cost"},
        {R"("table": [[1, 5]])", "3:19: read.table: expected at least two points [bytes, ns]"},
        {R"("table": [[1, 5], [2]])", "3:28: read.table[1]: expected [bytes, ns], found a list"},
        {R"("table": [[0, 5], [2, 6]])",
         "3:21: read.table[0][0]: expected a whole number > 0, found 0"},
        {R"("table": [[1, -5], [2, 6]])",
         "3:24: read.table[0][1]: expected a number >= 0, found -5"},
        {R"("table": [[3, 5], [3, 6]])",
         "3:29: read.table[1][0]: expected more than the 3 of the point before, found 3"},
        {R"("table": [[3, 5], [4, 5]])",
         "3:32: read.table[1][1]: expected more than the 5 of the point before, found 5"},
    };
    for (const auto& [keys, error] : cases)
        EXPECT_EQ(read_error(with_section(text("\"read\": {{{}}}", keys))),
                  std::string("d.json:") + error);
}

// Parts of assembly and release neither vary nor contend by themselves.
TEST(DeviceFile, SaysWhichCostsNothingActsOn) {
    const Platform platform = read(with_section(
        R"("noise": {"attach_cv": 0.1, "read_cv": 0.1}, "host": {"cores": 4},
        "contention": {"read": {"prefetch": 1.2, "copy": 1.3}, "instantiate": {"read": 1.4}})"));
    const Node& node = platform.nodes[0];
    EXPECT_EQ(costs_not_used_yet(node),
              (std::vector<std::string>{"contention.read.prefetch", "contention.instantiate.read",
                                        "noise.attach_cv"}));
    EXPECT_EQ(figures_not_used_yet(node).front(), "host.cores");
    EXPECT_TRUE(figures_not_used_yet(read(kMinimal).nodes[0]).empty());
}

TEST(DeviceFile, RefusesValuesOutOfRange) {
    const std::pair<const char*, const char*> cases[] = {
        {R"("read": {"ns_per_byte": -0.5})",
         "3:25: read.ns_per_byte: expected a number >= 0, found -0.5"},
        {R"("read": {"request_bytes": 0})",
         "3:27: read.request_bytes: expected a whole number > 0, found 0"},
        {R"("read": {"concurrency": []})", "3:25: read.concurrency: expected at least [1.0]"},
        {R"("read": {"after_idle": {"ns": 1e6}})",
         "3:31: read.after_idle.ns: expected a whole number >= 0, found 1e6"},
        {R"("read": {"after_idle": {"gap_ns": 4398046511104}})",
         "3:35: read.after_idle.gap_ns: expected less than 2^42 ns (73 minutes), found "
         "4398046511104"},
        {R"("assemble": {"lanes": 0})",
         "3:23: assemble.lanes: expected a whole number > 0, found 0"},
        {R"("assemble": {"lanes": 4294967297})",
         "3:23: assemble.lanes: expected at most 1024 lanes, found 4294967297"},
        {R"("contention": {"read": {"copy": 0}})",
         "3:33: contention.read.copy: expected a number > 0, found 0"},
        {R"("modes": [{"name": "a", "read_scale": -1}])",
         "3:39: modes[0].read_scale: expected a number > 0, found -1"},
        {R"("modes": {"name": "a"})", "3:10: modes: expected a list, found an object"},
        {R"("noise": {"read_cv": -1})", "3:22: noise.read_cv: expected a number >= 0, found -1"},
        {R"("execute": {"*": []})", "3:18: execute.*: expected an object, found a list"},
        {R"("provenance": {"measured": "no"})",
         "3:28: provenance.measured: expected true or false, found the string \"no\""},
    };
    for (const auto& [section, error] : cases) {
        EXPECT_EQ(read_error(with_section(section)), std::string("d.json:") + error);
    }
    const auto memory = [](const char* replacement) {
        return read_error(with(kMinimal, "1000", replacement));
    };
    EXPECT_EQ(memory("0"),
              "d.json:2:30: memory.capacity_bytes: expected a whole number > 0, found 0");
    EXPECT_EQ(memory(R"(1000, "reserved_bytes": 1001)"),
              "d.json:2:54: memory.reserved_bytes: expected at most capacity_bytes, found 1001");
    EXPECT_EQ(memory(R"(1000, "alignment_bytes": 0)"),
              "d.json:2:55: memory.alignment_bytes: expected a whole number > 0, found 0");
    EXPECT_EQ(memory(R"(1000, "alignment_bytes": 1073741825)"),
              "d.json:2:55: memory.alignment_bytes: expected an alignment of at most 1 GiB, found "
              "1073741825");
}

TEST(DeviceFile, TablesByModeAndDtype) {
    const Platform platform = read(with_section(
        R"("execute_by_dtype": {"float16": {"*": {"ns_per_layer": 3}, "pool": {"ns_per_flop": 4}}},
           "modes": [{"name": "a", "execute": {"*": {"ns_per_block": 5}},
                      "execute_by_dtype": {"float16": {"*": {"ns_per_block": 6}}}}])"));
    const Node& node = platform.nodes[0];
    EXPECT_EQ(node.execute_by_dtype.at("float16").of(OpClass::pool).per_flop, 4);
    EXPECT_EQ(node.execute_table(nullptr, "float16").other.per_layer, 3);
    EXPECT_EQ(node.execute_table(nullptr, "float32"), node.execute);
    EXPECT_EQ(node.execute_table(&node.modes[0], "float32").other.per_block, 5);
    EXPECT_EQ(node.execute_table(&node.modes[0], "float16").other.per_block, 6);
    EXPECT_EQ(read(write_device(platform)), platform);
    const auto mode_error = [](const std::string& rest) {
        return read_error(with_section(R"("modes": [{"name": "a", )" + rest + "}]"));
    };
    EXPECT_NE(mode_error(R"("execute_scale": 2, "execute": {})").find("expected 1 or nothing"),
              std::string::npos);
    EXPECT_EQ(mode_error(R"("execute_scale": 1, "execute": {})"), "no error");
    EXPECT_NE(mode_error(R"("execute_by_dtype": {})").find("needs an `execute` beside it"),
              std::string::npos);
}

TEST(DeviceFile, PowerByActivityAndMode) {
    const Platform platform = read(with_section(
        R"("power": {"idle_w": 4, "read_w": 1, "copy_w": 2, "assemble_w": 3, "execute_w": 5,
                     "dram_j_per_byte": 1e-9},
           "modes": [{"name": "scaled", "power_scale": 0.5},
                     {"name": "own", "power": {"idle_w": 3, "execute_w": 2}},
                     {"name": "unknown", "power": null}, {"name": "same"}])"));
    const Node& node = platform.nodes[0];
    PowerSpec power{.idle_w = 4, .dram_j_per_byte = 1e-9};
    power.active_w[index_of(Activity::read)] = 1;
    power.active_w[index_of(Activity::copy)] = 2;
    power.active_w[index_of(Activity::assemble)] = 3;
    power.active_w[index_of(Activity::execute)] = 5;
    EXPECT_EQ(node.power, power);
    EXPECT_EQ(node.power_in(""), power);
    EXPECT_EQ(node.power_in("same"), power);
    // What is above idle, and neither idling nor what bytes take.
    for (double& watts : power.active_w) watts /= 2;
    EXPECT_EQ(node.power_in("scaled"), power);
    PowerSpec own{.idle_w = 3};
    own.active_w[index_of(Activity::execute)] = 2;
    EXPECT_EQ(node.power_in("own"), own);
    EXPECT_EQ(node.power_in("unknown"), std::nullopt);
    EXPECT_EQ(read(write_device(platform)), platform);
    const auto power_error = [](const std::string& rest) {
        return read_error(with_section(R"("modes": [{"name": "a", )" + rest + "}]"));
    };
    EXPECT_NE(power_error(R"("power_scale": 2, "power": {})").find("expected 1 or nothing"),
              std::string::npos);
    EXPECT_NE(power_error(R"("power_scale": 2, "power": null)").find("expected 1 or nothing"),
              std::string::npos);
    EXPECT_EQ(power_error(R"("power_scale": 1, "power": {})"), "no error");
    // No system writes anything, and a release needs no lane.
    for (const char* unknown : {"write_w", "release_w", "instantiate_w"})
        EXPECT_NE(
            read_error(with_section(text(R"("power": {{"{}": 1}})", unknown))).find("unknown key"),
            std::string::npos)
            << unknown;
}

TEST(DeviceFile, Drift) {
    const Platform platform = read(with_section(
        R"("noise": {"read_cv": 0.1, "drift": {"execute_cv": 0.2, "correlation_ns": 5000000}})"));
    NoiseSpec noise;
    noise.cv[index_of(Activity::read)] = 0.1;
    noise.drift.emplace().correlation = nanoseconds(5'000'000);
    noise.drift->cv[index_of(Activity::execute)] = 0.2;
    EXPECT_EQ(platform.nodes[0].noise, noise);
    EXPECT_EQ(read(write_device(platform)), platform);
    const auto drift_error = [](const std::string& drift) {
        return read_error(with_section(R"("noise": {"drift": )" + drift + "}"));
    };
    EXPECT_NE(drift_error(R"({"read_cv": 0.1})").find("correlation_ns"), std::string::npos);
    EXPECT_NE(drift_error(R"({"correlation_ns": 999999})").find("expected at least 1000000 ns"),
              std::string::npos);
    // It is drawn with the assembly that it is a part of.
    EXPECT_NE(drift_error(R"({"correlation_ns": 1000000, "attach_cv": 1})").find("unknown key"),
              std::string::npos);
}

TEST(DeviceFile, KeepsWhatAFitWasDrawnFrom) {
    const Platform platform = read(with_section(
        R"("provenance": {"fit": {"read": {"r2": 1, "residual_cv": 0.1, "hull": {"flops": [1, 2]}}}})"));
    const FitQuality& fit = platform.provenance.fit.at("read");
    EXPECT_EQ(fit.hull.at("flops"), (Hull{1, 2}));
    EXPECT_EQ(fit.residual_cv, 0.1);
    EXPECT_EQ(fit.loo_mape, std::nullopt);
    EXPECT_EQ(read(write_device(platform)), platform);
    for (const char* hull : {"[1]", "[2, 1]", "[1, 2, 3]"}) {
        const std::string section =
            std::string(R"("provenance": {"fit": {"read": {"hull": {"flops": )") + hull + "}}}}";
        EXPECT_NE(read_error(with_section(section)).find("expected [least, greatest]"),
                  std::string::npos)
            << hull;
    }
}

}  // namespace
}  // namespace swaplab
