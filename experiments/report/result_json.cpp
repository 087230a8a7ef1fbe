#include "experiments/report/result_json.h"

#include "experiments/report/extrapolation_report.h"
#include "experiments/report/json_parts.h"

namespace swaplab {

namespace {

void write_infeasible(JsonWriter& json, const RunResult& result) {
    json.member("minimum_budget_bytes", result.minimum_budget.count);
    json.member("reason", result.reason);
    json.key("layers").begin_array();
    for (const std::string& layer : result.layers) json.value(layer);
    json.end_array();
}

void write_times(JsonWriter& json, const RunResult& result) {
    write_latency(json.key("latency_ns"), result.latency);
    json.member("requests", result.requests);
    json.member("makespan_ns", count_ns(result.makespan));
    json.key("throughput_per_s");
    if (result.makespan > Duration::zero())
        json.value(result.throughput_per_s());
    else
        json.null();
    json.member("full_memory_latency_ns", count_ns(result.full_memory_latency));
    json.key("slowdown");
    if (result.full_memory_latency > Duration::zero())
        json.value(result.slowdown());
    else
        json.null();
    json.member("lower_bound_ns", count_ns(result.lower_bound));
    json.member("lower_bound_of",
                result.lower_bound_of == BoundOf::latency ? "latency" : "makespan");
    write_optional(json.key("closed_form_ns"), result.closed_form);
}

void write_memory(JsonWriter& json, const RunResult& result) {
    const MemoryReport& memory = result.memory;
    json.member("peak_bytes", memory.peak.count).member("arena_bytes", memory.arena_bytes.count);
    json.key("peak_by_category").begin_object();
    for (std::size_t i = 0; i < kCategories; ++i)
        json.member(name_of(static_cast<Category>(i)), memory.peak_by_category[i].count);
    json.end_object();
    json.member("largest_hole_bytes", memory.largest_hole.count);
    json.member("swapped_in_bytes", result.swapped_in.count);
}

void write_stalls(JsonWriter& json, const RunResult& result) {
    json.member("compute_busy_ns", count_ns(result.compute_busy));
    json.key("stall_ns").begin_object();
    json.member("read", count_ns(result.stalls.read));
    json.member("memory", count_ns(result.stalls.memory));
    json.member("other", count_ns(result.stalls.other));
    json.end_object();
}

void write_jobs(JsonWriter& json, const RunResult& result, const Scenario& scenario) {
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
        json.member("deadline_misses", job.deadline_misses).end_object();
    }
    json.end_array();
}

}  // namespace

void write_result(JsonWriter& json, const RunResult& result, const Certificate& certificate) {
    json.begin_object();
    json.member("schema", "swaplab/result/1").member("kind", certificate.kind());
    json.member("validated", certificate.scenario().platform.provenance.measured)
        .member("verdict", name_of(result.verdict));
    json.member("policy", result.policy);
    write_optional(json.key("budget_bytes"), result.budget);
    if (result.verdict == Verdict::infeasible) {
        write_infeasible(json, result);
    } else {
        if (result.verdict == Verdict::stuck) json.member("reason", result.reason);
        write_times(json, result);
        write_memory(json, result);
        write_stalls(json, result);
        json.member("deadline_miss_ratio", result.deadline_miss_ratio);
        json.key("energy_j").null().key("accuracy").null();
        json.member("events", static_cast<std::int64_t>(result.events));
        write_jobs(json, result, certificate.scenario());
        write_extrapolated(json, result, certificate.scenario());
    }
    certificate.write(json.key("certificate"), result);
    json.end_object();
}

}  // namespace swaplab
