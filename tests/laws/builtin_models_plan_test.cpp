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

// What a pass over so many tokens reads layer by layer: of a table the windows of its rows (rows of
// the built-in models are whole pages), of all else the layer's own parameters and those it shares.
Bytes read_by_pass(const Model& model, std::int64_t tokens) {
    Bytes sum;
    for (const Layer& layer : model.layers()) {
        if (layer.gathers()) {
            const std::int64_t row = layer.parameter_bytes.count / layer.rows;
            const std::int64_t described = std::max<std::int64_t>(1, model.spec().prompt_tokens);
            sum += Bytes{(*layer.rows_touched * tokens + described - 1) / described * row};
            continue;
        }
        sum += layer.parameter_bytes;
        for (const LayerId owner : layer.shares) sum += model.layer(owner).parameter_bytes;
    }
    return sum;
}

TEST_P(EveryBuiltinModel, IsReadOncePerPassWithinItsOwnSize) {
    const Platform platform = builtin_device("jetson-xavier-nx").value();
    const auto model = std::make_shared<const Model>(builtin_model(GetParam().name).value());
    Options options;
    options.budget = model->parameter_bytes();
    const RunResult result = simulate(platform, model, "on-demand", options).result;
    EXPECT_LE(result.memory.peak, *options.budget);
    const std::int64_t prompt = std::max<std::int64_t>(1, model->spec().prompt_tokens);
    EXPECT_EQ(result.swapped_in,
              read_by_pass(*model, prompt) + (model->passes() - 1) * read_by_pass(*model, 1));
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
