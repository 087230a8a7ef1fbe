// `swaplab profile` on a simulated device, `fit` of what it wrote, and a run of that: one chain.
#include <gtest/gtest.h>

#include <set>

#include "profiles/device/device_file.h"
#include "profiles/measured/measurements.h"
#include "profiles/model/model_file.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

using testing::cli;
using testing::CliResult;
using testing::TemporaryFolder;

constexpr const char* kModel =
    R"({"schema": "swaplab/model/1", "name": "net", "layers": [
        {"name": "a", "op": "conv2d", "parameter_bytes": 1000000, "parameter_tensors": 2, "macs": 900000},
        {"name": "b", "op": "linear", "parameter_bytes": 3000000, "parameter_tensors": 1, "macs": 3000000},
        {"name": "c", "op": "conv2d", "parameter_bytes": 2000000, "parameter_tensors": 2, "macs": 2000000},
        {"name": "d", "op": "linear", "parameter_bytes": 5000000, "parameter_tensors": 2, "macs": 5000000}]})";

constexpr const char* kDevice =
    R"({"schema": "swaplab/device/1", "name": "bench", "compute": "cpu",
        "memory": {"capacity_bytes": 1000000000, "unified": true},
        "read": {"ns_per_byte": 0.5, "ns_per_request": 20000, "request_bytes": 1000000},
        "assemble": {"ns_per_tensor": 5000}, "release": {"ns_per_tensor": 1000},
        "execute": {"*": {"ns_per_flop": 0.3, "ns_per_layer": 1000, "ns_per_block": 9000},
                    "linear": {"ns_per_flop": 0.2}}})";

class ProfileCommand : public ::testing::Test {
  protected:
    ProfileCommand() {
        testing::write_file(model_, kModel);
        testing::write_file(device_, kDevice);
    }
    CliResult profile(std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments{"profile", "-m",    model_, "--backend", "sim",
                                           "-d",      device_, "-o",   rows_};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return cli(arguments);
    }
    TemporaryFolder folder_;
    std::string model_ = folder_.file("net.json");
    std::string device_ = folder_.file("bench.json");
    std::string rows_ = folder_.file("rows.csv");
    std::string fitted_ = folder_.file("fitted.json");
};

TEST_F(ProfileCommand, FromMeasurementsToAPrediction) {
    const CliResult measured = profile({"--name", "mine"});
    ASSERT_EQ(measured.code, 0) << measured.err;
    EXPECT_NE(measured.err.find("a round takes about"), std::string::npos) << measured.err;
    EXPECT_NE(measured.out.find("execute beside read"), std::string::npos) << measured.out;
    EXPECT_NE(measured.out.find("not measured"), std::string::npos) << measured.out;
    EXPECT_EQ(load_measurements(rows_).name, "mine");

    const CliResult fit =
        cli({"fit", rows_, "-o", fitted_, "--layers", model_, "--anchor", model_});
    ASSERT_EQ(fit.code, 0) << fit.err;
    EXPECT_EQ(load_device(fitted_).name, "mine");
    const Model told = load_model(model_);
    EXPECT_EQ(told.spec().measured_on, "mine");
    EXPECT_TRUE(told.spec().anchors.contains("mine"));
    EXPECT_EQ(told.layer({1}).execute, nanoseconds(1'200'000));

    // The same latency from the device that was measured and from its measurements.
    const auto latency = [&](const std::string& device) {
        const CliResult run = cli({"run", "-m", model_, "-d", device, "-p", "swapnet", "-b", "0.9x",
                                   "--requests", "3", "--json", "-q"});
        EXPECT_EQ(run.code, 0) << run.err;
        const Document document = parse_json(run.out, "run");
        Fields result(Field::root(document));
        Fields ns(result.required("latency_ns"));
        const double mean = static_cast<double>(ns.required("mean").as_count());
        ns.rest();
        result.rest();
        return mean;
    };
    const double truth = latency(device_);
    EXPECT_NEAR(latency(fitted_) / truth, 1, 0.002);
}

