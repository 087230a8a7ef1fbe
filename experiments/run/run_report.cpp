#include "experiments/run/run_report.h"

#include <algorithm>
#include <set>
#include <span>

#include "experiments/emulate/pace_check.h"
#include "experiments/explain/requests_file.h"
#include "experiments/request/backends.h"
#include "experiments/request/traces.h"
#include "experiments/run/outputs_check.h"
#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "experiments/text/table.h"
#include "profiles/base/printable.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::size_t kBody = 16;  // the column in which what there is to say begins
constexpr std::size_t kWidth = 90;

std::string row(std::string_view label, std::string_view body) {
    return definition(label, body, kBody, kWidth);
}

// Only said where there is something to dispatch, and where there is noise.
std::string dispatch_text(const Scenario& scenario) {
    std::string said;
    if (scenario.models.size() > 1) said += text(", dispatch {}", scenario.dispatch.spec);
    if (scenario.workload.overrun.any())
        said += text(", overrun {}", text_of(scenario.workload.overrun));
    if (scenario.noise) said += text(", noise of seed {}", scenario.noise->seed);
    return said;
}

// How much of an interrupted run there is.
std::string ended_row(const RunResult& result, const Scenario& scenario) {
    if (result.verdict != Verdict::interrupted) return {};
    std::string ended =
        scenario.all_requests()
            ? text("{} of {} ended", result.requests, plural(*scenario.all_requests(), "request"))
            : text("{} ended", plural(result.requests, "request"));
    if (scenario.noise && scenario.replications > 1)
        ended +=
            text(", in {} of {} replications", result.replications.count, scenario.replications);
    return row("requests", ended +
                               "; latencies are of these, the rest has the one that was cut "
                               "off in it");
}

// Why the first deadlines were missed.
std::string missed_rows(const Scenario& scenario, const std::vector<RequestAccount>& misses) {
    const std::vector<std::string> labels = labels_of(scenario.models);
    std::string rows;
    for (const RequestAccount& account : misses)
        rows += row("", text("{} request {} {}", labels[account.job.index],
                             account.request.index + 1, missed_text(account, labels)));
    return rows;
}

std::string latency_rows(const RunResult& result, const LatenessBound& bound) {
    const LatencySummary& latency = result.latency;
    if (latency.count == 0) return row("latency", "none: no request has ended");
    const std::string mean = format_duration(latency.mean);
    std::string rows;
    const bool compared = result.full_memory_latency > Duration::zero();
    const bool waits = result.waiting.mean > Duration::zero();
    const std::string full_memory =
        text("{} the full-memory latency of {}{}",
             times(share(latency.mean, result.full_memory_latency)),
             format_duration(result.full_memory_latency),
             late_reference(result, bound) ? ", which is INVALID (late)" : "");
    rows += row("latency", compared ? text("{}: {}", mean, full_memory) : mean);
    if (waits)
        rows +=
            row("turns", text("{} of it are the request's own turn{}, {} waiting for others",
                              format_duration(result.turn.mean),
                              compared ? text(": {} that in full memory", times(result.slowdown()))
                                       : std::string(),
                              format_duration(result.waiting.mean)));
    if (latency.count < 2) return rows;
    if (const auto half_width = result.replications.half_width)
        rows += row("", text("+- {} (95 % of {} replications)", format_duration(*half_width),
                             result.replications.count));
    return rows + row("", text("mean of {} requests; min {}, p50 {}, p95 {}, p99 {}, max {}",
                               latency.count, format_duration(latency.min),
                               format_duration(latency.p50), format_duration(latency.p95),
                               format_duration(latency.p99), format_duration(latency.max)));
}

// From durations as they were.
std::string measured_bound_row(const RunResult& result) {
    const bool of_makespan = result.measured_lower_bound_of == BoundOf::makespan;
    const Duration reached = of_makespan ? result.makespan : result.latency.mean;
    if (result.measured_lower_bound == Duration::zero()) return {};
    return row("",
               text("{} from measured durations{}; the {} is {} above it",
                    format_duration(result.measured_lower_bound),
                    of_makespan ? ", of the makespan" : "", of_makespan ? "makespan" : "latency",
                    percent(share(reached, result.measured_lower_bound) - 1)));
}

