// Every built-in model can be planned and run where layers are swapped one by one.
#include <gtest/gtest.h>

#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::simulate;

class EveryBuiltinModel : public ::testing::TestWithParam<BuiltinModel> {};

TEST_P(EveryBuiltinModel, IsReadOncePerPassWithinItsOwnSize) {
    const Platform platform = builtin_device("jetson-xavier-nx").value();
    const auto model = std::make_shared<const Model>(builtin_model(GetParam().name).value());
    Options options;
    options.budget = model->parameter_bytes();
    const RunResult result = simulate(platform, model, "on-demand", options).result;
    EXPECT_LE(result.memory.peak, *options.budget);
    EXPECT_EQ(result.swapped_in, model->passes() * model->parameter_bytes());
}

INSTANTIATE_TEST_SUITE_P(Builtin, EveryBuiltinModel,
                         ::testing::ValuesIn(builtin_models().begin(), builtin_models().end()),
                         [](const auto& test) {
                             std::string name(test.param.name);
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace swaplab
