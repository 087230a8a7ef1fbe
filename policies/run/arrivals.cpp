#include "policies/run/arrivals.h"

#include <algorithm>
#include <tuple>

namespace swaplab {

namespace {

bool comes_before(const Arrival& a, const Arrival& b) {
    return std::tie(a.at, a.request, a.job) < std::tie(b.at, b.request, b.job);
}

Arrival arrival_of(const Workload& workload, JobId job, RequestId request, Time at) {
    const Job& spec = workload.jobs[job];
    Arrival arrival{job, request, at};
    if (const std::optional<Duration> deadline = spec.deadline_of(request))
        arrival.deadline = *deadline > Time::max() - at ? Time::max() : at + *deadline;
    if (!spec.tokens.empty()) arrival.tokens = spec.tokens[request];
    return arrival;
}

}  // namespace

Arrivals::Arrivals(const Workload& workload)
    : workload_(workload), cold_requests_(workload.jobs.size(), 1) {
    for (const JobId id : workload.jobs.ids()) {
        const Job& job = workload.jobs[id];
        const std::int64_t known = job.mode == ArrivalMode::cold ? 1 : job.requests;
        for (std::uint32_t r = 0; r < known; ++r)
            known_.push_back(arrival_of(
                workload, id, {r}, job.mode == ArrivalMode::listed ? job.arrivals[{r}] : kStart));
    }
    std::sort(known_.begin(), known_.end(), comes_before);
}

void Arrivals::end_cold_request(JobId job, Time now) {
    std::uint32_t& arrived = cold_requests_[job];
    if (arrived == workload_.jobs[job].requests) return;
    const Arrival next = arrival_of(workload_, job, {arrived++}, now);
    const auto from = known_.begin() + static_cast<std::ptrdiff_t>(taken_);
    if (taken_ > 1024) {  // what was taken is not needed any more
        known_.erase(known_.begin(), from);
        taken_ = 0;
    }
    known_.insert(std::upper_bound(known_.begin() + static_cast<std::ptrdiff_t>(taken_),
                                   known_.end(), next, comes_before),
                  next);
}

}  // namespace swaplab
