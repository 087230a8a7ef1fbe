// `swaplab/result/1`: what `run --json` writes.
#pragma once

#include "experiments/report/certificate.h"
#include "policies/result.h"
#include "profiles/document.h"

namespace swaplab {

// One result as an object, its certificate included.
void write_result(JsonWriter& json, const RunResult& result, const Certificate& certificate);

}  // namespace swaplab
