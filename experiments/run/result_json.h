// `swaplab/result/2`: what `run --json` writes; `swaplab/result/1` for readers of the old.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "experiments/request/certificate.h"
#include "experiments/run/frozen_reference.h"
#include "policies/metrics/result.h"
#include "profiles/document/document.h"

namespace swaplab {

enum class ResultSchema : std::uint8_t { first = 1, second };
inline constexpr std::string_view kSchemaHelp =
    "of --json: 2 (default) or, for readers of the old, 1";
// Throws `InputError` naming --schema.
ResultSchema result_schema_named(const std::string& given);

// One result as an object, its certificate included, and what was set beside it.
void write_result(JsonWriter& json, const RunResult& result, const PolicyChoice& policy,
                  const Certificate& certificate, const std::optional<FrozenReference>& frozen,
                  ResultSchema schema);

}  // namespace swaplab