std::string bound_row(const RunResult& result) {
    const bool of_makespan = result.lower_bound_of == BoundOf::makespan;
    const Duration reached = of_makespan ? result.makespan : result.latency.mean;
    const std::string_view what = of_makespan ? "makespan" : "latency";
    const bool interrupted = result.verdict == Verdict::interrupted;
    if (interrupted && (of_makespan || result.requests == 0)) return {};
    std::string body = format_duration(result.lower_bound);
    if (of_makespan) body += " of the makespan";
    if (result.lower_bound > Duration::zero())
        body +=
            text("; the {} is {} above it", what, percent(share(reached, result.lower_bound) - 1));
    if (result.policy_bound > result.lower_bound)
        body += text(". With this policy's blocks and lanes {}: {} above that",
                     format_duration(result.policy_bound),
                     percent(share(reached, result.policy_bound) - 1));
    const std::string rows = row("lower bound", body);
    return result.evidence ? rows + measured_bound_row(result) : rows;
}

std::string categories(const MemoryReport& memory) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < kCategories; ++i)
        if (memory.peak_by_category[i].count > 0)
            parts.push_back(text("{} {}", name_of(static_cast<Category>(i)),
                                 format_bytes(memory.peak_by_category[i])));
    return join(parts, " + ");
}

std::string arena_row(const MemoryReport& memory) {
    if (memory.arena_bytes.count == 0) return {};
    return row("arena", text("{}; largest hole {} at the peak", format_bytes(memory.arena_bytes),
                             format_bytes(memory.largest_hole)));
}

std::string memory_rows(const RunResult& result, Account account,
                        const std::vector<BudgetChange>& changes) {
    const MemoryReport& memory = result.memory;
    std::string peak = format_bytes(memory.peak);
    if (result.budget)
        peak += text(" of a budget of {} ({}, account {})", format_bytes(*result.budget),
                     percent(share(memory.peak, *result.budget)), name_of(account));
    std::string rows = row("peak", peak);
    if (const std::string split = categories(memory); !split.empty()) rows += row("", split);
    if (changes.empty()) return rows + arena_row(memory);
    const auto [least, most] = std::minmax_element(
        changes.begin(), changes.end(),
        [](const BudgetChange& a, const BudgetChange& b) { return a.budget < b.budget; });
    rows += row("budget",
                text("changes {}, between {} and {}; more was in use for {} after it had fallen",
                     plural(std::ssize(changes), "time"), format_bytes(least->budget),
                     format_bytes(most->budget), format_duration(memory.over_budget)));
    return rows + arena_row(memory);
}

// "as those of direct; 2 different outputs of 4 requests"
std::string outputs_text(const RunResult& result, const Scenario& scenario) {
    std::vector<std::string> jobs;
    for (const Digests& outputs : result.evidence->outputs) {
        if (outputs.empty()) continue;
        const std::set<std::string> different(outputs.begin(), outputs.end());
        jobs.push_back(text("{} of {}", plural(std::ssize(different), "different output"),
                            plural(std::ssize(outputs), "request")));
    }
    if (jobs.empty()) return "none";
    const std::string_view verdict = !result.outputs_equal   ? "not compared"
                                     : *result.outputs_equal ? "those of direct, bit by bit"
                                                             : "NOT those of direct";
    const std::string packed = compared_with_pack(scenario, result);
    return text("{}{}{}; {}", verdict,
                packed.empty()              ? ""
                : packed.starts_with("and") ? " "
                                            : "; ",
                packed, join(jobs, "; "));
}

