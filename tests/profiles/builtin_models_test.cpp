// What holds for every built-in model, and what their options refuse.
#include <gtest/gtest.h>

#include <map>

#include "profiles/base/error.h"
#include "tests/profiles/builtin_models.h"

namespace swaplab {
namespace {

using ::testing::IsSubstring;

class EveryModel : public ::testing::TestWithParam<BuiltinModel> {};

TEST_P(EveryModel, MatrixProductsAreItsMacs) {
    const Model model(GetParam().generate(GetParam().default_input));
    for (const Layer& layer : model.layers()) {
        if (!layer.gemm) continue;
        const auto& [m, k, n] = *layer.gemm;
        const std::int64_t positions = layer.output_bytes.count / kFloat32 / n;
        EXPECT_EQ(m * k * n, layer.macs) << layer.name;
        EXPECT_EQ(m, positions) << layer.name;
    }
}

TEST_P(EveryModel, EveryOutputButTheResultsIsRead) {
    const Model model(GetParam().generate(GetParam().default_input));
    std::vector<bool> is_read(model.layer_count());
    for (const Layer& layer : model.layers()) {
        for (const Source& source : layer.inputs) {
            if (source) is_read[source->index] = true;
        }
    }
    const auto results = std::ranges::count(is_read, false);
    const std::map<std::string, std::ptrdiff_t> several{
        {"yolov3", 3}, {"yolov4", 3}, {"yolov4-p6", 4}, {"fcn-resnet101", 2}};
    const auto found = several.find(model.name());
    EXPECT_EQ(results, found == several.end() ? 1 : found->second);
}

// Something is alive behind every layer but the last, and a layer needs at least what it reads and
// writes.
TEST_P(EveryModel, ActivationsAreAlive) {
    const Model model = model_named(GetParam().name);
    for (std::uint32_t i = 0; i < model.layer_count(); ++i) {
        EXPECT_EQ(model.live_across(i).count > 0, i > 0) << model.layer({i}).name;
        const Bytes peak = model.activation_peak({i, i + 1}).activations;
        EXPECT_GE(peak, model.layer({i}).output_bytes) << model.layer({i}).name;
        EXPECT_GE(peak, model.live_across(i)) << model.layer({i}).name;
    }
}

TEST_P(EveryModel, InputIsAPositiveMultiple) {
    const BuiltinModel& builtin = GetParam();
    EXPECT_EQ(model_named(builtin.name).name(), builtin.name);
    EXPECT_NO_THROW(model_named(builtin.name, {.input = builtin.input_multiple}));
    for (const std::int64_t wrong : {std::int64_t{0}, -builtin.input_multiple,
                                     builtin.largest_input + 1, std::int64_t{1} << 62}) {
        EXPECT_THROW(model_named(builtin.name, {.input = wrong}), InputError) << wrong;
    }
}

INSTANTIATE_TEST_SUITE_P(Builtin, EveryModel,
                         ::testing::ValuesIn(builtin_models().begin(), builtin_models().end()),
                         [](const auto& test) {
                             std::string name(test.param.name);
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST(BuiltinModels, NamesAreSortedAndSummed) {
    EXPECT_TRUE(std::ranges::is_sorted(builtin_models(), {}, &BuiltinModel::name));
    for (const BuiltinModel& model : builtin_models()) EXPECT_FALSE(model.summary.empty());
    EXPECT_FALSE(builtin_model("vgg18").has_value());
}

TEST(BuiltinModels, AWrongInputIsExplained) {
    try {
        builtin_model("yolov3", {.input = 417});
        FAIL() << "expected an InputError";
    } catch (const InputError& error) {
        EXPECT_PRED_FORMAT2(IsSubstring, "yolov3: input: expected a positive multiple of 32",
                            error.what());
        EXPECT_PRED_FORMAT2(IsSubstring, "found 417", error.what());
    }
}

// The largest allowed input is checked, not silently wrong.
TEST(BuiltinModels, TheLargestInputOverflowsLoudlyOrNotAtAll) {
    EXPECT_NO_THROW(model_named("yolov4", {.input = 65536}));
    EXPECT_THROW(model_named("vit-base", {.input = 65536}), InputError);
    for (const char* name : {"vit-large", "yolov4-p6", "fcn-resnet101"}) {
        EXPECT_THROW(model_named(name, {.input = 65536, .batch = 65536}), InputError) << name;
    }
    EXPECT_NO_THROW(model_named("bert-large", {.batch = 65536}));
}

}  // namespace
}  // namespace swaplab
