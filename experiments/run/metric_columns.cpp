#include "experiments/run/metric_columns.h"

#include <cmath>

#include "profiles/base/text.h"

namespace swaplab {

namespace {

using R = const RunResult&;

std::string number(Duration d) { return text("{}", count_ns(d)); }
std::string number(Bytes b) { return text("{}", b.count); }
std::string number(std::optional<Duration> d) { return d ? number(*d) : std::string(); }

template <class Get>
MetricColumn integer(std::string name, Get get) {
    return {std::move(name), ColumnType::integer, [get](R r) { return number(get(r)); }};
}
template <class Get>
MetricColumn number_of(std::string name, Get get) {
    return {std::move(name), ColumnType::integer, [get](R r) { return text("{}", get(r)); }};
}
template <class Get>
MetricColumn real(std::string name, Get get) {
    return {std::move(name), ColumnType::real, [get](R r) { return text("{}", get(r)); }};
}
template <class Get>
MetricColumn maybe(std::string name, ColumnType type, Get get) {
    return {std::move(name), type, get};
}

std::string bound_of(R r) { return r.lower_bound_of == BoundOf::latency ? "latency" : "makespan"; }
std::string closed_form(R r) { return number(r.closed_form); }
std::string energy(R r) { return r.energy_j ? text("{}", *r.energy_j) : std::string(); }
std::string hit_rate(R r) { return r.hit_rate() ? text("{}", *r.hit_rate()) : std::string(); }
std::string half_width(R r) { return number(r.replications.half_width); }

std::size_t blocks_of(R r) {
    std::size_t sum = 0;
    for (const JobResult& job : r.jobs) sum += job.blocks.size();
    return sum;
}

// Over what all jobs count, by their summaries.
std::optional<Duration> mean_of(R r, LatencySummary JobResult::*summary) {
    double sum = 0;
    std::int64_t count = 0;
    for (const JobResult& job : r.jobs) {
        const LatencySummary& of_job = job.*summary;
        sum += static_cast<double>(count_ns(of_job.mean)) * static_cast<double>(of_job.count);
        count += of_job.count;
    }
    if (count == 0) return std::nullopt;
    return Duration{std::llround(sum / static_cast<double>(count))};
}

}  // namespace

std::optional<Duration> first_token_of(R r) { return mean_of(r, &JobResult::first_token); }
std::optional<Duration> next_token_of(R r) { return mean_of(r, &JobResult::next_token); }

const std::vector<MetricColumn>& metric_columns() {
    static const std::vector<MetricColumn> columns{
        integer("latency_mean_ns", [](R r) { return r.latency.mean; }),
        integer("latency_min_ns", [](R r) { return r.latency.min; }),
        integer("latency_p50_ns", [](R r) { return r.latency.p50; }),
        integer("latency_p95_ns", [](R r) { return r.latency.p95; }),
        integer("latency_p99_ns", [](R r) { return r.latency.p99; }),
        integer("latency_max_ns", [](R r) { return r.latency.max; }),
        integer("turn_mean_ns", [](R r) { return r.turn.mean; }),
        integer("waiting_mean_ns", [](R r) { return r.waiting.mean; }),
        integer("makespan_ns", [](R r) { return r.makespan; }),
        real("throughput_per_s", [](R r) { return r.throughput_per_s(); }),
        integer("full_memory_latency_ns", [](R r) { return r.full_memory_latency; }),
        real("slowdown", [](R r) { return r.slowdown(); }),
        integer("lower_bound_ns", [](R r) { return r.lower_bound; }),
        integer("policy_bound_ns", [](R r) { return r.policy_bound; }),
        maybe("lower_bound_of", ColumnType::word, bound_of),
        maybe("closed_form_ns", ColumnType::integer, closed_form),
        integer("peak_bytes", [](R r) { return r.memory.peak; }),
        integer("arena_bytes", [](R r) { return r.memory.arena_bytes; }),
        integer("largest_hole_bytes", [](R r) { return r.memory.largest_hole; }),
        integer("swapped_in_bytes", [](R r) { return r.swapped_in; }),
        integer("hit_bytes", [](R r) { return r.hit(); }),
        maybe("hit_rate", ColumnType::real, hit_rate),
        integer("read_again_bytes", [](R r) { return r.read_again; }),
        integer("compute_busy_ns", [](R r) { return r.compute_busy; }),
        integer("stall_memory_ns", [](R r) { return r.stalls[StallReason::memory]; }),
        integer("stall_read_ns", [](R r) { return r.stalls[StallReason::read]; }),
        integer("stall_copy_ns", [](R r) { return r.stalls[StallReason::copy]; }),
        integer("stall_assembly_ns", [](R r) { return r.stalls[StallReason::assembly]; }),
        integer("stall_idle_ns", [](R r) { return r.stalls[StallReason::idle]; }),
        integer("stall_other_ns", [](R r) { return r.stalls[StallReason::other]; }),
        real("deadline_miss_ratio", [](R r) { return r.deadline_miss_ratio; }),
        maybe("energy_j", ColumnType::real, energy),
        number_of("events", [](R r) { return r.events; }),
    };
    return columns;
}

const std::vector<MetricColumn>& replication_columns() {
    static const std::vector<MetricColumn> columns{
        number_of("replications", [](R r) { return r.replications.count; }),
        maybe("latency_half_width_95_ns", ColumnType::integer, half_width),
    };
    return columns;
}

const std::vector<MetricColumn>& memory_columns() {
    static const std::vector<MetricColumn> columns = [] {
        std::vector<MetricColumn> all;
        for (std::size_t i = 0; i < kCategories; ++i)
            all.push_back(integer(text("peak_{}_bytes", name_of(static_cast<Category>(i))),
                                  [i](R r) { return r.memory.peak_by_category[i]; }));
        all.push_back(number_of("blocks", blocks_of));
        return all;
    }();
    return columns;
}

const std::vector<MetricColumn>& detail_columns() {
    static const std::vector<MetricColumn> columns{
        integer("turn_p50_ns", [](R r) { return r.turn.p50; }),
        integer("turn_p95_ns", [](R r) { return r.turn.p95; }),
        integer("turn_p99_ns", [](R r) { return r.turn.p99; }),
        integer("turn_max_ns", [](R r) { return r.turn.max; }),
        integer("waiting_max_ns", [](R r) { return r.waiting.max; }),
        maybe("first_token_mean_ns", ColumnType::integer,
                 [](R r) { return number(first_token_of(r)); }),
        maybe("next_token_mean_ns", ColumnType::integer,
                 [](R r) { return number(next_token_of(r)); }),
        integer("over_budget_ns", [](R r) { return r.memory.over_budget; }),
    };
    return columns;
}

}  // namespace swaplab
