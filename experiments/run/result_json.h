// `swaplab/result/1`: what `run --json` writes.
#pragma once

#include "experiments/request/certificate.h"
#include "experiments/run/frozen_reference.h"
#include "policies/run/result.h"
#include "profiles/document/document.h"

namespace swaplab {

// One result as an object, its certificate included, and what was set beside it.
void write_result(JsonWriter& json, const RunResult& result, const PolicyChoice& policy,
                  const Certificate& certificate,
                  const std::optional<FrozenReference>& frozen = std::nullopt);

}  // namespace swaplab
