// Random models whose layers share parameters and gather rows of tables.
#pragma once

#include "profiles/model/model.h"

namespace swaplab::testing {

// Up to 12 layers: owners, tables, layers that share, touch or gather. `tokens`: 0 or as of a
// generative model. The same seed gives the same model.
ModelPtr sharing_model(std::uint64_t seed, std::int64_t tokens = 0);

}  // namespace swaplab::testing
