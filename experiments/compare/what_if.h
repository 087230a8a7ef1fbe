// --what-if: the same run on a device, or with a budget, that is better in one way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/compare/leads.h"

namespace swaplab {

struct Wish {
    std::optional<Activity> faster;  // else more memory
    double factor = 1;
    Bytes more;
    std::string text;  // as it was written
};

// "read=2x,execute=2x,budget=+64MiB". Throws `InputError`.
std::vector<Wish> parse_wishes(const std::string& given);

// One sentence per budget, of its best policy: what each wish alone would change. Runs it again for
// each, under the same draws.
std::string what_if_report(const Comparison& comparison, Metric metric,
                           const std::vector<Wish>& wishes, const Testbed& testbed);

}  // namespace swaplab
