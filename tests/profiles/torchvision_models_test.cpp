// Models of torchvision against its documentation. All units (layers, residual blocks, heads) were
// once compared one by one with independent computations (bytes, tensors, MACs; PipeEdge's FLOPs
// per sub-layer of ViT); what stands here is a digest.
#include <gtest/gtest.h>

#include "tests/profiles/builtin_models.h"

namespace swaplab {
namespace {

// torchvision's documentation of vgg19: 143 667 240 parameters, 19.63 GMAC.
TEST(Vgg19, Published) {
    const Model model = model_named("vgg19");
    EXPECT_EQ(model.parameter_bytes().count, 143'667'240 * kFloat32);
    EXPECT_NEAR(gmac(model), 19.63, 0.005);
    EXPECT_EQ(model.parameter_tensors(), 38);
    EXPECT_EQ(model.layer_count(), 16 + 6 + 3);  // five pools and the one before the classifier
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
    EXPECT_EQ(model.layer_count(), 104 + 33 + 2 + 1);
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

// torchvision's documentation of vit_b_16: 86 567 656 parameters, 17.56 GMAC.
TEST(VitBase, Published) {
    const Model model = model_named("vit-base");
    EXPECT_EQ(model.parameter_bytes().count, 86'567'656 * kFloat32);
    EXPECT_NEAR(gmac(model), 17.56, 0.005);
    EXPECT_EQ(model.parameter_tensors(), 152);
    EXPECT_EQ(model.layer_count(), 2 + 12 * 9 + 2);
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
    const Model model = model_named("vit-base", {.input = 384});
    EXPECT_EQ(model.parameter_bytes().count, 86'859'496 * kFloat32);
    EXPECT_NEAR(gmac(model), 55.48, 0.01);
}

// torchvision's documentation of vit_l_16: 304 326 632 parameters, 61.55 GMAC.
TEST(VitLarge, Published) {
    const Model model = model_named("vit-large");
    EXPECT_EQ(model.parameter_bytes().count, 304'326'632 * kFloat32);
    EXPECT_NEAR(gmac(model), 61.55, 0.005);
    EXPECT_EQ(model.parameter_tensors(), 296);
    EXPECT_EQ(model.layer_count(), 2 + 24 * 9 + 2);
}

// PipeEdge's sub-layers of ViT-Large: FLOPs of a batch of 8, two a MAC, and the elements that one
// image hands on to the next sub-layer, the residual included. The first sub-layer has the patches
// too.
TEST(VitLarge, SubLayers) {
    const Model model = model_named("vit-large", {.batch = 8});
    const auto flops = [&](std::string_view name) { return 2 * layer_named(model, name).macs; };
    EXPECT_EQ(flops("encoder.3.qkv") + flops("encoder.3.attention"), 11'187'027'968);
    EXPECT_EQ(flops("patches"), 13'653'278'720 - 11'187'027'968);
    EXPECT_EQ(flops("encoder.3.projection"), 3'305'111'552);
    EXPECT_EQ(flops("encoder.3.fc1"), 13'220'446'208);
    EXPECT_EQ(flops("encoder.3.fc2"), 13'220'446'208);
    const auto alive_behind = [&](std::string_view name) {
        const auto at = &layer_named(model, name) - model.layers().data();
        return model.live_across(static_cast<std::uint32_t>(at) + 1).count / (8 * kFloat32);
    };
    EXPECT_EQ(alive_behind("encoder.3.attention"), 403'456);
    EXPECT_EQ(alive_behind("encoder.3.add1"), 201'728);
    EXPECT_EQ(alive_behind("encoder.3.fc1"), 1'008'640);
    EXPECT_EQ(alive_behind("encoder.3.add2"), 201'728);
    EXPECT_EQ(layer_named(model, "head").output_bytes.count, 8 * 1000 * kFloat32);
}

// torchvision's documentation of fcn_resnet101: 54 314 346 learnable parameters, its auxiliary head
// included, and 232.74 GMAC at 520; besides, 106 batch norms keep running statistics, those of
// ResNet-101 and of the heads' 512 and 256 channels.
TEST(FcnResnet101, Published) {
    const Model model = model_named("fcn-resnet101");
    const std::int64_t running = 2 * (52'672 + 512 + 256);
    EXPECT_EQ(model.parameter_bytes().count, (54'314'346 + running) * kFloat32);
    EXPECT_NEAR(gmac(model), 232.74, 0.005);
    EXPECT_EQ(model.parameter_tensors(), 106 * 5 + 2 * 2);
}

// Bytes of state_dict() per unit, less 8 for each batch norm's counter; GMAC per unit. The last two
// stages keep the resolution of the second, an eighth of the image's.
TEST(FcnResnet101, Units) {
    const Model model = model_named("fcn-resnet101");
    const Model backbone = model_named("resnet101");
    for (const char* stage : {"conv1", "layer1.", "layer2.", "layer3.", "layer4."}) {
        EXPECT_EQ(bytes_of(model, stage), bytes_of(backbone, stage)) << stage;
    }
    EXPECT_EQ(bytes_of(model, "aux_classifier."), 9'462'876 - 8);
    EXPECT_EQ(bytes_of(model, "classifier."), 37'800'028 - 8);
    EXPECT_NEAR(gmac_of(model, "conv1"), 0.63598, 1e-5);
    EXPECT_NEAR(gmac_of(model, "layer2.0."), 2.00745, 1e-5);
    EXPECT_NEAR(gmac_of(model, "layer3.0."), 6.36846, 1e-5);
    EXPECT_NEAR(gmac_of(model, "layer3.22."), 4.70712, 1e-5);
    EXPECT_NEAR(gmac_of(model, "layer4.0."), 25.47384, 1e-5);
    EXPECT_NEAR(gmac_of(model, "layer4.2."), 18.82849, 1e-5);
    EXPECT_NEAR(gmac_of(model, "aux_classifier."), 9.99074, 1e-5);
    EXPECT_NEAR(gmac_of(model, "classifier."), 39.91753, 1e-5);
    EXPECT_EQ(layer_named(model, "classifier.0").output_bytes.count, 512 * 65 * 65 * kFloat32);
    EXPECT_EQ(layer_named(model, "aux_classifier.interpolate").output_bytes.count,
              21 * 520 * 520 * kFloat32);
}

TEST(FcnResnet101, HeadsReadTheLastTwoStages) {
    const Model model = model_named("fcn-resnet101");
    EXPECT_EQ(inputs_of(model, "aux_classifier.0"), Names{"layer3.22.add"});
    EXPECT_EQ(inputs_of(model, "classifier.0"), Names{"layer4.2.add"});
}

}  // namespace
}  // namespace swaplab
