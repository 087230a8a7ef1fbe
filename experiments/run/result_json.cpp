#include "experiments/run/result_json.h"

#include "experiments/emulate/pace_check.h"
#include "experiments/run/extrapolation_report.h"
#include "experiments/run/outputs_check.h"
#include "experiments/text/json_parts.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Readers of the first know no `infeasible-from`.
std::string_view verdict_in(ResultSchema schema, Verdict verdict) {
    const bool known = schema != ResultSchema::first || verdict != Verdict::infeasible_from;
    return name_of(known ? verdict : Verdict::stuck);
}

void write_infeasible_from(JsonWriter& json, const RunResult& result) {
    json.key("infeasible_from").begin_object();
    json.member("at_ns", count_ns(result.infeasible_from->at));
    json.member("budget_bytes", result.infeasible_from->budget.count);
    json.member("minimum_budget_bytes", result.minimum_budget.count).end_object();
}

void write_infeasible(JsonWriter& json, const RunResult& result) {
    json.member("minimum_budget_bytes", result.minimum_budget.count);
    json.member("reason", result.reason);
    json.key("layers").begin_array();
    for (const std::string& layer : result.layers) json.value(layer);
    json.end_array();
}

// A share of `direct`'s; none where that was not run.
void write_slowdown(JsonWriter& json, const RunResult& result, double slowdown) {
    json.key("slowdown");
    if (result.full_memory_latency > Duration::zero())
        json.value(slowdown);
    else
        json.null();
}

void write_turns(JsonWriter& json, const LatencySummary& turn, const LatencySummary& waiting) {
    write_latency(json.key("turn_ns"), turn);
    write_latency(json.key("waiting_ns"), waiting);
}

void write_times(JsonWriter& json, const RunResult& result,
                 std::optional<std::int64_t> requests_asked, ResultSchema schema) {
    write_latency(json.key("latency_ns"), result.latency);
    if (schema != ResultSchema::first) write_turns(json, result.turn, result.waiting);
    json.member("requests", result.requests);
    if (result.verdict == Verdict::interrupted)
        write_optional(json.key("requests_asked"), requests_asked);
    json.member("makespan_ns", count_ns(result.makespan));
    json.key("throughput_per_s");
    if (result.makespan > Duration::zero())
        json.value(result.throughput_per_s());
    else
        json.null();
    json.member("full_memory_latency_ns", count_ns(result.full_memory_latency));
    write_slowdown(json, result, result.slowdown());
    json.member("lower_bound_ns", count_ns(result.lower_bound));
    if (schema != ResultSchema::first)
        json.member("policy_bound_ns", count_ns(result.policy_bound));
    json.member("lower_bound_of",
                result.lower_bound_of == BoundOf::latency ? "latency" : "makespan");
    write_optional(json.key("closed_form_ns"), result.closed_form);
}

// Only where it was asked for.
void write_frozen(JsonWriter& json, const RunResult& result,
                  const std::optional<FrozenReference>& frozen) {
    if (!frozen) return;
    json.member("frozen_latency_ns", count_ns(frozen->latency));
    json.member("slowdown_frozen", frozen->slowdown(result.latency.mean));
    json.member("frozen_outputs_equal", frozen->outputs_equal);
    json.member("frozen_largest_difference", frozen->largest_difference);
    json.member("frozen_largest_output", frozen->largest_output);
}

void write_replications(JsonWriter& json, const Replications& replications) {
    if (replications.count < 2) return;
    json.key("replications").begin_object().member("count", replications.count);
    write_optional(json.key("latency_half_width_95_ns"), replications.half_width);
    json.key("latency_mean_ns").begin_array();
    for (const Duration mean : replications.mean_latency) json.value(count_ns(mean));
    json.end_array().end_object();
}

// What executions found in memory, of all that they used.
void write_hits(JsonWriter& json, const RunResult& result) {
    json.member("hit_bytes", result.hit().count);
    json.key("hit_rate");
    if (const std::optional<double> rate = result.hit_rate())
        json.value(*rate);
    else
        json.null();
    json.member("read_again_bytes", result.read_again.count);
}

