// Darknet's networks, section by section. The expected numbers were computed from the public cfg
// files by a program that shares nothing with this one: parameter bytes with every batch norm
// folded into a bias, and two FLOPs a MAC. Sums over the sections weighted with 1, 2, 3, ... tell
// apart sections that moved or traded their numbers.
#include <gtest/gtest.h>

#include "tests/profiles/builtin_models.h"

namespace swaplab {
namespace {

struct Digest {
    const char* name;
    std::uint32_t layers;
    std::int64_t convolutions;
    double mib;           // with batch norm's four vectors
    double largest_mib;   // layer, folded
    std::int64_t folded;  // bytes
    std::int64_t folded_weighted;
    std::int64_t flops;
    std::int64_t flops_weighted;
};

// At 608x608, P6 at 640x640.
constexpr Digest kDigests[] = {
    {"densenet201", 305, 201, 65.637, 5.8632, 68'626'080, 12'996'893'664, 61'189'742'592,
     5'976'198'193'152},
    {"resnet152", 205, 152, 219.574, 9.002, 229'377'440, 30'957'385'952, 165'798'739'968,
     16'901'274'664'960},
    {"yolov3", 107, 75, 236.518, 18.0039, 247'691'380, 16'648'511'000, 140'691'900'416,
     7'128'903'700'480},
    {"yolov4", 162, 110, 245.779, 18.0039, 257'319'796, 29'708'135'160, 128'389'482'496,
     11'096'951'748'608},
    {"yolov4-p6", 305, 205, 487.202, 36.0039, 510'077'120, 99'102'277'760, 179'254'886'400,
     24'882'131'763'200},
};

std::int64_t folded_bytes(const Layer& layer) {
    const bool batch_normed = layer.parameter_tensors == 5;
    return layer.parameter_bytes.count - (batch_normed ? 12 * (*layer.gemm)[2] : 0);
}

class DarknetModel : public ::testing::TestWithParam<Digest> {};

TEST_P(DarknetModel, IsItsCfg) {
    const Digest& expected = GetParam();
    const Model model = model_named(expected.name);
    EXPECT_EQ(model.layer_count(), expected.layers);
    EXPECT_EQ(count_of(model, OpClass::conv2d), expected.convolutions);
    EXPECT_NEAR(mib(model.parameter_bytes().count), expected.mib, 5e-4);
    Digest sums{};
    std::int64_t largest = 0;
    for (std::int64_t i = 0; i < model.layer_count(); ++i) {
        const Layer& layer = model.layers()[static_cast<std::size_t>(i)];
        sums.folded += folded_bytes(layer);
        sums.folded_weighted += (i + 1) * folded_bytes(layer);
        sums.flops += 2 * layer.macs;
        sums.flops_weighted += (i + 1) * 2 * layer.macs;
        largest = std::max(largest, folded_bytes(layer));
    }
    EXPECT_EQ(sums.folded, expected.folded);
    EXPECT_EQ(sums.folded_weighted, expected.folded_weighted);
    EXPECT_EQ(sums.flops, expected.flops);
    EXPECT_EQ(sums.flops_weighted, expected.flops_weighted);
    EXPECT_NEAR(mib(largest), expected.largest_mib, 5e-5);
}

INSTANTIATE_TEST_SUITE_P(Builtin, DarknetModel, ::testing::ValuesIn(kDigests),
                         [](const auto& test) {
                             std::string name(test.param.name);
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

// Huang et al.: each pair adds 32 channels; He et al.: the shortcut that begins a stage joins
// shapes that differ.
TEST(DarknetModels, Edges) {
    const Model dense = model_named("densenet201");
    const Layer& route = dense.layers()[4];
    EXPECT_EQ(route.name, "route4");
    EXPECT_EQ(route.inputs, (std::vector<Source>{LayerId{3}, LayerId{1}}));
    EXPECT_EQ(route.output_bytes.count, 4 * (64 + 32) * 152 * 152);
    const Model residual = model_named("resnet152");
    const Layer& shortcut = residual.layers()[17];
    EXPECT_EQ(shortcut.inputs, (std::vector<Source>{LayerId{16}, LayerId{13}}));
    EXPECT_EQ(shortcut.output_bytes.count, 4 * 512 * 76 * 76);
    const Model p6 = model_named("yolov4-p6");
    EXPECT_EQ(p6.layers()[185].inputs, (std::vector<Source>{LayerId{184}, LayerId{160}}));
    EXPECT_EQ(p6.layers()[251].inputs, (std::vector<Source>{LayerId{250}, LayerId{233}}));
    EXPECT_EQ(p6.layers()[287].inputs, (std::vector<Source>{LayerId{286}, LayerId{279}}));
}

// Ji et al. (RTSS 2022), first headline: a ring of the largest layer L against two copies of all M
// parameters, the mean of 1 - L/2M over five nets: 96.46 %.
TEST(DarknetModels, DemandLayeringsMemory) {
    double saved = 0;
    for (const char* name : {"densenet201", "resnet152", "yolov3", "yolov4", "yolov4-p6"}) {
        const Model model = model_named(name);
        saved += 1 - mib(largest_layer(model)) / (2 * mib(model.parameter_bytes().count));
    }
    EXPECT_NEAR(saved / 5, 0.9646, 0.0015);
}

// A shortcut between shapes that differ adds what both have: 64 of 256 channels; 256 of 512 at a
// quarter of the positions, which the stride makes. The leaky ReLU is of the whole output.
TEST(DarknetModels, Shortcuts) {
    const Model model = model_named("resnet152");
    EXPECT_EQ(layer_named(model, "shortcut5").other_ops, (64 + 2 * 256) * 152 * 152);
    EXPECT_EQ(layer_named(model, "shortcut9").other_ops, (256 + 2 * 256) * 152 * 152);
    EXPECT_EQ(layer_named(model, "shortcut17").other_ops, (256 + 2 * 512) * 76 * 76);
}

// yolov4-p6.cfg: four boxes of 85 values a cell, `activation=logistic` on the convolution and
// `new_coords=1` on the detection layer, which then takes no sigmoid.
TEST(DarknetModels, NewCoordinates) {
    const Model model = model_named("yolov4-p6");
    EXPECT_EQ(layer_named(model, "conv303").other_ops, 4 * 340 * 10 * 10);
    EXPECT_EQ(layer_named(model, "yolo304").other_ops, 0);
    EXPECT_EQ(layer_named(model, "yolo304").output_bytes.count, 340 * 10 * 10 * kFloat32);
    EXPECT_EQ(inputs_of(model, "route289"), Names{"conv249"});
    EXPECT_EQ(inputs_of(model, "route293"), Names{"conv262"});
    EXPECT_EQ(inputs_of(model, "route297"), Names{"conv275"});
    EXPECT_EQ(inputs_of(model, "route301"), Names{"conv288"});
}

}  // namespace
}  // namespace swaplab
