// What a model's inputs look like and hold. No LibTorch here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hw/storage/pack.h"

namespace swaplab {

// "1x3x224x224" or "1x384:int64"; the dtype is float32 where none is named. Throws `InputError`.
PackedInput parse_packed_input(std::string_view text);

// "1x3x224x224:float32, 1x128:int64".
std::string described(const std::vector<PackedInput>& inputs);

std::int64_t element_count(const PackedInput& input);

// Values drawn from a seed, the same bytes on every machine: integer arithmetic and one rounding.
class InputValues {
  public:
    explicit InputValues(std::uint64_t seed) : state_(seed) {}
    // Bell-shaped (the sum of four uniform draws), mean 0, variance 1 as closely as float32 has it.
    std::vector<float> normal(std::int64_t count);
    // Uniform in [0, kTokens): valid in any vocabulary of at least that many words.
    std::vector<std::int64_t> tokens(std::int64_t count);

    static constexpr std::uint64_t kTokens = 1000;

  private:
    std::uint64_t next();  // SplitMix64
    std::uint64_t state_;
};

}  // namespace swaplab
