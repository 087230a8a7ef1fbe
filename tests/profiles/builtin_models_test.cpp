// The built-in models against published figures. Every layer was once compared with independent
// computations from the published architectures (torchvision's per unit, Darknet's per section,
// PipeEdge's FLOPs per sub-layer); what stands here is a digest: totals, counts, the largest
// layers, some layers, some edges.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "profiles/builtin.h"
#include "profiles/error.h"

namespace swaplab {
namespace {

using ::testing::IsSubstring;
using Names = std::vector<std::string>;

constexpr std::int64_t kFloat32 = 4;

Model model_named(std::string_view name, std::optional<std::int64_t> input = {}) {
    auto model = builtin_model(name, {.input = input, .dtype = {}, .batch = 1, .tokens = {}});
    if (!model) throw std::out_of_range("no such model");
    return *std::move(model);
}

const Layer& layer_named(const Model& model, std::string_view name) {
    const auto layers = model.layers();
    const auto found = std::ranges::find(layers, name, &Layer::name);
    if (found == layers.end()) throw std::out_of_range("no layer " + std::string(name));
    return *found;
}

Names inputs_of(const Model& model, std::string_view name) {
    Names names;
    for (const Source& source : layer_named(model, name).inputs) {
        names.push_back(source ? model.layer(*source).name : "input");
    }
    return names;
}

std::int64_t largest_layer(const Model& model) {
    std::int64_t most = 0;
    for (const Layer& layer : model.layers()) most = std::max(most, layer.parameter_bytes.count);
    return most;
}

std::int64_t count_of(const Model& model, OpClass op) {
    return std::ranges::count(model.layers(), op, &Layer::op);
}

// Parameter bytes of the layers whose names begin so.
std::int64_t bytes_of(const Model& model, std::string_view prefix) {
    std::int64_t sum = 0;
    for (const Layer& layer : model.layers()) {
        if (layer.name.starts_with(prefix)) sum += layer.parameter_bytes.count;
    }
    return sum;
}

double gmac(const Model& model) { return static_cast<double>(model.macs()) / 1e9; }
double mib(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

// torchvision's documentation of vgg19: 143 667 240 parameters, 19.63 GMAC.
TEST(Vgg19, Published) {
    const Model model = model_named("vgg19");
    EXPECT_EQ(model.parameter_bytes().count, 143'667'240 * kFloat32);
    EXPECT_NEAR(gmac(model), 19.63, 0.005);
    EXPECT_EQ(model.parameter_tensors(), 38);
    EXPECT_EQ(model.size(), 16 + 6 + 3);  // five pools and the one before the classifier
    EXPECT_EQ(largest_layer(model), 411'058'176);
    EXPECT_EQ(layer_named(model, "fc6").parameter_bytes.count, 411'058'176);
    EXPECT_EQ(layer_named(model, "conv4_1").parameter_bytes.count, 4'720'640);
    EXPECT_EQ(layer_named(model, "conv5_4").macs, 462'422'016);
    EXPECT_EQ(inputs_of(model, "fc6"), Names{"avgpool"});
}

// The example of the model file format.
TEST(Vgg19, FirstLayer) {
    const Model model = model_named("vgg19");
    EXPECT_EQ(model.spec().input_bytes.count, 602'112);
    EXPECT_EQ(model.spec().source, "torchvision vgg19, 1x3x224x224");
    EXPECT_EQ(model.spec().dtype, "float32");
    const Layer& layer = model.layers()[0];
    EXPECT_EQ(layer.name, "conv1_1");
    EXPECT_EQ(layer.op, OpClass::conv2d);
    EXPECT_EQ(inputs_of(model, "conv1_1"), Names{"input"});
    EXPECT_EQ(layer.parameter_bytes.count, 7168);
    EXPECT_EQ(layer.parameter_tensors, 2);
    EXPECT_EQ(layer.macs, 86'704'128);
    EXPECT_EQ(layer.other_ops, 3'211'264);  // its ReLU
    EXPECT_EQ(layer.output_bytes.count, 12'845'056);
    EXPECT_EQ(layer.workspace_bytes.count, 0);
}

// torchvision's documentation of resnet101: 44 549 160 learnable parameters, 7.80 GMAC; besides,
// 104 batch norms keep 2 x 52 672 running statistics.
TEST(Resnet101, Published) {
    const Model model = model_named("resnet101");
    EXPECT_EQ(model.parameter_bytes().count, (44'549'160 + 2 * 52'672) * kFloat32);
    EXPECT_NEAR(gmac(model), 7.80, 0.005);
    EXPECT_EQ(model.parameter_tensors(), 104 * 5 + 2);
    EXPECT_EQ(count_of(model, OpClass::conv2d), 104);
    EXPECT_EQ(count_of(model, OpClass::elementwise), 33);
    EXPECT_EQ(model.size(), 104 + 33 + 2 + 1);
}

// Bytes of state_dict() per block, less 8 for each batch norm's counter.
TEST(Resnet101, Stages) {
    const Model model = model_named("resnet101");
    EXPECT_EQ(layer_named(model, "conv1").parameter_bytes.count, 38'664 - 8);
    EXPECT_EQ(bytes_of(model, "layer1.0."), 305'184 - 4 * 8);
    EXPECT_EQ(bytes_of(model, "layer1."), 305'184 + 2 * 284'696 - 10 * 8);
    EXPECT_EQ(bytes_of(model, "layer2."), 1'527'840 + 3 * 1'126'424 - 13 * 8);
    EXPECT_EQ(bytes_of(model, "layer3."), 6'070'304 + 22 * 4'481'048 - 70 * 8);
    EXPECT_EQ(bytes_of(model, "layer4."), 24'199'200 + 2 * 17'874'968 - 10 * 8);
    EXPECT_EQ(layer_named(model, "fc").parameter_bytes.count, 8'196'000);
    EXPECT_EQ(largest_layer(model), 9'437'184 + 512 * 16);  // 3x3, 512 to 512
}

TEST(Resnet101, Shortcuts) {
    const Model model = model_named("resnet101");
    EXPECT_EQ(inputs_of(model, "layer1.0.downsample"), (Names{"maxpool"}));
    EXPECT_EQ(inputs_of(model, "layer1.0.add"), (Names{"layer1.0.conv3", "layer1.0.downsample"}));
    EXPECT_EQ(inputs_of(model, "layer3.22.add"), (Names{"layer3.22.conv3", "layer3.21.add"}));
    EXPECT_EQ(layer_named(model, "layer2.0.conv1").output_bytes.count, 128 * 56 * 56 * kFloat32);
    EXPECT_EQ(layer_named(model, "layer2.0.conv2").output_bytes.count, 128 * 28 * 28 * kFloat32);
    EXPECT_EQ(layer_named(model, "layer2.0.conv2").other_ops,
              3 * 128 * 28 * 28);  // batch norm, ReLU
}

// Darknet's own table of YOLOv3: 65.86 GFLOP at 416 and 140.69 at 608, two FLOPs a MAC. The file
// yolov3.weights has 248 007 048 bytes, 20 of them a header.
TEST(Yolov3, Published) {
    const Model model = model_named("yolov3");
    EXPECT_NEAR(2 * gmac(model), 140.69, 0.005);
    EXPECT_NEAR(gmac(model_named("yolov3", 416)), 32.93, 0.005);
    EXPECT_EQ(model.parameter_bytes().count, 248'007'048 - 20);
    EXPECT_NEAR(mib(model.parameter_bytes().count), 236.518, 0.0005);
    EXPECT_EQ(model.parameter_tensors(), 72 * 5 + 3 * 2);
    EXPECT_EQ(model.size(), 107);
    EXPECT_EQ(count_of(model, OpClass::conv2d), 75);
    EXPECT_EQ(count_of(model, OpClass::elementwise), 23);
    EXPECT_EQ(largest_layer(model), 18'874'368 + 1024 * 16);
}

TEST(Yolov3, Layers) {
    const Model model = model_named("yolov3");
    // Weights of 3x3 from 3 channels, and four vectors of 32.
    EXPECT_EQ(layer_named(model, "conv0").parameter_bytes.count, (27 * 32 + 4 * 32) * kFloat32);
    EXPECT_EQ(layer_named(model, "conv0").parameter_tensors, 5);
    EXPECT_EQ(layer_named(model, "conv81").parameter_bytes.count, 1'045'500);  // no batch norm
    EXPECT_EQ(layer_named(model, "conv81").parameter_tensors, 2);
    EXPECT_EQ(layer_named(model, "conv81").other_ops, 0);
    EXPECT_EQ(layer_named(model, "yolo106").output_bytes.count, 255 * 76 * 76 * kFloat32);
    EXPECT_EQ(layer_named(model, "route86").output_bytes.count, 768 * 38 * 38 * kFloat32);
}

// The `layers` and `from` of yolov3.cfg.
TEST(Yolov3, Routes) {
    const Model model = model_named("yolov3");
    EXPECT_EQ(inputs_of(model, "shortcut4"), (Names{"conv3", "conv1"}));
    EXPECT_EQ(inputs_of(model, "shortcut74"), (Names{"conv73", "shortcut71"}));
    EXPECT_EQ(inputs_of(model, "route83"), (Names{"conv79"}));
    EXPECT_EQ(inputs_of(model, "route86"), (Names{"upsample85", "shortcut61"}));
    EXPECT_EQ(inputs_of(model, "route95"), (Names{"conv91"}));
    EXPECT_EQ(inputs_of(model, "route98"), (Names{"upsample97", "shortcut36"}));
}

// Demand Layering (arXiv 2210.04024) gives YOLOv4 as 245.8 MB with a largest layer of 18.0 MB:
// 245.779 MiB with batch-norm tensors. The largest layer holds 18.00 MiB of weights, 18.0039 MiB
// with its batch norm folded into a bias, 18.0156 MiB unfolded as here. The file yolov4.weights has
// 257 717 640 bytes, 20 of them a header.
TEST(Yolov4, Published) {
    const Model model = model_named("yolov4");
    EXPECT_NEAR(mib(model.parameter_bytes().count), 245.779, 0.0005);
    EXPECT_EQ(model.parameter_bytes().count, 257'717'640 - 20);
    EXPECT_EQ(largest_layer(model), 18'874'368 + 1024 * 16);
    EXPECT_EQ(2 * model.macs(), 128'389'482'496);  // Darknet's FLOPs of its convolutions at 608
    EXPECT_EQ(model.parameter_tensors(), 107 * 5 + 3 * 2);
    EXPECT_EQ(model.size(), 162);
    EXPECT_EQ(count_of(model, OpClass::conv2d), 110);
    EXPECT_EQ(count_of(model, OpClass::elementwise), 23);
    EXPECT_EQ(count_of(model, OpClass::pool), 3);
}

// The `layers` and `from` of yolov4.cfg.
TEST(Yolov4, Routes) {
    const Model model = model_named("yolov4");
    EXPECT_EQ(inputs_of(model, "route3"), (Names{"conv1"}));
    EXPECT_EQ(inputs_of(model, "shortcut7"), (Names{"conv6", "conv4"}));
    EXPECT_EQ(inputs_of(model, "route9"), (Names{"conv8", "conv2"}));
    EXPECT_EQ(inputs_of(model, "route22"), (Names{"conv21", "conv12"}));
    EXPECT_EQ(inputs_of(model, "route53"), (Names{"conv52", "conv25"}));
    EXPECT_EQ(inputs_of(model, "route84"), (Names{"conv83", "conv56"}));
    EXPECT_EQ(inputs_of(model, "route103"), (Names{"conv102", "conv87"}));
    EXPECT_EQ(inputs_of(model, "maxpool112"), (Names{"route111"}));
    EXPECT_EQ(inputs_of(model, "route113"),
              (Names{"maxpool112", "maxpool110", "maxpool108", "conv107"}));
    EXPECT_EQ(inputs_of(model, "route119"), (Names{"conv85"}));
    EXPECT_EQ(inputs_of(model, "route121"), (Names{"conv120", "upsample118"}));
    EXPECT_EQ(inputs_of(model, "route129"), (Names{"conv54"}));
    EXPECT_EQ(inputs_of(model, "route131"), (Names{"conv130", "upsample128"}));
    EXPECT_EQ(inputs_of(model, "route140"), (Names{"conv136"}));
    EXPECT_EQ(inputs_of(model, "route142"), (Names{"conv141", "conv126"}));
    EXPECT_EQ(inputs_of(model, "route151"), (Names{"conv147"}));
    EXPECT_EQ(inputs_of(model, "route153"), (Names{"conv152", "conv116"}));
}

// torchvision's documentation of vit_b_16: 86 567 656 parameters, 17.56 GMAC.
TEST(VitBase, Published) {
    const Model model = model_named("vit-base");
    EXPECT_EQ(model.parameter_bytes().count, 86'567'656 * kFloat32);
    EXPECT_NEAR(gmac(model), 17.56, 0.005);
    EXPECT_EQ(model.parameter_tensors(), 152);
    EXPECT_EQ(model.size(), 2 + 12 * 9 + 2);
}

// FLOPs of the sub-layers of one image as PipeEdge counts them, two a MAC.
TEST(VitBase, SubLayers) {
    const Model model = model_named("vit-base");
    const auto macs = [&](std::string_view name) { return layer_named(model, name).macs; };
    EXPECT_EQ(2 * (macs("encoder.3.qkv") + macs("encoder.3.attention")), 6'531'145'728 / 8);
    EXPECT_EQ(2 * macs("patches"), (8'380'833'792 - 6'531'145'728) / 8);
    EXPECT_EQ(2 * macs("encoder.3.projection"), 1'859'125'248 / 8);
    EXPECT_EQ(2 * macs("encoder.3.fc1"), 7'436'500'992 / 8);
    EXPECT_EQ(2 * macs("encoder.3.fc2"), 7'436'500'992 / 8);
    EXPECT_EQ(layer_named(model, "encoder.3.fc1").output_bytes.count, 197 * 3072 * kFloat32);
    EXPECT_EQ(inputs_of(model, "encoder.1.add1"),
              (Names{"encoder.0.add2", "encoder.1.projection"}));
    EXPECT_EQ(inputs_of(model, "encoder.1.add2"), (Names{"encoder.1.add1", "encoder.1.fc2"}));
}

// At 384 there are 577 positions instead of 197: torchvision's vit_b_16 at 384 has 86 859 496
// parameters and 55.48 GMAC.
TEST(VitBase, AnotherResolution) {
    const Model model = model_named("vit-base", 384);
    EXPECT_EQ(model.parameter_bytes().count, 86'859'496 * kFloat32);
    EXPECT_NEAR(gmac(model), 55.48, 0.01);
}

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
    std::vector<bool> is_read(model.size());
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

TEST_P(EveryModel, InputIsAPositiveMultiple) {
    const BuiltinModel& builtin = GetParam();
    EXPECT_EQ(model_named(builtin.name).name(), builtin.name);
    EXPECT_NO_THROW(model_named(builtin.name, builtin.input_multiple));
    for (const std::int64_t wrong : {std::int64_t{0}, -builtin.input_multiple,
                                     builtin.largest_input + 1, std::int64_t{1} << 62}) {
        EXPECT_THROW(model_named(builtin.name, wrong), InputError) << wrong;
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
        builtin_model("yolov3", {.input = 417, .dtype = {}, .batch = 1, .tokens = {}});
        FAIL() << "expected an InputError";
    } catch (const InputError& error) {
        EXPECT_PRED_FORMAT2(IsSubstring, "yolov3: input: expected a positive multiple of 32",
                            error.what());
        EXPECT_PRED_FORMAT2(IsSubstring, "found 417", error.what());
    }
}

// The largest allowed input is checked, not silently wrong.
TEST(BuiltinModels, TheLargestInputOverflowsLoudlyOrNotAtAll) {
    EXPECT_NO_THROW(model_named("yolov4", 65536));
    EXPECT_THROW(model_named("vit-base", 65536), InputError);
}

}  // namespace
}  // namespace swaplab