// What the operating system saw, under names of their own; the peak above is what was accounted.
std::string evidence_rows(const RunResult& result, const Scenario& scenario) {
    if (!result.evidence) return {};
    const Evidence& evidence = *result.evidence;
    std::string memory = format_bytes(result.memory.peak) + " accounted";
    memory += text(", {} committed by the run", format_bytes(evidence.committed_peak));
    if (evidence.resident_growth)
        memory += text(", {} more resident (VmHWM)", format_bytes(*evidence.resident_growth));
    if (evidence.cgroup_peak)
        memory +=
            text(", {} in the cgroup (all that is in it)", format_bytes(*evidence.cgroup_peak));
    std::string rows = row("peaks", memory);
    if (evidence.read_from_storage) {
        std::string read = format_bytes(*evidence.read_from_storage) + " fetched from storage";
        if (result.swapped_in.count > 0)
            read += text(": {:.4f}x what was swapped in",
                         share(*evidence.read_from_storage, result.swapped_in));
        rows += row("", read);
    }
    rows += row("outputs", outputs_text(result, scenario));
    std::vector<std::string> conditions;
    for (const auto& [name, value] : evidence.conditions)
        conditions.push_back(text("{} {}", name, value));
    if (!conditions.empty()) rows += row("conditions", join(conditions, "; "));
    return rows;
}

// How an emulated run kept the device's pace.
std::string pace_rows(const RunResult& result, const LatenessBound& bound) {
    const std::optional<PaceVerdict> pace = judge_pace(result, bound);
    if (!pace) return {};
    std::string rows =
        row("pace", pace->time_scale == 1 ? std::string("real time")
                                          : text("{} the device's time", times(pace->time_scale)));
    std::vector<std::string> lanes;
    for (const LaneLateness& lane : pace->lanes)
        lanes.push_back(text("{} {} (at most {})", lane.lane, format_duration(lane.p95),
                             format_duration(lane.max)));
    if (lanes.empty()) return rows;
    const std::string verdict = !pace->bound ? "not judged"
                                : pace->valid()
                                    ? "within " + format_duration(*pace->bound)
                                    : "INVALID: more than " + format_duration(*pace->bound);
    return rows + row("lateness", text("{}, 95 % of: {}", verdict, join(lanes, "; ")));
}

std::string adopted_text(const JobResult& job) {
    constexpr std::size_t most = 6;
    std::vector<std::string> parts;
    for (const Adopted& row : std::span(job.adopted).first(std::min(most, job.adopted.size())))
        parts.push_back(text("request {}: {} in {}", row.request.index + 1,
                             plural(row.blocks, "block"), format_bytes(row.need)));
    if (job.adopted.size() > most)
        parts.push_back(text("{} more in --json", job.adopted.size() - most));
    return join(parts, "; ");
}

// "3.1 tokens/s", over all generative models.
std::string token_rate(const RunResult& result) {
    std::int64_t tokens = 0;
    for (const JobResult& job : result.jobs) tokens += job.first_token.count + job.next_token.count;
    if (tokens == 0 || result.makespan == Duration::zero()) return {};
    const double per_run =
        static_cast<double>(tokens) / static_cast<double>(result.replications.count);
    return text("{} tokens/s",
                significant(per_run * 1e9 / static_cast<double>(count_ns(result.makespan))));
}

std::string_view stalled_by(StallReason reason) {
    switch (reason) {
        case StallReason::memory: return " by memory";
        case StallReason::read: return " by reads";
        case StallReason::copy: return " by copies";
        case StallReason::assembly: return " by assemblies";
        case StallReason::idle: return " without a request";
        case StallReason::other: return " by other things";
    }
    return {};
}

