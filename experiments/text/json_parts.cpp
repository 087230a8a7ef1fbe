#include "experiments/text/json_parts.h"

namespace swaplab {

void write_optional(JsonWriter& json, std::optional<Duration> duration) {
    if (duration)
        json.value(count_ns(*duration));
    else
        json.null();
}

void write_optional(JsonWriter& json, std::optional<Bytes> bytes) {
    if (bytes)
        json.value(bytes->count);
    else
        json.null();
}

void write_optional(JsonWriter& json, std::optional<double> number) {
    if (number)
        json.value(*number);
    else
        json.null();
}

void write_optional(JsonWriter& json, std::optional<std::int64_t> number) {
    if (number)
        json.value(*number);
    else
        json.null();
}

void write_latency(JsonWriter& json, const LatencySummary& latency) {
    if (latency.count == 0) {
        json.null();
        return;
    }
    json.begin_object();
    json.member("mean", count_ns(latency.mean)).member("min", count_ns(latency.min));
    json.member("p50", count_ns(latency.p50)).member("p95", count_ns(latency.p95));
    json.member("p99", count_ns(latency.p99)).member("max", count_ns(latency.max));
    json.end_object();
}

void write_kept(JsonWriter& json, const KeptBlocks& kept) {
    json.begin_object().member("bytes", kept.bytes.count);
    json.member("blocks", static_cast<std::int64_t>(kept.blocks));
    json.member("steady_pass_ns", count_ns(kept.steady_pass));
    json.member("best_of", kept.every_set_tried ? "every-set" : "prefix-interleaved-greedy");
    json.end_object();
}

void write_block_members(JsonWriter& json, const Model& model, const BlockFacts& block) {
    json.member("first", model.name_of(UnitId{block.units.first}));
    json.member("last", model.name_of(UnitId{block.units.last - 1}));
    json.member("bytes", block.parameter_bytes.count);
}

}  // namespace swaplab
