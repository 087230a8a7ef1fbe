// What makes a spec a model. Throws `InputError` without a position, as `Model` does.
#pragma once

#include "profiles/model/model.h"

namespace swaplab {

// Names, sizes, divisions, and who reads what.
void check_model(const ModelSpec& spec);

// What the layers have together.
struct ModelTotals {
    Bytes parameter_bytes;
    std::int64_t parameter_tensors = 0;
    std::int64_t macs = 0;
    std::int64_t flops = 0;
    Bytes kv_cache_bytes;
};
// Of a checked spec whose prompt is known; none above `kMostInTotal`.
ModelTotals checked_totals(const ModelSpec& spec);

}  // namespace swaplab