// A generative model that shares and gathers, under a read that costs next to nothing: every layer is
// measured in the pass over the prompt, and what no read covers is given up.
TEST_F(ProfileCommand, OfAGenerativeModelThatShares) {
    testing::write_file(model_, R"({"schema": "swaplab/model/1", "name": "net", "tokens": 3,
        "prompt_tokens": 5, "layers": [
        {"name": "wte", "op": "embedding", "parameter_bytes": 4096000, "parameter_tensors": 1, "rows": 1000},
        {"name": "fc", "op": "linear", "parameter_bytes": 4194304, "parameter_tensors": 1, "macs": 9000000},
        {"name": "head", "op": "linear", "parameter_bytes": 0, "macs": 9000000, "shares": ["wte"]}]})");
    testing::write_file(device_, R"({"schema": "swaplab/device/1", "name": "bench", "compute": "cpu",
        "memory": {"capacity_bytes": 1000000000, "unified": true},
        "execute": {"*": {"ns_per_flop": 10, "ns_per_layer": 1000}}})");
    const CliResult measured = profile();
    ASSERT_EQ(measured.code, 0) << measured.err;
    std::set<std::string> executed;
    for (const Measurement& row : load_measurements(rows_).rows)
        if (row.activity == Activity::execute) executed.insert(row.label);
    for (const char* layer : {"wte", "fc", "head"}) EXPECT_TRUE(executed.contains(layer)) << layer;

    // Rows of a table and what is shared are parameters that a layer touches, as its rows say.
    const CliResult fit = cli({"fit", rows_, "-o", fitted_, "--layers", model_});
    ASSERT_EQ(fit.code, 0) << fit.err;
    const Model told = load_model(model_);
    EXPECT_EQ(told.layer({0}).execute, nanoseconds(1000));
    EXPECT_EQ(told.layer({1}).execute, nanoseconds(180'001'000));
    EXPECT_EQ(told.layer({2}).execute, nanoseconds(180'001'000));
}

TEST_F(ProfileCommand, CoverageAsJson) {
    const CliResult measured = profile({"--json"});
    ASSERT_EQ(measured.code, 0) << measured.err;
    const Document document = parse_json(measured.out, "profile");
    Fields report(Field::root(document));
    EXPECT_EQ(report.required("schema").as_string(), "swaplab/profile/1");
    EXPECT_TRUE(report.required("reached").as_bool());
    EXPECT_GE(report.required("lines").as_array().size(), 8U);
}

TEST_F(ProfileCommand, BadInputIsCode2AndWritesNothing) {
    const auto refused = [&](const std::vector<std::string>& arguments, const std::string& why) {
        const CliResult result = cli(arguments);
        EXPECT_EQ(result.code, 2) << result.err;
        EXPECT_NE(result.err.find(why), std::string::npos) << result.err;
    };
    refused({"profile"}, "one model is needed");
    refused({"profile", "-m", "vgg19"}, "a pack is needed");
    refused({"profile", "-m", model_, "--backend", "sim"}, "a device to measure is needed");
    refused({"profile", "-m", model_, "-d", device_}, "this machine is measured");
    refused({"profile", "-m", model_, "--backend", "sim", "-d", device_, "--error", "0"},
            "--error: expected a share such as 2%");
    refused({"profile", "-m", model_, "--backend", "sim", "-d", device_, "--time-limit", "0s"},
            "--time-limit: expected a positive time");
    refused({"profile", "-m", model_, "--backend", "sim", "-d", device_, "-b", "4MB", "-o", rows_},
            "do not hold d of net");
    refused({"profile", "-m", model_, "--backend", "sim", "-d", device_, "--depth", "0"},
            "--depth: expected a whole number from 1 to 1024");
    EXPECT_EQ(folder_.names(), (std::vector<std::string>{"bench.json", "net.json"}));
}

TEST(PackCommand, BadInputIsCode2) {
    const auto refused = [&](const std::vector<std::string>& arguments, const std::string& why) {
        const CliResult result = cli(arguments);
        EXPECT_EQ(result.code, 2) << result.err;
        EXPECT_NE(result.err.find(why), std::string::npos) << result.err;
    };
    refused({"pack"}, "pack what?");
    refused({"pack", "net.pt"}, "-o DIR");
    for (const char* shape : {"", "1x", "x3", "1xa", "0x3", "-1x3", "1x3:"})
        refused({"pack", "net.pt", "-o", "somewhere", "--input", shape}, "--input: ");
}

// Each layer takes about an hour, and two of them as one block more than one activity may.
TEST_F(ProfileCommand, ABlockThatTakesTooLongIsNamed) {
    std::string layers;
    for (const char* name : {"a", "b", "c"})
        layers += std::string(layers.empty() ? "" : ", ") + R"({"name": ")" + name +
                  R"(", "op": "conv2d", "parameter_bytes": 1000, "parameter_tensors": 2, )" +
                  R"("macs": 5000000000000})";
    testing::write_file(model_, R"({"schema": "swaplab/model/1", "name": "slow", "layers": [)" +
                                    layers + "]}");
    const CliResult result = profile({"--time-limit", "100ms"});
    EXPECT_EQ(result.code, 2);
    EXPECT_NE(result.err.find("of slow as one block takes 2^42 ns (73 minutes) or more"),
              std::string::npos)
        << result.err;
}

}  // namespace
}  // namespace swaplab