std::string activity_rows(const RunResult& result, Bytes parameters) {
    const auto of_makespan = [&](Duration d) { return percent(share(d, result.makespan)); };
    std::vector<std::string> stalls;
    for (const StallReason reason : kAllStallReasons) {
        const Duration stall = result.stalls[reason];
        const bool shown = stall > Duration::zero() || reason == StallReason::read;
        if (shown) stalls.push_back(text("{}{}", of_makespan(stall), stalled_by(reason)));
    }
    std::string rows = row(
        "compute", text("{} busy of a makespan of {}; stalled {}", of_makespan(result.compute_busy),
                        format_duration(result.makespan), join(stalls, ", ")));
    std::string read = format_bytes(result.swapped_in);
    if (parameters.count > 0 && result.swapped_in.count > 0)
        read += text(": {:.2f}x the parameters", share(result.swapped_in, parameters));
    rows += row("swapped in", read);
    if (result.makespan > Duration::zero())
        rows += row("throughput", text("{} requests/s", significant(result.throughput_per_s())));
    if (const std::string tokens = token_rate(result); !tokens.empty()) rows += row("", tokens);
    if (result.energy_j)
        rows += row(
            "energy",
            text("{} J{}", significant(*result.energy_j),
                 result.requests > 1
                     ? text(", {} J a request",
                            significant(*result.energy_j / static_cast<double>(result.requests)))
                     : std::string()));
    return rows;
}

// "to 15W at 100.00 ms; to its own at 200.00 ms; planned for 20W"
std::string mode_row(const Scenario& scenario) {
    constexpr std::size_t most = 6;
    const std::vector<ModeChange>& changes = scenario.workload.mode_changes;
    if (changes.empty()) return {};
    const auto named = [](const std::string& mode) { return mode.empty() ? "its own" : mode; };
    std::vector<std::string> parts;
    for (const ModeChange& change : std::span(changes).first(std::min(most, changes.size())))
        parts.push_back(
            text("to {} at {}", named(change.mode), format_duration(change.at - kStart)));
    if (changes.size() > most) parts.push_back(text("{} more", changes.size() - most));
    parts.push_back(text("planned for {}", named(scenario.device.platform.mode)));
    return row("mode", join(parts, "; "));
}

// ", turn 99.00 ms (2.694x in full memory)"
std::string turn_text(const JobResult& job) {
    if (job.turn.count == 0) return {};
    const std::string turn = text(", turn {}", format_duration(job.turn.mean));
    return job.full_memory_turns > Duration::zero()
               ? text("{} ({} that in full memory)", turn, times(job.slowdown()))
               : turn;
}

std::string jobs_part(const RunResult& result, const Scenario& scenario) {
    std::string part;
    for (std::size_t i = 0; i < result.jobs.size(); ++i) {
        const JobResult& job = result.jobs[i];
        std::string head = text("{}: {}", job.model,
                                plural(static_cast<std::int64_t>(job.blocks.size()), "block"));
        if (result.jobs.size() > 1)
            head += text(", budget {}, mean latency {}{}", format_bytes(job.budget),
                         format_duration(job.latency.mean), turn_text(job));
        if (job.first_token.count > 0)
            head +=
                text("; first token after {}, then one in {}",
                     format_duration(job.first_token.mean), format_duration(job.next_token.mean));
        if (job.deadline_misses > 0)
            head += text(", {} missed", plural(job.deadline_misses, "deadline"));
        if (job.dropped > 0) head += text(", {} dropped", plural(job.dropped, "request"));
        if (job.aborted > 0) head += text(", {} given up", plural(job.aborted, "request"));
        if (job.adopted.size() > 1)
            head += text("; from {}; blocks at the start:", adopted_text(job));
        part +=
            "\n  " + wrap(head, kWidth - 2, 4) + '\n' + block_list(job, *scenario.models[i].model);
    }
    return part;
}

std::string overrun_row(const RunResult& result, const Scenario& scenario) {
    const Overrun& overrun = scenario.workload.overrun;
    if (!overrun.any()) return {};
    return row("overrun", overrun.aborts ? text("{} given up", plural(result.aborted(), "request"))
                                         : text("{} dropped", plural(result.dropped(), "request")));
}

std::string infeasible_part(const RunResult& result) {
    return row("why", result.reason) + row("needs", text("{} at least with this policy (-b min)",
                                                         format_bytes(result.minimum_budget)));
}

}  // namespace

