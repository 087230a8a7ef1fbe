// DenseNet-201, ResNet-152 and YOLOv4-P6 against Darknet's cfg files, and FCN-ResNet101 against
// torchvision's. All sections were once compared one by one with independent computations (bytes
// and operations of each); what stands here is a digest.
#include <gtest/gtest.h>

#include <algorithm>

#include "profiles/builtin.h"

namespace swaplab {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;

Model model_named(std::string_view name) { return builtin_model(name).value(); }

struct Digest {
    const char* name;
    std::uint32_t layers;
    std::ptrdiff_t convolutions;
    double mib;          // with batch norm's four vectors
    double folded_mib;   // with a bias instead
    double largest_mib;  // layer, folded
    const char* large_layer;
    std::int64_t large_flops;  // 2 * MACs of that layer
};

// Sizes and operations of the public cfg files at 608x608 (P6: 640x640).
constexpr Digest kDigests[] = {
    {"densenet201", 305, 201, 65.637, 65.447, 5.8632, "conv302", 1'108'992'000},
    {"resnet152", 205, 152, 219.574, 218.751, 9.002, "conv191", 1'703'411'712},
    {"yolov4-p6", 305, 205, 487.202, 486.447, 36.0039, "conv159", 1'887'436'800},
};

std::int64_t folded_bytes(const Layer& layer) {
    const bool batch_normed = layer.parameter_tensors == 5;
    return layer.parameter_bytes.count - (batch_normed ? 12 * (*layer.gemm)[2] : 0);
}

TEST(DarknetModels, Digests) {
    for (const Digest& digest : kDigests) {
        SCOPED_TRACE(digest.name);
        const Model model = model_named(digest.name);
        EXPECT_EQ(model.size(), digest.layers);
        EXPECT_EQ(std::ranges::count(model.layers(), OpClass::conv2d, &Layer::op),
                  digest.convolutions);
        EXPECT_NEAR(static_cast<double>(model.parameter_bytes().count) / kMiB, digest.mib, 5e-4);
        std::int64_t folded = 0;
        std::int64_t largest = 0;
        for (const Layer& layer : model.layers()) {
            folded += folded_bytes(layer);
            largest = std::max(largest, folded_bytes(layer));
        }
        EXPECT_NEAR(static_cast<double>(folded) / kMiB, digest.folded_mib, 5e-4);
        EXPECT_NEAR(static_cast<double>(largest) / kMiB, digest.largest_mib, 5e-4);
        const auto layer = std::ranges::find(model.layers(), digest.large_layer, &Layer::name);
        ASSERT_NE(layer, model.layers().end());
        EXPECT_EQ(2 * layer->macs, digest.large_flops);
    }
}

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
        std::int64_t largest = 0;
        for (const Layer& layer : model.layers())
            largest = std::max(largest, layer.parameter_bytes.count);
        saved += 1 - static_cast<double>(largest) /
                         (2 * static_cast<double>(model.parameter_bytes().count));
    }
    EXPECT_NEAR(saved / 5, 0.9646, 0.0015);
}

// torchvision documents fcn_resnet101 with 54 314 346 parameters, its auxiliary head included;
// running means and variances are not among them.
TEST(FcnResnet101, TotalsAndHeads) {
    const Model model = model_named("fcn-resnet101");
    std::int64_t running = 0;  // running means and variances: 2 vectors per batch-normed channel
    for (const Layer& layer : model.layers())
        if (layer.parameter_tensors == 5) running += 2 * (*layer.gemm)[2];
    EXPECT_EQ(model.parameter_bytes().count / 4 - running, 54'314'346);
    // The heads read maps of 65 x 65 positions, an eighth of 520, and answer at 520 x 520.
    const auto head = std::ranges::find(model.layers(), "classifier.0", &Layer::name);
    ASSERT_NE(head, model.layers().end());
    EXPECT_EQ((*head->gemm)[0], 65 * 65);
    EXPECT_EQ(head->macs + std::next(head)->macs, 39'917'529'600);
    const auto answer = std::ranges::find(model.layers(), "classifier.interpolate", &Layer::name);
    EXPECT_EQ(answer->output_bytes.count, 4 * 21 * 520 * 520);
}

}  // namespace
}  // namespace swaplab