void write_memory(JsonWriter& json, const RunResult& result, ResultSchema schema) {
    const MemoryReport& memory = result.memory;
    json.member("peak_bytes", memory.peak.count).member("arena_bytes", memory.arena_bytes.count);
    json.key("peak_by_category").begin_object();
    for (std::size_t i = 0; i < kCategories; ++i)
        json.member(name_of(static_cast<Category>(i)), memory.peak_by_category[i].count);
    json.end_object();
    json.member("largest_hole_bytes", memory.largest_hole.count);
    json.member("swapped_in_bytes", result.swapped_in.count);
    if (schema != ResultSchema::first) write_hits(json, result);
    json.member("over_budget_ns", count_ns(memory.over_budget));
}

// What the operating system saw, where there was one. `peak_bytes` above is what was accounted.
void write_evidence(JsonWriter& json, const RunResult& result, const Scenario& scenario) {
    if (!result.evidence) return;
    const Evidence& evidence = *result.evidence;
    json.member("measured_lower_bound_ns", count_ns(result.measured_lower_bound));
    json.member("measured_lower_bound_of",
                result.measured_lower_bound_of == BoundOf::latency ? "latency" : "makespan");
    json.key("evidence").begin_object();
    json.member("committed_peak_bytes", evidence.committed_peak.count);
    write_optional(json.key("resident_growth_bytes"), evidence.resident_growth);
    write_optional(json.key("cgroup_peak_bytes"), evidence.cgroup_peak);
    write_optional(json.key("read_from_storage_bytes"), evidence.read_from_storage);
    json.key("outputs_equal");
    if (result.outputs_equal)
        json.value(*result.outputs_equal);
    else
        json.null();
    json.key("outputs_as_packed");
    if (const auto same = as_packed(scenario, result))
        json.value(*same);
    else
        json.null();
    json.key("outputs").begin_array();
    for (const Digests& job : evidence.outputs) {
        json.begin_array();
        for (const std::string& digest : job) json.value(digest);
        json.end_array();
    }
    json.end_array().end_object();
}

// Of an emulated run: how well it kept the device's pace. Durations are in the device's time.
void write_pace(JsonWriter& json, const RunResult& result, const LatenessBound& bound) {
    const std::optional<PaceVerdict> pace = judge_pace(result, bound);
    if (!pace) return;
    json.key("emulation").begin_object().member("time_scale", pace->time_scale);
    json.member("valid", pace->valid());
    write_optional(json.key("bound_ns"), pace->bound);
    if (result.full_memory_pace) json.member("full_memory_valid", !late_reference(result, bound));
    json.key("lateness_ns").begin_object();
    for (const LaneLateness& lane : pace->lanes)
        json.key(lane.lane)
            .begin_object()
            .member("count", lane.count)
            .member("p50", count_ns(lane.p50))
            .member("p95", count_ns(lane.p95))
            .member("p99", count_ns(lane.p99))
            .member("max", count_ns(lane.max))
            .end_object();
    json.end_object();
    json.key("advice");
    if (pace->valid())
        json.null();
    else
        json.value(pace->problem + "; " + pace->advice());
    json.end_object();
}

// The first schema knew three reasons.
void write_stalls(JsonWriter& json, const RunResult& result, ResultSchema schema) {
    const Stalls& stalls = result.stalls;
    json.member("compute_busy_ns", count_ns(result.compute_busy));
    json.key("stall_ns").begin_object();
    if (schema == ResultSchema::first) {
        const Duration read = stalls[StallReason::read], memory = stalls[StallReason::memory];
        json.member("read", count_ns(read)).member("memory", count_ns(memory));
        json.member("other", count_ns(stalls.sum() - read - memory));
    } else {
        for (const StallReason reason : kAllStallReasons)
            json.member(name_of(reason), count_ns(stalls[reason]));
    }
    json.end_object();
}

