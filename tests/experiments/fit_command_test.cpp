// `swaplab fit` from a table of measurements to a device that runs a model.
#include <gtest/gtest.h>

#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

using testing::cli;
using testing::CliResult;
using testing::TemporaryFolder;

// Reads at 0.5 ns/B + 1000 ns, execution of linear layers at 2 ns/FLOP + 100 ns, a whole model.
constexpr const char* kTable =
    "# name: bench\n# compute: gpu\n# capacity_bytes: 1000000\n"
    "activity,op,label,parameter_bytes,layers,flops,duration_ns\n"
    "read,,b1,1000,,,1500\nread,,b2,3000,,,2500\nread,,b3,7000,,,4500\n"
    "execute,linear,fc1,,1,10,120\nexecute,linear,fc2,,1,20,140\nexecute,linear,fc3,,1,40,180\n"
    "execute,,net,,2,60,999\n";

constexpr const char* kModel =
    R"({"schema": "swaplab/model/1", "name": "net", "x-by": "hand", "layers": [
        {"name": "a", "op": "linear", "parameter_bytes": 1000, "macs": 5},
        {"name": "b", "op": "linear", "parameter_bytes": 9000, "macs": 25}]})";

class FitCommand : public ::testing::Test {
  protected:
    FitCommand() {
        testing::write_file(table_, kTable);
        testing::write_file(model_, kModel);
    }
    TemporaryFolder folder_;
    std::string table_ = folder_.file("table.csv");
    std::string device_ = folder_.file("device.json");
    std::string model_ = folder_.file("net.json");
};

TEST_F(FitCommand, WritesADeviceThatRuns) {
    const CliResult fit = cli({"fit", table_, "-o", device_});
    EXPECT_EQ(fit.code, 0) << fit.err;
    EXPECT_NE(fit.out.find("execute.linear"), std::string::npos) << fit.out;
    EXPECT_NE(fit.out.find("ns_per_flop 2.00"), std::string::npos) << fit.out;
    const Platform platform = load_device(device_);
    EXPECT_EQ(platform.name, "bench");
    EXPECT_TRUE(platform.provenance.measured);
    EXPECT_EQ(platform.nodes[0].memory.capacity.count, 1000000);
    EXPECT_NEAR(platform.nodes[0].read.cost.per_byte, 0.5, 1e-9);
    const CliResult run =
        cli({"run", "-m", model_, "-d", device_, "-p", "on-demand", "-b", "1x", "--json"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find("\"validated\": true"), std::string::npos);
    // b is larger than any read that was measured, and has more FLOPs than any linear layer.
    EXPECT_NE(run.err.find("extrapolated beyond what was measured: 1 block of net (execute.linear: "
                           "flops, read: parameter_bytes)"),
              std::string::npos)
        << run.err;
    EXPECT_NE(run.out.find("\"line\": \"read\""), std::string::npos);
    const CliResult plan =
        cli({"plan", "-m", model_, "-d", device_, "-p", "on-demand", "-b", "1x", "--json"});
    EXPECT_NE(plan.out.find("\"extrapolated\""), std::string::npos);
    EXPECT_NE(cli({"show", "device", device_}).out.find("fit of execute.linear: R2 1.000"),
              std::string::npos);
}

TEST_F(FitCommand, WithoutAnOutputItOnlyReports) {
    const CliResult fit = cli({"fit", table_, "--json", "--name", "mine"});
    EXPECT_EQ(fit.code, 0) << fit.err;
    EXPECT_EQ(folder_.names(), (std::vector<std::string>{"net.json", "table.csv"}));
    const Document document = parse_json(fit.out, "fit");
    Fields report(Field::root(document));
    EXPECT_EQ(report.required("schema").as_string(), "swaplab/fit/1");
    EXPECT_EQ(report.required("device").as_string(), "mine");
    EXPECT_EQ(report.required("lines").as_array().size(), 3U);
}

TEST_F(FitCommand, TheAnchorGoesIntoTheModel) {
    const CliResult fit = cli({"fit", table_, "-o", device_, "--anchor", model_});
    EXPECT_EQ(fit.code, 0) << fit.err;
    const Model model = load_model(model_);
    EXPECT_EQ(model.spec().anchors, (std::map<std::string, Duration>{{"bench", nanoseconds(999)}}));
    EXPECT_NE(testing::read_file(model_).find("x-by"), std::string::npos);
    // The whole model feeds no line then.
    EXPECT_FALSE(load_device(device_).provenance.fit.contains("execute.*"));
    const CliResult run = cli({"run", "-m", model_, "-d", device_, "-p", "direct", "--json", "-q"});
    EXPECT_NE(run.out.find("\"full_memory_latency_ns\": 999,"), std::string::npos) << run.out;
}

TEST_F(FitCommand, TheNameIsTheOutputsStemWhereTheFileSaysNone) {
    testing::write_file(table_, "activity,duration_ns\nread,5\n");
    EXPECT_EQ(cli({"fit", table_, "-o", device_}).code, 0);
    EXPECT_EQ(load_device(device_).name, "device");
}

TEST_F(FitCommand, BadInputIsCode2AndWritesNothing) {
    EXPECT_NE(cli({"fit"}).err.find("measurement file"), std::string::npos);
    EXPECT_EQ(cli({"fit", folder_.file("none.csv")}).code, 2);
    EXPECT_EQ(cli({"fit", table_, "-o", "/nonexistent/d.json"}).code, 2);
    EXPECT_EQ(cli({"fit", table_, "-o", device_, "--own-mode", "15W"}).code, 2);
    EXPECT_EQ(cli({"fit", table_, "-o", device_, "--anchor", folder_.file("no.json")}).code, 2);
    testing::write_file(table_, "activity,duration_ns\nread,-5\n");
    const CliResult bad = cli({"fit", table_, "-o", device_});
    EXPECT_EQ(bad.code, 2);
    EXPECT_NE(bad.err.find("table.csv:2:6: duration_ns: "), std::string::npos) << bad.err;
    EXPECT_EQ(folder_.names(), (std::vector<std::string>{"net.json", "table.csv"}));
}

}  // namespace
}  // namespace swaplab
