#include "experiments/run/plan_report.h"

#include <algorithm>

#include "experiments/request/certificate.h"
#include "experiments/run/extrapolation_report.h"
#include "experiments/run/run_report.h"
#include "experiments/text/figures.h"
#include "experiments/text/json_parts.h"
#include "experiments/text/layout.h"
#include "experiments/text/table.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::string layers_text(const BlockFacts& block, const Model& model) {
    const std::string first = model.name_of(UnitId{block.units.first});
    const std::string last = model.name_of(UnitId{block.units.last - 1});
    return first == last ? first : text("{} .. {}", first, last);
}

std::string block_table(const JobResult& job, const JobPlan& plan, const Model& model) {
    TextTable table;
    for (const char* heading : {"#", "MiB", "GFLOP", "tensors", "t_in", "t_ex", "t_out"})
        table.add_column({heading});
    table.add_column({"layers"}, Align::left);
    BlockId id{plan.at_start().first};
    std::size_t number = 0;
    for (const BlockFacts& block : job.blocks) {
        const char* const mark = job.kept && plan.keeps(id) ? "k" : "";
        ++id.index;
        table.add_row({text("{}{}", mark, ++number), mib(block.parameter_bytes),
                       significant(static_cast<double>(block.flops) / 1e9),
                       text("{}", block.tensors), format_duration(block.swap_in()),
                       format_duration(block.use()), format_duration(block.swap_out()),
                       layers_text(block, model)});
    }
    return table.str(2);
}

std::string arena_text(const ArenaPlan& arena) {
    std::string body = text("{} {}", name_of(arena.kind), format_bytes(arena.capacity));
    if (arena.slots > 0) body += text(" in {}", plural(arena.slots, "slot"));
    return body;
}

std::string kept_text(const KeptBlocks& kept) {
    if (kept.blocks == 0) return "; no block is kept";
    return text("; kept (k): {} in {}, of {} the one with the least steady pass, {}",
                format_bytes(kept.bytes), plural(kept.blocks, "block"),
                kept.every_set_tried ? "all sets" : "prefixes, interleaved and greedy sets",
                format_duration(kept.steady_pass));
}

std::string job_part(const PlannedRun& planned, std::uint32_t i) {
    const JobPlan& job = planned.deployment->jobs[{i}];
    const JobResult& result = planned.cold.jobs[i];
    std::string part = text("{}: {}, swap path {}, arena {}", result.model,
                            plural(static_cast<std::int64_t>(result.blocks.size()), "block"),
                            name_of(job.path), arena_text(job.at_start().arena));
    if (const auto& staging = job.at_start().staging)
        part += text(", staging {}", arena_text(*staging));
    if (job.parallel_reads > 1)
        part += text(", {} in parallel", plural(job.parallel_reads, "read"));
    if (planned.cold.jobs.size() > 1) part += text(", budget {}", format_bytes(job.budget));
    if (result.kept)
        part += kept_text(*result.kept);
    else
        part += text("; largest pair of neighbours {}", format_bytes(pair_peak(result.blocks)));
    return wrap(part, 90, 4) + "\n\n" +
           block_table(result, job, *planned.scenario.models[i].model) + '\n';
}

std::string prediction(const PlannedRun& planned) {
    const RunResult& cold = planned.cold;
    TextTable table;
    for (int i = 0; i < 3; ++i) table.add_column({}, Align::left);
    table.add_row({"latency", format_duration(cold.latency.mean), "one cold request, simulated"});
    if (cold.closed_form)
        table.add_row({"closed form", format_duration(*cold.closed_form), "of the planner"});
    table.add_row({"lower bound", format_duration(cold.lower_bound),
                   cold.lower_bound_of == BoundOf::makespan ? "of the makespan" : ""});
    table.add_row({"full memory", format_duration(cold.full_memory_latency), ""});
    table.add_row({"peak", format_bytes(cold.memory.peak),
                   cold.budget ? text("{} of the budget, account {}",
                                      percent(share(cold.memory.peak, *cold.budget)),
                                      name_of(planned.scenario.account))
                               : std::string()});
    return table.str(2);
}

void write_arena(JsonWriter& json, const ArenaPlan& arena) {
    json.begin_object().member("kind", name_of(arena.kind));
    json.member("capacity_bytes", arena.capacity.count);
    if (arena.slots > 0) json.member("slots", static_cast<std::int64_t>(arena.slots));
    json.end_object();
}