// Which row of the lookup table was in force, from which request on.
void write_adopted(JsonWriter& json, const JobResult& job) {
    json.begin_array();
    for (const Adopted& row : job.adopted) {
        json.begin_object().member("request", static_cast<std::int64_t>(row.request.index));
        json.member("row", static_cast<std::int64_t>(row.variant));
        json.member("need_bytes", row.need.count);
        json.member("blocks", static_cast<std::int64_t>(row.blocks)).end_object();
    }
    json.end_array();
}

void write_jobs(JsonWriter& json, const RunResult& result, const Scenario& scenario,
                ResultSchema schema) {
    json.key("jobs").begin_array();
    for (std::size_t i = 0; i < result.jobs.size(); ++i) {
        const JobResult& job = result.jobs[i];
        json.begin_object();
        json.member("model", job.model).member("budget_bytes", job.budget.count);
        json.key("blocks").begin_array();
        for (const BlockFacts& block : job.blocks) {
            json.begin_object();
            write_block_members(json, *scenario.models[i].model, block);
            json.end_object();
        }
        json.end_array();
        write_latency(json.key("latency_ns"), job.latency);
        if (schema != ResultSchema::first) {
            write_turns(json, job.turn, job.waiting);
            write_slowdown(json, result, job.slowdown());
        }
        if (job.first_token.count > 0) {
            write_latency(json.key("first_token_ns"), job.first_token);
            write_latency(json.key("next_token_ns"), job.next_token);
        }
        json.member("deadline_misses", job.deadline_misses);
        if (scenario.workload.overrun.any() && schema != ResultSchema::first)
            json.member("dropped", job.dropped).member("aborted", job.aborted);
        if (job.kept && schema != ResultSchema::first) write_kept(json.key("kept"), *job.kept);
        if (!job.adopted.empty()) write_adopted(json.key("adopted"), job);
        json.end_object();
    }
    json.end_array();
}

}  // namespace

ResultSchema result_schema_named(const std::string& given) {
    if (given == "1") return ResultSchema::first;
    if (given == "2") return ResultSchema::second;
    throw InputError(text("--schema: expected 1 or 2, found '{}'", given));
}

void write_result(JsonWriter& json, const RunResult& result, const PolicyChoice& policy,
                  const Certificate& certificate, const std::optional<FrozenReference>& frozen,
                  ResultSchema schema) {
    json.begin_object();
    json.member("schema", schema == ResultSchema::first ? "swaplab/result/1" : "swaplab/result/2")
        .member("kind", certificate.kind());
    json.member("validated", certificate.scenario().device.platform.provenance.measured)
        .member("verdict", verdict_in(schema, result.verdict));
    json.member("policy", result.policy);
    write_optional(json.key("budget_bytes"), result.budget);
    if (result.verdict == Verdict::infeasible) {
        write_infeasible(json, result);
    } else if (result.verdict == Verdict::refused) {
        json.member("reason", result.reason);
    } else {
        if (is_stuck(result.verdict)) json.member("reason", result.reason);
        if (result.infeasible_from && schema != ResultSchema::first)
            write_infeasible_from(json, result);
        write_times(json, result, certificate.scenario().all_requests(), schema);
        write_frozen(json, result, frozen);
        write_replications(json, result.replications);
        write_memory(json, result, schema);
        write_evidence(json, result, certificate.scenario());
        write_pace(json, result, certificate.scenario().lateness);
        write_stalls(json, result, schema);
        json.member("deadline_miss_ratio", result.deadline_miss_ratio);
        if (certificate.scenario().workload.overrun.any() && schema != ResultSchema::first)
            json.member("dropped", result.dropped()).member("aborted", result.aborted());
        write_optional(json.key("energy_j"), result.energy_j);
        json.key("accuracy").null();
        json.member("events", static_cast<std::int64_t>(result.events));
        write_jobs(json, result, certificate.scenario(), schema);
        write_extrapolated(json, result, certificate.scenario());
    }
    certificate.write(json.key("certificate"), result, policy);
    json.end_object();
}

}  // namespace swaplab
