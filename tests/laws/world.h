// Random worlds for the pipelines: a model, a platform on which nothing contends, some requests.
#pragma once

#include <array>

#include "tests/laws/tables.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"

namespace swaplab::laws {

using testing::ModelShape;
using testing::Options;
using testing::PlatformShape;
using testing::random_model;
using testing::random_platform;
using testing::Rng;
using testing::simulate;

inline constexpr Bytes kPlenty{std::int64_t{1} << 39};
inline constexpr std::uint64_t kTables = SWAPLAB_SANITIZED ? 150 : 400;

// A random world per seed: small numbers (ties, zeros) in one third, fractional costs in one third.
struct World {
    explicit World(std::uint64_t seed) {
        Rng rng(seed ^ 0x5eedULL);
        ModelShape model_shape;
        PlatformShape shape;
        if (seed % 3 == 0) model_shape.scale = shape.scale = 6;
        shape.fractional = seed % 3 == 1;
        shape.most_assemble_lanes = rng.chance(30) ? 3 : 1;
        shape.most_alignment = rng.chance(30) ? model_shape.scale / 2 : 1;
        shape.free_hand_offs = rng.chance(20);
        model_shape.percent_grouped = rng.chance(20) ? 50 : 0;
        model_shape.percent_stored = rng.chance(30) ? 50 : 0;
        model = random_model(seed, model_shape);
        platform = random_platform(seed, shape);
        requests = rng.between(1, 4);
    }
    Options options(ArrivalMode mode) const {
        Options o;
        o.budget = kPlenty;
        o.mode = mode;
        o.requests = requests;
        return o;
    }
    std::size_t count() const { return static_cast<std::size_t>(requests); }

    ModelPtr model;
    Platform platform;
    std::int64_t requests = 1;
};

inline constexpr std::array kModes{ArrivalMode::cold, ArrivalMode::stream};

}  // namespace swaplab::laws
