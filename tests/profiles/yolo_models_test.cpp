// YOLOv3 and YOLOv4 against published figures. All sections were once compared one by one with
// independent computations (bytes and operations of each); what stands here is a digest.
#include <gtest/gtest.h>

#include "tests/profiles/builtin_models.h"

namespace swaplab {
namespace {

// Darknet's own table of YOLOv3: 65.86 GFLOP at 416 and 140.69 at 608, two FLOPs a MAC. The file
// yolov3.weights has 248 007 048 bytes, 20 of them a header.
TEST(Yolov3, Published) {
    const Model model = model_named("yolov3");
    EXPECT_NEAR(2 * gmac(model), 140.69, 0.005);
    EXPECT_NEAR(gmac(model_named("yolov3", {.input = 416})), 32.93, 0.005);
    EXPECT_EQ(model.parameter_bytes().count, 248'007'048 - 20);
    EXPECT_NEAR(mib(model.parameter_bytes().count), 236.518, 0.0005);
    EXPECT_EQ(model.parameter_tensors(), 72 * 5 + 3 * 2);
    EXPECT_EQ(model.layer_count(), 107);
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
    EXPECT_EQ(model.layer_count(), 162);
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

}  // namespace
}  // namespace swaplab
