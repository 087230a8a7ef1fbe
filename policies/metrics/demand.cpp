#include "policies/metrics/demand.h"

#include <map>

#include "profiles/model/scaled.h"

namespace swaplab {

namespace {

// A request with these token counts: its prompt, then passes over a context that grows.
double request_ns(const CostModel& cost, std::int64_t prompt, std::int64_t output,
                  const Model* scaled) {
    const auto more = static_cast<double>(std::max<std::int64_t>(1, output) - 1);
    const double context = static_cast<double>(prompt) + (more + 1) / 2;  // on average
    double sum = cost.execute_per_block_ns() * (more + 1);
    for (const UnitId unit : cost.model().whole()) {
        sum += scaled == nullptr ? cost.prompt_unit_ns(unit) : cost.prompt_unit_ns(unit, *scaled);
        const DecodeCost token = cost.decode_unit_cost(unit);
        sum += more * (token.ns + context * token.per_context_ns);
    }
    return sum;
}

double all_requests_ns(const Job& job, const CostModel& cost) {
    const Model& model = cost.model();
    if (job.tokens.empty())
        return static_cast<double>(job.arrivals.size()) *
               request_ns(cost, model.described_tokens(), model.passes(), nullptr);
    std::map<std::int64_t, std::vector<std::int64_t>> outputs;  // by prompt
    for (const TokenCounts tokens : job.tokens) outputs[tokens.prompt].push_back(tokens.output);
    double sum = 0;
    for (const auto& [prompt, all] : outputs) {
        const Model scaled = with_prompt(model, prompt);
        for (const std::int64_t output : all) sum += request_ns(cost, prompt, output, &scaled);
    }
    return sum;
}

double demand_of(const Job& job, const CostModel& cost) {
    if (job.mode != ArrivalMode::listed || job.arrivals.size() < 2) return 0;
    const Duration span = job.arrivals.back() - job.arrivals.front();
    if (span == Duration::zero()) return 0;
    const auto requests = static_cast<double>(job.arrivals.size());
    return all_requests_ns(job, cost) / requests * (requests - 1) /
           static_cast<double>(count_ns(span));
}

}  // namespace

ComputeDemand compute_demand(const Workload& workload, IdSpan<JobId, const CostModel> costs) {
    ComputeDemand demand;
    for (const JobId j : workload.jobs.ids()) {
        demand.jobs.push_back(demand_of(workload.jobs[j], costs[j]));
        demand.sum += demand.jobs.back();
    }
    return demand;
}

}  // namespace swaplab
