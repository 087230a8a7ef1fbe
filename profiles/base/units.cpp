#include "profiles/base/units.h"

#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

Duration to_duration(double cost_ns) {
    if (!std::isfinite(cost_ns))
        throw InputError(text("expected a finite cost, found {} ns", cost_ns));
    if (cost_ns < 0) throw InputError(text("expected a cost >= 0, found {} ns", cost_ns));
    const double longest = static_cast<double>(count_ns(kLongestActivity));
    // Costs below the limit that round up to it are refused too, hence the half.
    if (cost_ns >= longest - 0.5) {
        throw InputError(
            text("one activity takes {} ns: expected less than 2^42 ns (73 minutes); use "
                 "smaller blocks or check the costs of the device",
                 cost_ns));
    }
    return Duration{std::llround(cost_ns)};
}

}  // namespace swaplab
