// Fits against layers that were measured and published: ViT-Base is fitted, ViT-Large predicted.
//
// Microseconds of each sub-layer at batch 8, fp32, on two boards, from the README of
// usc-isi/PipeEdge; of each block of four: attention with its inputs' projection, the projection of
// its output, the feed-forward network up, and down.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <span>

#include "profiles/cost/cost.h"
#include "profiles/fit/fit.h"

namespace swaplab {
namespace {

// clang-format off
constexpr std::array<double, 48> kMinnowboardBase{
    462703, 80515, 352463, 303931, 349148, 82278, 351017, 298056, 336210, 88349, 352434, 297190,
    335971, 82096, 358345, 297116, 348260, 81815, 350937, 306504, 336894, 82195, 353766, 295951,
    344247, 81072, 352195, 304170, 334455, 89678, 351563, 308656, 335959, 81696, 358718, 300675,
    340817, 81647, 352125, 306702, 335195, 81803, 357070, 297206, 334146, 82416, 360575, 301503};
constexpr std::array<double, 96> kMinnowboardLarge{
    737028, 142191, 606462, 529846, 557693, 142675, 601008, 538230, 572294, 139947, 607061,
    528907, 559614, 140436, 599896, 534906, 569870, 139651, 604851, 529248, 562637, 140278,
    605516, 537968, 568267, 142625, 607167, 531743, 565726, 140812, 604160, 545221, 564642,
    140605, 609871, 531742, 564460, 142346, 612759, 538119, 560378, 140672, 601456, 526708,
    568126, 141284, 611103, 540533, 559411, 141341, 600268, 532511, 569367, 142456, 604192,
    538033, 564774, 148927, 597585, 535685, 570663, 140135, 613246, 547534, 556757, 149880,
    600989, 527237, 570518, 141259, 611447, 536155, 565782, 148206, 600084, 533206, 566615,
    139703, 607421, 538250, 558089, 140098, 600037, 535781, 571889, 141271, 608885, 530028,
    560692, 141800, 601008, 539071, 577081, 141274, 609973, 532468};
constexpr std::array<double, 48> kRccVeBase{
    370874, 65549, 282232, 238209, 269736, 64533, 281805, 239023, 269443, 63974, 282216, 238750,
    270224, 63767, 283426, 238268, 269075, 63576, 283192, 238073, 268364, 64784, 281293, 238268,
    269154, 64701, 281458, 238222, 272307, 64755, 283023, 238072, 269628, 64758, 281708, 242395,
    267996, 64741, 282904, 239359, 275693, 64896, 288946, 241349, 270493, 63544, 283724, 243910};
constexpr std::array<double, 96> kRccVeLarge{
    582731, 114472, 487441, 431921, 454146, 114484, 488908, 432976, 451596, 114371, 485492,
    434900, 449394, 113599, 484203, 432286, 446304, 113931, 483537, 435524, 450941, 114401,
    487837, 438014, 453946, 116019, 488787, 436628, 452765, 114090, 487317, 437128, 449715,
    114101, 490339, 432913, 447356, 112847, 489417, 433448, 449354, 113081, 485467, 432529,
    453352, 114618, 484098, 432886, 451971, 113984, 486828, 436221, 453926, 114825, 488162,
    437410, 451446, 115069, 486599, 436528, 454433, 113773, 489402, 433544, 452476, 112782,
    488301, 432588, 458697, 114664, 487731, 435581, 448706, 114135, 485810, 437468, 451954,
    114359, 487854, 434019, 451107, 114686, 486565, 430749, 449181, 111999, 487674, 438469,
    447797, 114067, 486586, 436755, 458641, 112652, 486554, 439920};
// clang-format on

// Sub-layer i of a ViT of this width with 197 tokens, batch 8: FLOPs by the textbook, bytes that
// it reads and writes. The first also cuts the image into patches.
Measurement sub_layer(std::size_t i, std::int64_t width, double microseconds) {
    constexpr std::int64_t tokens = 197, batch = 8, patches = 196, patch = 768;
    const std::int64_t token = 2 * tokens * batch;
    const std::int64_t inputs = 3 * token * width * width + 4 * tokens * tokens * batch * width;
    const std::array<std::int64_t, 4> flops{inputs, token * width * width,
                                            4 * token * width * width, 4 * token * width * width};
    const std::array<std::int64_t, 4> widths{1 + 2, 2 + 1, 1 + 5, 5 + 1};  // in and out
    Measurement row;
    row.activity = Activity::execute;
    row.op = i % 4 == 0 ? OpClass::attention : OpClass::linear;
    row.features.layers = 1;
    row.features.flops = flops[i % 4] + (i == 0 ? 2 * patches * batch * patch * width : 0);
    row.features.activation_bytes = {4 * batch * tokens * width * widths[i % 4]};
    row.duration_ns = microseconds * 1000;
    return row;
}

std::vector<Measurement> network(std::span<const double> microseconds, std::int64_t width) {
    std::vector<Measurement> rows;
    for (std::size_t i = 0; i < microseconds.size(); ++i)
        rows.push_back(sub_layer(i, width, microseconds[i]));
    return rows;
}

// Mean absolute relative error of ViT-Large (width 1024) by the lines of ViT-Base (width 768).
double error_on_large(const char* board, std::span<const double> base,
                      std::span<const double> large) {
    Measurements measurements;
    measurements.rows = network(base, 768);
    const Node node = fit_device(measurements, {board, ""}).platform.nodes.front();
    double sum = 0, base_ns = 0;
    for (const Measurement& row : measurements.rows) base_ns += row.duration_ns;
    for (const Measurement& row : network(large, 1024))
        sum += std::abs(cost_ns(node.execute.of(*row.op), row.features) / row.duration_ns - 1);
    const double error = sum / static_cast<double>(large.size());
    std::printf("%s: ViT-Base fitted per op class, ViT-Large predicted: MAPE %.2f %%\n", board,
                100 * error);
    return error;
}

TEST(PipeEdge, FlopsAreThoseThatWerePublished) {
    EXPECT_EQ(sub_layer(0, 768, 0).features.flops, 8380833792);
    EXPECT_EQ(sub_layer(4, 768, 0).features.flops, 6531145728);
    EXPECT_EQ(sub_layer(5, 768, 0).features.flops, 1859125248);
    EXPECT_EQ(sub_layer(6, 768, 0).features.flops, 7436500992);
    EXPECT_EQ(sub_layer(0, 1024, 0).features.flops, 13653278720);
    EXPECT_EQ(sub_layer(4, 1024, 0).features.flops, 11187027968);
    EXPECT_EQ(sub_layer(7, 1024, 0).features.flops, 13220446208);
}

TEST(PipeEdge, VitLargeIsPredictedFromVitBase) {
    EXPECT_LE(error_on_large("MinnowBoard", kMinnowboardBase, kMinnowboardLarge), 0.10);
    EXPECT_LE(error_on_large("RCC-VE", kRccVeBase, kRccVeLarge), 0.10);
}

}  // namespace
}  // namespace swaplab
