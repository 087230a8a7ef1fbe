#include "tests/support/audit.h"

#include <algorithm>

#include "profiles/base/text.h"

namespace swaplab::testing {
namespace {

std::vector<RecordedDecision> decisions_before(const std::string& name, const SchedulerMaker& make,
                                               const Platform& platform,
                                               const Deployment& deployment,
                                               const Workload& workload, Time before,
                                               const Options& options) {
    AllFacts facts;
    for (const JobId j : workload.jobs.ids()) {
        const JobPlan& plan = deployment.jobs[j];
        const CostModel cost(*workload.jobs[j].model, platform, plan.node);
        facts.push_back(facts_of(cost, plan));
    }
    const std::unique_ptr<Scheduler> scheduler = make(workload, {deployment, facts});
    auto simulation = simulate(platform, workload, deployment, *scheduler, options, name);
    auto& decisions = simulation.record.decisions;
    // Calls that asked for nothing say nothing: a run that is over makes fewer of them.
    std::erase_if(decisions,
                  [&](const RecordedDecision& d) { return d.at >= before || d.commands.empty(); });
    return std::move(decisions);
}

bool same(const Command& a, const Command& b) {
    return a.verb == b.verb && a.copy == b.copy && a.node == b.node && a.job == b.job &&
           a.request == b.request && a.block == b.block && a.at == b.at &&
           std::equal(a.after.begin(), a.after.end(), b.after.begin(), b.after.end());
}

bool same(const RecordedDecision& a, const RecordedDecision& b) {
    return a.at == b.at && a.first_ticket == b.first_ticket &&
           std::equal(a.commands.begin(), a.commands.end(), b.commands.begin(), b.commands.end(),
                      [](const Command& x, const Command& y) { return same(x, y); });
}

}  // namespace

std::string audit_foresight(const std::string& name, const SchedulerMaker& make,
                            const Platform& platform, const Deployment& deployment,
                            const Workload& one, const Workload& other, Time differ_at,
                            const Options& options) {
    const auto a = decisions_before(name, make, platform, deployment, one, differ_at, options);
    const auto b = decisions_before(name, make, platform, deployment, other, differ_at, options);
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        if (i < a.size() && i < b.size() && same(a[i], b[i])) continue;
        const Time at = i < a.size() && i < b.size() ? std::min(a[i].at, b[i].at)
                        : i < a.size()               ? a[i].at
                                                     : b[i].at;
        return text(
            "{} knew the future: at {} ns it decided differently for workloads that differ "
            "only from {} ns on",
            name, count_ns(at), count_ns(differ_at));
    }
    return {};
}

}  // namespace swaplab::testing