void write_blocks(JsonWriter& json, const JobResult& job, const JobPlan& plan,
                  const Model& model) {
    BlockId id{plan.at_start().first};
    json.begin_array();
    for (const BlockFacts& block : job.blocks) {
        json.begin_object();
        write_block_members(json, model, block);
        if (job.kept) json.member("kept", plan.keeps(id));
        ++id.index;
        json.member("layers", static_cast<std::int64_t>(block.units.last - block.units.first));
        json.member("flops", block.flops).member("tensors", block.tensors);
        json.member("t_in_ns", count_ns(block.swap_in()));
        json.member("t_ex_ns", count_ns(block.use()));
        json.member("t_out_ns", count_ns(block.swap_out()));
        json.member("read_ns", count_ns(block.of(Verb::read)));
        json.member("copy_ns", count_ns(block.of(Verb::copy)));
        json.member("copies", static_cast<std::int64_t>(block.copies()));
        json.member("assemble_ns", count_ns(block.of(Verb::assemble)));
        json.member("activation_peak_bytes", block.activations.total().count);
        json.member("live_out_bytes", block.live_out.count).end_object();
    }
    json.end_array();
}

void write_jobs(JsonWriter& json, const PlannedRun& planned) {
    json.begin_array();
    for (std::uint32_t i = 0; i < planned.cold.jobs.size(); ++i) {
        const JobPlan& job = planned.deployment->jobs[{i}];
        const JobResult& result = planned.cold.jobs[i];
        json.begin_object().member("model", result.model);
        json.member("budget_bytes", job.budget.count).member("swap_path", name_of(job.path));
        json.member("parallel_reads", job.parallel_reads);
        write_arena(json.key("arena"), job.at_start().arena);
        json.key("staging");
        if (const auto& staging = job.at_start().staging)
            write_arena(json, *staging);
        else
            json.null();
        json.member("pair_peak_bytes", pair_peak(result.blocks).count);
        if (result.kept) write_kept(json.key("kept"), *result.kept);
        write_blocks(json.key("blocks"), result, job, *planned.scenario.models[i].model);
        json.end_object();
    }
    json.end_array();
}

void write_feasible(JsonWriter& json, const PlannedRun& planned) {
    const RunResult& cold = planned.cold;
    json.member("latency_ns", count_ns(cold.latency.mean));
    write_optional(json.key("closed_form_ns"), cold.closed_form);
    json.member("lower_bound_ns", count_ns(cold.lower_bound));
    json.member("lower_bound_of", cold.lower_bound_of == BoundOf::latency ? "latency" : "makespan");
    json.member("full_memory_latency_ns", count_ns(cold.full_memory_latency));
    json.member("peak_bytes", cold.memory.peak.count);
    json.member("arena_bytes", cold.memory.arena_bytes.count);
    json.member("parallel_reads", static_cast<std::int64_t>(planned.deployment->parallel_reads));
    write_jobs(json.key("jobs"), planned);
    write_extrapolated(json, cold, planned.scenario);
}

void write_refusal(JsonWriter& json, const RunResult& cold) {
    json.member("reason", cold.reason);
    if (cold.verdict != Verdict::infeasible) return;
    json.member("minimum_budget_bytes", cold.minimum_budget.count).key("layers").begin_array();
    for (const std::string& layer : cold.layers) json.value(layer);
    json.end_array();
}

}  // namespace

Bytes pair_peak(const std::vector<BlockFacts>& blocks) {
    if (blocks.size() == 1) return blocks.front().parameter_bytes;
    Bytes peak;
    for (std::size_t i = 0; i + 1 < blocks.size(); ++i)
        peak = std::max(peak, blocks[i].parameter_bytes + blocks[i + 1].parameter_bytes);
    return peak;
}

std::string plan_report(const PlannedRun& planned) {
    const bool planned_well = planned.deployment != nullptr && planned.cold.ran();
    if (!planned_well) return run_report(planned.cold, planned.scenario);
    std::string report = text("plan of {}", planned.cold.policy);
    if (planned.cold.budget) report += text(", budget {}", format_bytes(*planned.cold.budget));
    report = wrap(report + text(": {} on {}", planned.scenario.models_text(),
                                planned.scenario.device_text()),
                  90, 4) +
             "\n\n";
    for (std::uint32_t i = 0; i < planned.cold.jobs.size(); ++i) report += job_part(planned, i);
    report += prediction(planned);
    const std::string note = provenance_note(planned.scenario);
    return note.empty() ? report : report + '\n' + note;
}

std::string plan_json(const PlannedRun& planned) {
    const Certificate certificate(planned.scenario, planned.command_line);
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/plan/1").member("kind", certificate.kind());
    json.member("verdict", name_of(planned.cold.verdict)).member("policy", planned.cold.policy);
    write_optional(json.key("budget_bytes"), planned.cold.budget);
    if (planned.deployment != nullptr && planned.cold.ran())
        write_feasible(json, planned);
    else
        write_refusal(json, planned.cold);
    certificate.write(json.key("certificate"), planned.cold, planned.policy);
    json.end_object();
    return json.str() + '\n';
}

}  // namespace swaplab
