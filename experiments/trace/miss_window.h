// `--trace-window miss:N`: what happened around the Nth request that missed its deadline, which is
// known only when it has ended. Remembers what happens while a request is open, and tells a
// timeline of it afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "experiments/trace/timeline_observer.h"

namespace swaplab {

class MissWindow final : public Observer {
  public:
    // `make` is called after the run, with the window: from the request's arrival to its end, and a
    // sixteenth of that more. Not where fewer deadlines were missed.
    using Make = std::function<TimelineObserver&(const TimelineBounds&)>;
    MissWindow(std::int64_t number, Make make) : number_(number), make_(std::move(make)) {}

    Interests interests() const override { return {true, false, true}; }
    void on_start(const DeviceSetup& setup, const Workload& workload) override;
    void on_end() override;
    void on_span(const Completion& span) override { add(span.start, span.end, span); }
    void on_arrival(const Arrival& arrival) override;
    void on_request_end(const RequestEnd& end) override;
    void on_stall(const Stall& stall) override { add(stall.from, stall.to, stall); }
    void on_memory(const MemoryChange& change) override { add(change.at, change.at, change); }
    void on_budget(Time at, Bytes budget) override { add(at, at, std::pair(at, budget)); }
    void on_mode(Time at, std::string_view mode) override {
        add(at, at, std::pair(at, std::string(mode)));
    }

    std::int64_t misses() const { return misses_; }
    bool found() const { return window_.has_value(); }

  private:
    using Told = std::variant<Completion, Arrival, RequestEnd, Stall, MemoryChange,
                              std::pair<Time, Bytes>, std::pair<Time, std::string>>;
    struct Event {
        Time end;  // of what it tells of
        Told told;
    };

    void add(Time from, Time to, Told told);
    void forget();
    Time oldest_open(Time now) const;
    static void tell(TimelineObserver& timeline, const Told& told);

    std::int64_t number_;
    Make make_;
    const DeviceSetup* setup_ = nullptr;
    const Workload* workload_ = nullptr;
    std::vector<std::deque<Time>> open_;  // arrivals, by job
    std::deque<Event> events_;
    std::size_t forget_at_ = 4096;
    // What holds where the events begin.
    std::array<std::optional<MemoryChange>, kCategories> memory_;
    std::optional<std::pair<Time, Bytes>> budget_;
    std::int64_t misses_ = 0;
    std::optional<TimelineBounds> window_;
};

}  // namespace swaplab
