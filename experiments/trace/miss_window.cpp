#include "experiments/trace/miss_window.h"

#include <algorithm>

namespace swaplab {

void MissWindow::on_start(const DeviceSetup& setup, const Workload& workload) {
    setup_ = &setup;
    workload_ = &workload;
    open_.resize(workload.jobs.size());
}

void MissWindow::add(Time from, Time to, Told told) {
    if (window_ && from >= window_->to) return;
    events_.push_back({to, std::move(told)});
    if (events_.size() >= forget_at_ && !window_) forget();
}

void MissWindow::on_arrival(const Arrival& arrival) {
    open_[arrival.job.index].push_back(arrival.at);
    add(arrival.at, arrival.at, arrival);
}

void MissWindow::on_request_end(const RequestEnd& end) {
    open_[end.job.index].pop_front();
    add(end.arrival, end.end, end);
    if (!end.missed || ++misses_ != number_) return;
    constexpr std::int64_t share = 16;
    const Time to = end.end + (end.end - end.arrival) / share + Duration{1};
    window_ = TimelineBounds{end.arrival, to};
}

Time MissWindow::oldest_open(Time now) const {
    for (const std::deque<Time>& arrivals : open_)
        if (!arrivals.empty()) now = std::min(now, arrivals.front());
    return now;
}

// What had ended before any request that is open now arrived is in no window to come.
void MissWindow::forget() {
    const Time oldest = oldest_open(events_.back().end);
    while (!events_.empty() && events_.front().end < oldest) {
        if (const auto* change = std::get_if<MemoryChange>(&events_.front().told))
            memory_[static_cast<std::size_t>(change->category)] = *change;
        if (const auto* budget = std::get_if<std::pair<Time, Bytes>>(&events_.front().told))
            budget_ = *budget;
        events_.pop_front();
    }
    forget_at_ = std::max<std::size_t>(4096, 2 * events_.size());
}

void MissWindow::tell(TimelineObserver& timeline, const Told& told) {
    if (const auto* span = std::get_if<Completion>(&told)) timeline.on_span(*span);
    if (const auto* arrival = std::get_if<Arrival>(&told)) timeline.on_arrival(*arrival);
    if (const auto* end = std::get_if<RequestEnd>(&told)) timeline.on_request_end(*end);
    if (const auto* stall = std::get_if<Stall>(&told)) timeline.on_stall(*stall);
    if (const auto* change = std::get_if<MemoryChange>(&told)) timeline.on_memory(*change);
    if (const auto* budget = std::get_if<std::pair<Time, Bytes>>(&told))
        timeline.on_budget(budget->first, budget->second);
    if (const auto* mode = std::get_if<std::pair<Time, std::string>>(&told))
        timeline.on_mode(mode->first, mode->second);
}

void MissWindow::on_end() {
    if (!window_) return;
    TimelineObserver& timeline = make_(*window_);
    timeline.on_start(*setup_, *workload_);
    if (budget_) timeline.on_budget(budget_->first, budget_->second);
    std::vector<MemoryChange> before;
    for (const auto& change : memory_)
        if (change) before.push_back(*change);
    std::ranges::stable_sort(before, {}, &MemoryChange::at);
    for (const MemoryChange& change : before) timeline.on_memory(change);
    for (const Event& event : events_) tell(timeline, event.told);
    timeline.on_end();
}

}  // namespace swaplab
