#include "hw/torch/run/input_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "profiles/base/error.h"

namespace swaplab {
namespace {

TEST(InputValues, ShapesAreRead) {
    const PackedInput image = parse_packed_input("1x3x224x224");
    EXPECT_EQ(image.shape, (std::vector<std::int64_t>{1, 3, 224, 224}));
    EXPECT_EQ(image.dtype, "float32");
    EXPECT_EQ(element_count(image), 3 * 224 * 224);
    const PackedInput tokens = parse_packed_input("384:int64");
    EXPECT_EQ(tokens.shape, std::vector<std::int64_t>{384});
    EXPECT_EQ(tokens.dtype, "int64");
}

TEST(InputValues, WhatIsNoShapeIsRefused) {
    for (const char* text : {"", "x", "1x", "x3", "0x3", "-1x3", "1x3:", "1x3:float", "1 x 3",
                             "1x3:int64:int64", "4294967296x4294967296"})
        EXPECT_THROW(parse_packed_input(text), InputError) << text;
}

// SplitMix64 of seed 0 begins with 0xe220a8397b1dcdaf (Vigna's reference implementation).
TEST(InputValues, AreTheSameEverywhere) {
    EXPECT_EQ(InputValues(0).tokens(1).front(),
              static_cast<std::int64_t>(0xe220a8397b1dcdafU % 1000));
    // (0xe220 + 0xa839 + 0x7b1d + 0xcdaf - 131070) / sqrt(4 * (2^32 - 1) / 12)
    EXPECT_NEAR(InputValues(0).normal(1).front(), 1.4286, 1e-4);
}

TEST(InputValues, AreDistributedAsTheySay) {
    const std::vector<float> values = InputValues(3).normal(100'000);
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 1e5;
    double squares = 0;
    for (const float value : values) squares += static_cast<double>(value) * value;
    EXPECT_NEAR(mean, 0.0, 0.02);  // six standard errors
    EXPECT_NEAR(squares / 1e5, 1.0, 0.03);
    for (const std::int64_t token : InputValues(3).tokens(1000)) {
        EXPECT_GE(token, 0);
        EXPECT_LT(token, 1000);
    }
    EXPECT_NE(InputValues(3).tokens(8), InputValues(4).tokens(8));
}

}  // namespace
}  // namespace swaplab
