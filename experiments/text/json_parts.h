// Pieces that several JSON outputs share.
#pragma once

#include <optional>

#include "policies/metrics/result.h"
#include "policies/port/block.h"
#include "profiles/base/latency_summary.h"
#include "profiles/document/document.h"

namespace swaplab {

// The number of ns or bytes after a key, or null.
void write_optional(JsonWriter& json, std::optional<Duration> duration);
void write_optional(JsonWriter& json, std::optional<Bytes> bytes);
void write_optional(JsonWriter& json, std::optional<double> number);
void write_optional(JsonWriter& json, std::optional<std::int64_t> number);

// {"mean": .., "min": .., "p50": .., "p95": .., "p99": .., "max": ..}
// Null where nothing was measured.
void write_latency(JsonWriter& json, const LatencySummary& latency);

// {"first": "conv1_1", "last": "conv3_4", "bytes": 0, ...}; members only, the caller opens and
// closes the object.
// What a plan keeps in memory.
void write_kept(JsonWriter& json, const KeptBlocks& kept);

void write_block_members(JsonWriter& json, const Model& model, const BlockFacts& block);

}  // namespace swaplab