std::string block_list(const JobResult& job, const Model& model) {
    constexpr std::size_t most = 16;
    constexpr std::size_t at_the_end = 4;
    TextTable table;
    for (int i = 0; i < 3; ++i) table.add_column({});
    table.add_column({}, Align::left);
    const std::size_t count = job.blocks.size();
    const bool all = count <= most;
    for (std::size_t i = 0; i < count; ++i) {
        if (!all && i == most - at_the_end - 1)
            table.add_row({"", "...", "", text("({} more)", count - most + 1)});
        if (!all && i >= most - at_the_end - 1 && i < count - at_the_end) continue;
        const BlockFacts& block = job.blocks[i];
        const std::string first = model.name_of(UnitId{block.units.first});
        const std::string last = model.name_of(UnitId{block.units.last - 1});
        table.add_row({text("{}", i + 1), format_bytes(block.parameter_bytes),
                       text("{:>3} layer{}", block.units.last - block.units.first,
                            block.units.last - block.units.first == 1 ? " " : "s"),
                       first == last ? first : text("{} .. {}", first, last)});
    }
    return table.str(4);
}

std::string scenario_line(const Scenario& scenario) {
    std::string line =
        text("{} on {}, account {}, {}, {}{}", scenario.models_text(), scenario.device_text(),
             name_of(scenario.account), scenario.arrival_text(),
             scenario.requests_text(), dispatch_text(scenario));
    if (!scenario.budget_trace_file.empty())
        line += text(", budgets {}", printable(scenario.budget_trace_file));
    if (!scenario.mode_trace_file.empty())
        line += text(", modes {}", printable(scenario.mode_trace_file));
    return line;
}

std::string provenance_note(const Scenario& scenario) {
    if (scenario.measured()) return {};
    return wrap(text("unvalidated: the profile of {} was not measured on a device "
                     "(`swaplab show device {}` says where each figure is from)",
                     scenario.device.platform.name, printable(scenario.device.spec)),
                kWidth) +
           '\n';
}

std::string run_report(const RunResult& result, const Scenario& scenario,
                       const std::optional<FrozenReference>& frozen,
                       const std::vector<RequestAccount>& misses) {
    std::string report =
        wrap(text("{} with {} on {} ({}, {}{}, account {}, {})", scenario.models_text(),
                  result.policy, scenario.device_text(), scenario.arrival_text(),
                  scenario.requests_text(), dispatch_text(scenario),
                  name_of(scenario.account), scenario.backend->kind),
             kWidth, 4) +
        "\n\n";
    std::string verdict(name_of(result.verdict));
    if (late_lanes(result, scenario.lateness)) verdict += ", but INVALID: see lateness";
    report += row("verdict", verdict) + ended_row(result, scenario);
    if (result.verdict == Verdict::infeasible) {
        if (result.budget) report += row("budget", format_bytes(*result.budget));
        return report + infeasible_part(result);
    }
    if (result.infeasible_from) return report + "\n" + wrap(result.reason, kWidth, 0) + "\n";
    if (is_stuck(result.verdict)) return report + '\n' + result.reason + '\n';
    if (result.deadline_miss_ratio > 0)
        report += row("deadlines", text("{} missed", percent(result.deadline_miss_ratio))) +
                  missed_rows(scenario, misses);
    report += overrun_row(result, scenario);
    report += latency_rows(result, scenario.lateness);
    if (frozen) report += row("", frozen_text(*frozen, result.latency.mean));
    report +=
        bound_row(result) + memory_rows(result, scenario.account, scenario.workload.budget_changes);
    report += mode_row(scenario) + activity_rows(result, scenario.parameter_bytes()) +
              pace_rows(result, scenario.lateness) + evidence_rows(result, scenario);
    report += jobs_part(result, scenario);
    const std::string note = provenance_note(scenario);
    return note.empty() ? report : report + '\n' + note;
}

}  // namespace swaplab
