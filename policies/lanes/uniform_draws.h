// Uniform draws by counter (Philox4x32-10), as `NormalDraws` are of the noise: a draw depends on
// the key and on the counter that names it, never on when it is made. For when requests arrive.
#pragma once

#include <array>
#include <cstdint>

namespace swaplab {

class UniformDraws {
  public:
    using Counter = std::array<std::uint32_t, 4>;

    explicit UniformDraws(std::uint64_t seed);

    double at(const Counter& counter) const;           // in (0, 1)
    double exponential(const Counter& counter) const;  // of mean 1
    // From 0 to `most`, all alike.
    std::int64_t whole(const Counter& counter, std::int64_t most) const;

  private:
    std::array<std::uint32_t, 2> key_{};
};

}  // namespace swaplab
