// Seeded randomness for tests: the same numbers with every standard library.
#pragma once

#include <cstdint>
#include <random>

namespace swaplab::testing {

class Rng {
  public:
    explicit Rng(std::uint64_t seed) : engine_(seed * 0x9e3779b97f4a7c15ULL + 1) {}

    // Uniform in [low, high].
    std::int64_t between(std::int64_t low, std::int64_t high) {
        const auto span = static_cast<std::uint64_t>(high - low) + 1;
        return low + static_cast<std::int64_t>(span == 0 ? engine_() : engine_() % span);
    }
    // True `percent` times in a hundred.
    bool chance(int percent) { return between(0, 99) < percent; }
    // In [0, 1).
    double unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  private:
    std::mt19937_64 engine_;
};

}  // namespace swaplab::testing

// Runs what follows once per seed in [first, first + count); a failure says which seed it was.
//   SWAPLAB_FOR_SEEDS(seed, 1, 200) { Rng rng(seed); ... }
#define SWAPLAB_FOR_SEEDS(seed, first, count)                                                     \
    for (std::uint64_t seed = (first), seed##_end = (first) + (count); seed < seed##_end; ++seed) \
        if (::testing::ScopedTrace seed##_trace(__FILE__, __LINE__,                               \
                                                "seed " + std::to_string(seed));                  \
            true)
