// Standard normal draws by counter (Philox4x32-10; Salmon et al., SC 2011): a draw depends on the
// key and on the counter that names it, never on when it is made or on what was drawn before.
#pragma once

#include <array>
#include <cstdint>

#include "policies/port/device.h"

namespace swaplab {

class NormalDraws {
  public:
    using Counter = std::array<std::uint32_t, 4>;

    explicit NormalDraws(NoiseKey key);

    // Box-Muller; the second normal of the pair is not used, so that a draw needs no state.
    double at(const Counter& counter) const;

  private:
    std::array<std::uint32_t, 2> key_{};
};

// exp(mu + sigma·z) of a standard normal z: log-normal with mean 1 and that coefficient of
// variation, if sigma^2 = ln(1 + cv^2), mu = -sigma^2/2.
struct LogNormal {
    static LogNormal of(double cv);
    double at(double z) const;
    bool is_constant() const { return sigma == 0; }

    double mu = 0;
    double sigma = 0;
};

}  // namespace swaplab
