// The rules of the contract (Measurement file), one by one, and the way from measurements to a
// device and back.
#include "profiles/fit/fit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "profiles/base/text.h"
#include "profiles/cost/cost.h"
#include "profiles/device/device_file.h"
#include "tests/profiles/samples.h"
#include "tests/support/random.h"

namespace swaplab {
namespace {

Measurements measured(const std::string& table) {
    return read_measurements(parse_csv(table, "m.csv"));
}

FittedDevice fitted(const std::string& table, const std::string& own_mode = "") {
    return fit_device(measured(table), {"board", own_mode});
}

Node node_of(const std::string& table) { return fitted(table).platform.nodes.front(); }

std::string fit_error(const std::string& table, const std::string& own_mode = "") {
    return error_of([&] { fitted(table, own_mode); });
}

const FittedLine& line_named(const FittedDevice& device, const std::string& name) {
    for (const FittedLine& line : device.lines)
        if (line.of == name) return line;
    throw InputError("no line " + name);
}

bool noted(const FittedDevice& device, const std::string& part) {
    for (const std::string& note : device.notes)
        if (note.find(part) != std::string::npos) return true;
    return false;
}

const std::string kReads = "activity,parameter_bytes,duration_ns,depth,state,beside\n";
const std::string kTwoReads = kReads + "read,1000,1500,,,\nread,3000,2500,,,\n";  // 1000 + 0.5 b

TEST(MeasurementFile, ReadsEveryColumn) {
    const Measurements all = measured(
        "# name: orin\n# compute: gpu\n# capacity_bytes: 64\n# unified: false\n"
        "# after_idle_gap_ns: 7\n# x-who: me\n"
        "activity,op,label,parameter_bytes,tensors,layers,flops,activation_bytes,requests,"
        "request_bytes,depth,state,beside,memory_kind,mode,duration_ns,cpu_ns,run,dtype,x-t\n"
        "execute,linear,fc6,1,2,3,4,5,6,7,8,after_dma,read,pinned,15W,9.5,10,11,float16,z\n");
    EXPECT_EQ(all.name, "orin");
    EXPECT_EQ(all.compute, ComputeKind::gpu);
    EXPECT_EQ(all.capacity.count, 64);
    EXPECT_FALSE(all.unified);
    EXPECT_EQ(all.after_idle_gap, nanoseconds(7));
    const Measurement& row = all.rows.at(0);
    EXPECT_EQ(row.activity, Activity::execute);
    EXPECT_EQ(row.op, OpClass::linear);
    EXPECT_EQ(row.label, "fc6");
    EXPECT_EQ(row.features.bytes.count, 1);
    EXPECT_EQ(row.features.tensors, 2);
    EXPECT_EQ(row.features.layers, 3);
    EXPECT_EQ(row.features.flops, 4);
    EXPECT_EQ(row.features.activation_bytes.count, 5);
    EXPECT_EQ(row.requests, 6);
    EXPECT_EQ(row.request_bytes.count, 7);
    EXPECT_EQ(row.depth, 8);
    EXPECT_EQ(row.state, MeasuredState::after_dma);
    EXPECT_EQ(row.beside, Activity::read);
    EXPECT_EQ(row.memory_kind, "pinned");
    EXPECT_EQ(row.mode, "15W");
    EXPECT_EQ(row.dtype, "float16");
    EXPECT_EQ(row.duration_ns, 9.5);
    EXPECT_EQ(row.cpu_ns, 10);
    EXPECT_EQ(row.run, 11);
    EXPECT_EQ(row.line, 8);
}

TEST(MeasurementFile, MissingThingsHaveDefaults) {
    const Measurements all = measured("activity,duration_ns\nread,5\n");
    EXPECT_EQ(all.name, std::nullopt);
    EXPECT_EQ(all.compute, ComputeKind::cpu);
    EXPECT_TRUE(all.unified);
    EXPECT_EQ(all.capacity.count, 9223372036854775807);
    EXPECT_EQ(all.rows.at(0).features.layers, 0);
    EXPECT_EQ(all.rows.at(0).state, MeasuredState::unknown);
}

TEST(MeasurementFile, EveryMistakeHasItsPosition) {
    const std::string head = "activity,duration_ns,op,state,beside,depth,flops\n";
    const std::pair<std::string, std::string> cases[] = {
        {"activity,op\n", "m.csv:1:1: the column \"duration_ns\" is missing"},
        {"activity,duration_ns,flop\n",
         "m.csv:1:22: unknown column \"flop\" (did you mean 'flops'?)"},
        {"# nme: x\n" + head, "m.csv:1:3: unknown note \"nme\" (did you mean 'name'?)"},
        {"# name:\n" + head,
         "m.csv:1:8: name: expected a name of printable characters, found "
         "nothing"},
        {"# compute: tpu\n" + head, "m.csv:1:12: compute: expected gpu or cpu, found \"tpu\""},
        {"# capacity_bytes: 0\n" + head,
         "m.csv:1:19: capacity_bytes: expected a whole number above 0, found \"0\""},
        {"# unified: 1\n" + head, "m.csv:1:12: unified: expected true or false, found \"1\""},
        {"# after_idle_gap_ns: 4398046511104\n" + head,
         "m.csv:1:22: after_idle_gap_ns: expected less than 2^42 ns (73 minutes), found "
         "\"4398046511104\""},
        {head, "m.csv: no measurements below the header"},
        {head + "raed,1,,,,,\n",
         "m.csv:2:1: activity: unknown activity \"raed\" (did you mean "
         "'read'?)"},
        {head + "read,-1,,,,,\n",
         "m.csv:2:6: duration_ns: expected a finite number that is not "
         "negative, found \"-1\""},
        {head + "read,nan,,,,,\n",
         "m.csv:2:6: duration_ns: expected a finite number that is not "
         "negative, found \"nan\""},
        {head + "execute,1,liner,,,,\n",
         "m.csv:2:11: op: unknown op class \"liner\" (did you mean 'linear'?)"},
        {head + "read,1,,hot,,,\n",
         "m.csv:2:9: state: unknown state \"hot\" (known: warm, "
         "after_dma, after_idle, fresh)"},
        {head + "read,1,,,excute,,\n",
         "m.csv:2:10: beside: unknown activity \"excute\" (did you "
         "mean 'execute'?)"},
        {head + "read,1,,,read,,\n",
         "m.csv:2:10: beside: an activity is stretched by other kinds "
         "only (parallel reads: depth)"},
        {head + "read,1,,,,1025,\n", "m.csv:2:11: depth: expected at most 1024, found \"1025\""},
        {head + "read,1,,,,,1.5\n",
         "m.csv:2:12: flops: expected a whole number from 0 to 2^63-1, "
         "found \"1.5\""},
        // What no device could be asked to take, nor any model have.
        {head + "read,1e300,,,,,\n",
         "m.csv:2:6: duration_ns: expected at most 2^53 ns (104 days), found \"1e300\""},
        // A misfit's share of it would be no number.
        {head + "read,1e-320,,,,,\n",
         "m.csv:2:6: duration_ns: expected 0, or at least 1e-6 ns, found \"1e-320\""},
        {head + "read,1,,,,,1152921504606846977\n",
         "m.csv:2:12: flops: expected at most 2^60, found \"1152921504606846977\""},
    };
    for (const auto& [table, expected] : cases)
        EXPECT_EQ(error_of([&, t = table] { measured(t); }), expected);
}

TEST(Fit, LinesAreThoseThatMadeTheRows) {
    const LinearCost read = node_of(kTwoReads).read.cost;
    EXPECT_NEAR(read.per_byte, 0.5, 1e-9);
    EXPECT_NEAR(read.per_block, 1000, 1e-6);
}

TEST(Fit, TheConstantIsPerLayerWhereEveryRowIsOneLayer) {
    const std::string head = "activity,layers,tensors,duration_ns\n";
    const LinearCost one =
        node_of(head + "release,1,1,15\nrelease,1,3,25\n").cost(Activity::release);
    EXPECT_NEAR(one.per_layer, 10, 1e-9);
    EXPECT_EQ(one.per_block, 0);
    const LinearCost some =
        node_of(head + "release,1,1,15\nrelease,2,3,25\n").cost(Activity::release);
    EXPECT_EQ(some.per_layer, 0);
    EXPECT_NEAR(some.per_block, 10, 1e-9);
}

TEST(Fit, RowsWithoutAnOpOrOfSeveralLayersFeedTheRest) {
    const FittedDevice device = fitted(
        "activity,op,layers,flops,duration_ns\n"
        "execute,linear,1,10,120\nexecute,linear,1,20,140\n"  // 100 + 2 f
        "execute,,2,10,80\nexecute,linear,3,30,160\n");       // 40 + 4 f: two of them with an op
    const ExecuteSpec& execute = device.platform.nodes[0].execute;
    const LinearCost& linear = *execute.by_op[static_cast<std::size_t>(OpClass::linear)];
    EXPECT_NEAR(linear.per_flop, 2, 1e-9);
    EXPECT_NEAR(linear.per_layer, 100, 1e-9);
    EXPECT_EQ(linear.per_block, 0);
    EXPECT_NEAR(execute.other.per_flop, 4, 1e-9);
    EXPECT_NEAR(execute.other.per_block, 40, 1e-9);
    EXPECT_EQ(line_named(device, "execute.*").regression.samples, 2);
}

TEST(Fit, AnOpWithoutLayersIsOneLayer) {
    const FittedDevice device = fitted("activity,op,flops,duration_ns\nexecute,pool,0,9\n");
    EXPECT_EQ(line_named(device, "execute.pool").constant_key, "ns_per_layer");
    EXPECT_TRUE(noted(device, "no rows without an op class"));
}

TEST(Fit, OnlyParametersJustReadFeedExecute) {
    const FittedDevice device = fitted(
        "activity,state,duration_ns\n"
        "execute,after_dma,10\nexecute,,10\nexecute,warm,1\nexecute,fresh,99\n"
        "execute,after_idle,99\n");
    EXPECT_NEAR(device.platform.nodes[0].execute.other.per_block, 10, 1e-9);
    EXPECT_EQ(line_named(device, "execute.*").regression.samples, 2);
    for (const char* state : {"warm", "fresh", "after_idle"})
        EXPECT_TRUE(noted(device, std::string("1 execute rows of state ") + state));
}

TEST(Fit, WhatDoesNotVaryIsLeftOutAndNamed) {
    const FittedDevice device = fitted(
        "activity,parameter_bytes,tensors,duration_ns\nassemble,100,2,50\nassemble,200,2,60\n");
    for (const FittedTerm& term : line_named(device, "assemble").terms) {
        EXPECT_EQ(term.left_out,
                  term.feature == "parameter_bytes" ? LeftOut::no : LeftOut::does_not_vary);
    }
    EXPECT_EQ(device.platform.provenance.fit.at("assemble").hull,
              (std::map<std::string, Hull>{{"parameter_bytes", {100, 200}}}));
}

// 0.5 b + 80 for each request of 256 bytes.
TEST(Fit, RequestsOfReads) {
    const std::string head = "activity,parameter_bytes,requests,request_bytes,duration_ns\n";
    const std::string rows = "read,256,,256,208\nread,257,,256,288.5\nread,1000,,256,820\n";
    const LinearCost read = node_of(head + rows).read.cost;
    EXPECT_NEAR(read.per_byte, 0.5, 1e-9);
    EXPECT_NEAR(read.per_request, 80, 1e-9);
    EXPECT_EQ(read.request_bytes, Bytes{256});
    EXPECT_EQ(fit_error(head + "read,256,1,,208\nread,257,2,,288.5\nread,1000,4,,820\n"),
              "m.csv:2: read in several requests, but request_bytes says nothing");
}

TEST(Fit, DepthGivesConcurrency) {
    // 3000 bytes take 2500 ns alone; two at once in 1250, four in 625, interpolated at 3.
    const FittedDevice device = fitted(kTwoReads + "read,3000,1250,2,,\nread,3000,625,4,,\n");
    const std::vector<double>& speeds = device.platform.nodes[0].read.concurrency;
    ASSERT_EQ(speeds.size(), 4U);
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(speeds[k], static_cast<double>(k + 1), 1e-9);
    EXPECT_TRUE(noted(device, "depths 3 to 3 are interpolated"));
}

// A drive of which 4 KiB take 100 us alone, 60 at depth 2, 30 at 8, 25 at 16 and 20 at 32 (each:
// the time in which the requests in flight bring one): a read has 8 in flight and takes 30 us for
// each; two reads gain 30 / 25, four 30 / 20, three what lies between.
TEST(Fit, ASweepOverQueueDepthsIsTheDepthInsideAReadFirst) {
    const std::string head = "activity,parameter_bytes,requests,request_bytes,depth,duration_ns\n";
    const std::string rows =
        "read,4096,1,4096,1,100000\nread,4096,1,4096,2,60000\nread,4096,1,4096,8,30000\n"
        "read,4096,1,4096,16,25000\nread,4096,1,4096,32,20000\n";
    const FittedDevice device = fitted(head + rows);
    const ReadSpec& read = device.platform.nodes[0].read;
    EXPECT_EQ(read.depth, 8);
    EXPECT_NEAR(cost_ns(read.cost, {Bytes{4096}, 0, 0, 0, {}}), 30'000, 1e-6);
    ASSERT_EQ(read.concurrency.size(), 4U);
    EXPECT_NEAR(read.concurrency[1], 1.2, 1e-9);
    EXPECT_NEAR(read.concurrency[2], 1.35, 1e-9);
    EXPECT_NEAR(read.concurrency[3], 1.5, 1e-9);
    EXPECT_TRUE(noted(device, "a sweep over queue depths: a read has 8 in flight, 2 rows"));
    // Nothing deeper than a read itself was measured: nothing is gained.
    const FittedDevice shallow = fitted(head + rows.substr(0, rows.find("read,4096,1,4096,8")));
    EXPECT_EQ(shallow.platform.nodes[0].read.depth, 2);
    EXPECT_EQ(shallow.platform.nodes[0].read.concurrency, std::vector<double>{1});
    // Whole reads of a known depth are what they were.
    const FittedDevice whole = fitted("# read_depth: 8\n" + head + rows);
    EXPECT_EQ(whole.platform.nodes[0].read.concurrency.size(), 32U);
}

TEST(Fit, BesideGivesContention) {
    const Node node = node_of(kTwoReads + "read,3000,3000,,,execute\n");
    const auto factor = [&](Activity a, Activity b) {
        return node.contention[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)];
    };
    // 3000 bytes take 2500 ns alone, of which the first 1000 are stretched by nobody.
    EXPECT_NEAR(factor(Activity::read, Activity::execute), 2000.0 / 1500, 1e-9);
    EXPECT_EQ(factor(Activity::execute, Activity::read), 1);
    EXPECT_EQ(fit_error(kReads + "copy,1,1,,,\nread,3000,3000,,,execute\n"),
              "m.csv:3: needs rows of read by itself to compare with");
}

TEST(Fit, IdlenessAndFreshMemory) {
    const FittedDevice device =
        fitted(kTwoReads + "read,1000,1700,,after_idle,\nread,3000,4000,,fresh,\n");
    const Node& node = device.platform.nodes[0];
    EXPECT_EQ(node.read.after_idle, (AfterIdle{nanoseconds(100'000'000), nanoseconds(200)}));
    EXPECT_NEAR(node.memory.fresh_ns_per_byte, 0.5, 1e-9);
    EXPECT_TRUE(noted(device, "assumed 100 ms"));
    const Node told = node_of("# after_idle_gap_ns: 5\n" + kTwoReads +
                              "read,1000,1200,,after_idle,\n");  // not longer: no extra
    EXPECT_EQ(told.read.after_idle, (AfterIdle{nanoseconds(5), nanoseconds(0)}));
}

TEST(Fit, NoiseIsTheSpreadOfRepeatedSamples) {
    const auto cv = [](const std::string& rows) {
        return node_of("activity,label,parameter_bytes,duration_ns\n" + rows)
            .noise.cv[static_cast<std::size_t>(Activity::copy)];
    };
    // Two groups about 100 and 200: (90, 110) and (190, 210), deviations 0.1, 0.1, 0.05, 0.05 with
    // one degree of freedom each: sqrt(0.025 / 2).
    EXPECT_NEAR(cv("copy,a,1,90\ncopy,a,1,110\ncopy,b,2,190\ncopy,b,2,210\n"), std::sqrt(0.025 / 2),
                1e-9);
    EXPECT_EQ(cv("copy,a,1,100\ncopy,a,1,100\n"), 0);
}

// With one sample of each, what the line misses is no noise; it stays with the fit.
TEST(Fit, WhatLinesMissIsNoNoise) {
    const FittedDevice device =
        fitted("activity,label,parameter_bytes,duration_ns\ncopy,a,1,90\ncopy,b,1,110\n");
    EXPECT_EQ(device.platform.nodes[0].noise, NoiseSpec{});
    EXPECT_TRUE(noted(device, "noise.copy_cv: 0, since nothing was measured twice"));
    // About the fit (100): sqrt((0.01 + 0.01) / 1).
    EXPECT_NEAR(device.platform.provenance.fit.at("copy").residual_cv, std::sqrt(0.02), 1e-9);
}

// Blocks of four layers vary half as much as their layers: 0.1 each, of one degree of freedom, so
// 2 · sqrt(0.02). Where a layer was measured twice, it tells.
TEST(Fit, NoiseOfBlocksIsThatOfTheirLayers) {
    const auto cv = [](const std::string& rows) {
        return node_of("activity,label,layers,parameter_bytes,duration_ns\n" + rows)
            .noise.cv[index_of(Activity::read)];
    };
    const std::string blocks = "read,a..d,4,40,90\nread,a..d,4,40,110\n";
    EXPECT_NEAR(cv(blocks), 2 * std::sqrt(0.02), 1e-9);
    EXPECT_NEAR(cv(blocks + "read,a,1,10,49\nread,a,1,10,51\n"), std::sqrt(2 * 0.02 * 0.02), 1e-9);
}

// Rows of 40 layers of 1 ms, over and over, in runs: independent noise, and a factor that has
// half forgotten after ln 2 · `correlation_ms` of them.
std::string drifting_rows(std::uint64_t seed, double noise, double drift, double correlation_ms,
                          bool with_runs = true) {
    testing::Rng rng(seed);
    const auto normal = [&] {
        double sum = 0;  // of twelve uniforms: variance 1
        for (int i = 0; i < 12; ++i) sum += rng.unit();
        return sum - 6;
    };
    std::string rows = "activity,op,label,layers,flops,run,duration_ns\n";
    const double kept = std::exp(-1 / correlation_ms);
    for (int run = 1; run <= 20; ++run) {
        double z = normal();
        for (int i = 0; i < 200; ++i) {
            z = kept * z + std::sqrt(1 - kept * kept) * normal();
            const double factor = (1 + noise * normal()) * (1 + drift * z);
            rows += text("execute,conv2d,layer{},1,{},{},{}\n", i % 40, 1000 + i % 40,
                         with_runs ? run : 0, 1e6 * factor);
        }
    }
    return rows;
}

TEST(Fit, TellsDriftFromNoiseByTheRowsOfARun) {
    SWAPLAB_FOR_SEEDS(seed, 1, 8) {
        const auto of = [](const NoiseSpec& noise) {
            return std::pair(noise.cv[index_of(Activity::execute)],
                             noise.drift ? noise.drift->cv[index_of(Activity::execute)] : 0);
        };
        const auto [noise, drift] = of(node_of(drifting_rows(seed, 0.03, 0.04, 10)).noise);
        EXPECT_NEAR(noise, 0.03, 0.006);
        EXPECT_NEAR(drift, 0.04, 0.008);
        const Node node = node_of(drifting_rows(seed, 0.03, 0.04, 10));
        ASSERT_TRUE(node.noise.drift);
        EXPECT_GT(count_ns(node.noise.drift->correlation), 5'000'000);
        EXPECT_LT(count_ns(node.noise.drift->correlation), 20'000'000);
        // Noise alone. In one of a hundred seeds there would be a drift; in these there is none.
        const auto [only_noise, no_drift] = of(node_of(drifting_rows(seed, 0.05, 0, 10)).noise);
        EXPECT_NEAR(only_noise, 0.05, 0.003);
        EXPECT_EQ(no_drift, 0);
    }
}

// Where the file does not say which rows are of one run, their order tells nothing.
TEST(Fit, WithoutRunsThereIsNoDrift) {
    const FittedDevice device = fitted(drifting_rows(1, 0.03, 0.04, 10, false));
    EXPECT_FALSE(device.platform.nodes[0].noise.drift);
    EXPECT_NEAR(device.platform.nodes[0].noise.cv[index_of(Activity::execute)], 0.05, 0.006);
    EXPECT_TRUE(noted(device, "rows without a `run`"));
}

const std::string kModes = "activity,op,mode,dtype,flops,parameter_bytes,duration_ns\n";

TEST(Fit, ModesAndDtypesGetTablesOfTheirOwn) {
    const Node node = node_of(kModes +
                              "execute,,,,1,,10\nexecute,pool,,,1,,20\nexecute,,,float16,1,,5\n"
                              "execute,,15W,,1,,30\nexecute,,15W,float16,1,,25\n"
                              "read,,,,,100,100\nread,,15W,,,100,150\ncopy,,,,,100,10\n"
                              "copy,,15W,,,100,20\nrelease,,15W,,,1,1\n");
    EXPECT_NEAR(node.execute.other.per_block, 10, 1e-9);
    EXPECT_NEAR(node.execute_by_dtype.at("float16").other.per_block, 5, 1e-9);
    ASSERT_EQ(node.modes.size(), 1U);
    const Mode& mode = node.modes[0];
    EXPECT_EQ(mode.name, "15W");
    EXPECT_NEAR(mode.execute->other.per_block, 30, 1e-9);
    EXPECT_NEAR(mode.execute_by_dtype.at("float16").other.per_block, 25, 1e-9);
    EXPECT_EQ(mode.execute_scale, 1);
    EXPECT_NEAR(mode.read_scale, 1.5, 1e-9);
    EXPECT_NEAR(mode.copy_scale, 2, 1e-9);
}

TEST(Fit, OneModeIsTheDevicesOwn) {
    const std::string rows = "execute,,15W,,1,,10\n";
    EXPECT_NEAR(node_of(kModes + rows).execute.other.per_block, 10, 1e-9);
    const std::string two = kModes + rows + "execute,,30W,,1,,7\n";
    EXPECT_EQ(fit_error(two),
              "m.csv: rows of 2 modes and none without a mode: say which is the device's own "
              "(--own-mode) (known: 15W, 30W)");
    EXPECT_EQ(fit_error(two, "31W"), "m.csv: no rows of mode \"31W\" (did you mean '30W'?)");
    EXPECT_NEAR(fitted(two, "30W").platform.nodes[0].execute.other.per_block, 7, 1e-9);
    EXPECT_EQ(fit_error(kModes + "execute,,,float16,1,,10\n"),
              "m.csv: rows of execute_by_dtype.float16.* are of dtype \"float16\" only; rows "
              "without a dtype are needed, for all other models");
}

TEST(Fit, RecoversADeviceFromNoisyRows) {
    for (const int rows : {30, 300}) {
        SWAPLAB_FOR_SEEDS(seed, 1, 10) {
            testing::Rng rng(seed);
            std::string table = "activity,op,layers,flops,activation_bytes,duration_ns\n";
            for (int i = 0; i < rows; ++i) {
                const std::int64_t flops = rng.between(1'000'000, 1'000'000'000);
                const std::int64_t bytes = rng.between(1'000, 10'000'000);
                const double noise = 1 + 0.04 * (rng.unit() + rng.unit() - 1);
                const double ns = (0.002 * static_cast<double>(flops) +
                                   0.05 * static_cast<double>(bytes) + 20000) *
                                  noise;
                table += "execute,conv2d,1," + std::to_string(flops) + ',' + std::to_string(bytes) +
                         ',' + std::to_string(ns) + '\n';
            }
            const LinearCost line =
                *node_of(table).execute.by_op[static_cast<std::size_t>(OpClass::conv2d)];
            const double tolerance = 0.3 / std::sqrt(rows);
            EXPECT_NEAR(line.per_flop, 0.002, 0.002 * tolerance);
            EXPECT_NEAR(line.per_activation_byte, 0.05, 0.05 * 3 * tolerance);
        }
    }
}

TEST(Fit, ADeviceFileReadsBackToTheSameDevice) {
    const FittedDevice device =
        fitted("# compute: gpu\n" + kReads +
               "read,1000,1500,,,\nread,3000,2500,,,\n"
               "read,3000,2000,2,,\nread,3000,3000,,,execute\nread,1000,1700,,after_idle,\n"
               "execute,0,100,,,\nexecute,0,130,,,\n");
    const std::string written = write_device(device.platform);
    EXPECT_EQ(read_device(parse_json(written, "d.json")), device.platform);
    EXPECT_TRUE(device.platform.provenance.measured);
    const FitQuality& read = device.platform.provenance.fit.at("read");
    EXPECT_EQ(read.samples, 2);
    EXPECT_EQ(read.hull.at("parameter_bytes"), (Hull{1000, 3000}));
    EXPECT_NEAR(read.r2, 1, 1e-12);
}

TEST(Anchors, AreTheMeanOfTheWholeModel) {
    ModelSpec spec;
    spec.name = "net";
    spec.layers.resize(1);
    spec.layers[0].name = "a";
    spec.layers[0].inputs = {Source{}};
    const Model model(spec);
    const Measurements all = measured(
        "activity,label,mode,dtype,state,duration_ns\nexecute,net,,,,100\nexecute,net,,,,201\n"
        "execute,net,15W,,,300\nexecute,net,,float16,,1\nexecute,net,,,warm,2\nexecute,a,,,,7\n");
    const std::map<std::string, Duration> expected{{"board", nanoseconds(151)},  // 150.5 rounded
                                                   {"board:mode=15W", nanoseconds(300)}};
    EXPECT_EQ(anchors_of(all, model, {"board", ""}), expected);
    EXPECT_EQ(without_anchors(all, model).rows.size(), 3U);
    const std::string head = "activity,label,duration_ns\nexecute,net,";
    EXPECT_EQ(anchors_of(measured(head + "6000000000001\n"), model, {"board", ""}),
              (std::map<std::string, Duration>{{"board", nanoseconds(6'000'000'000'001)}}));
    EXPECT_EQ(error_of([&] {
                  anchors_of(measured(head + "9007199254740992\n"), model, {"board", ""});
              }),
              "m.csv: the whole model takes 9007199254740992 ns, expected less than 2^53 ns (104 "
              "days)");
    spec.name = "other";
    EXPECT_EQ(error_of([&] {
                  anchors_of(all, Model(spec), {"board", ""});
              }),
              "m.csv: no anchor for \"other\": expected execute rows of the whole model, labelled "
              "with its name");
}

}  // namespace
}  // namespace swaplab
