// From what a run tells to a timeline: a lane per resource and per parallel slot of it, flows from
// the read of a block to its release, memory against the budget, stalls, arrivals and misses.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "experiments/trace/lanes.h"
#include "experiments/trace/memory_track.h"
#include "experiments/trace/timeline.h"
#include "policies/metrics/observer.h"

namespace swaplab {

// Of one run.
class TimelineObserver final : public Observer {
  public:
    // Borrows the timeline. `label` goes before the device's name where a timeline shows several
    // runs.
    TimelineObserver(Timeline& timeline, const TimelineBounds& bounds, std::string label = {});

    Interests interests() const override { return {true, false, true}; }
    void on_start(const DeviceSetup& setup, const Workload& workload) override;
    void on_end() override;
    void on_span(const Completion& span) override;
    void on_arrival(const Arrival& arrival) override;
    void on_request_end(const RequestEnd& end) override;
    void on_stall(const Stall& stall) override;
    void on_memory(const MemoryChange& change) override;
    void on_budget(Time at, Bytes budget) override;
    void on_mode(Time at, std::string_view mode) override;
    // When the first slice ended that was left out because there were too many.
    std::optional<Time> stopped_at() const { return stopped_at_; }

  private:
    // How many open requests are drawn at once.
    static constexpr std::size_t kMostBars = 12;

    struct BlockState {
        Verb begins = kWake;     // the first step of its way in; that of no block where it has none
        std::uint64_t flow = 0;  // of the swap-in that is held; 0 where nothing was read
        std::optional<NameId> name;
    };
    struct JobState {
        std::string name;
        std::vector<BlockState> blocks;
        std::optional<NameId> arrival, miss, bar, deadline, missed_deadline;
        Time last_end = kStart;
    };
    struct NodeState {
        ProcessId process;
        std::vector<Slots> slots;  // by verb
        Slots stalls, requests, bars, misses;
    };

    // What is drawn of a completion.
    struct Span {
        Time from{};
        Time to{};
        JobId job;
        BlockId block;
        RequestId request;
        std::uint32_t pass = 0;
        std::uint16_t node = 0;
        Verb verb = Verb::execute;
    };

    void add_jobs();
    void add_node(NodeId node);
    NameId name_block(const Span& span) const;
    // The pass, where there is more than one.
    std::optional<std::uint32_t> shown_pass(JobId job, std::uint32_t pass) const;
    void draw(const Span& span);
    void draw_pending();
    NameId name_stall(StallReason reason);
    void draw_bar(const RequestEnd& end);
    void mark(Slots NodeState::*lane, JobId job, RequestId request, Time at,
              std::optional<NameId>& name, std::string_view what);
    bool admit(Time from, Time to);
    void flush_stall();

    Timeline& timeline_;
    TimelineBounds bounds_;
    std::string label_;
    std::int64_t slices_ = 0;
    std::optional<Time> stopped_at_;

    const DeviceSetup* setup_ = nullptr;
    const Workload* workload_ = nullptr;
    std::vector<JobState> jobs_;
    std::vector<NodeState> nodes_;
    std::uint64_t next_flow_ = 0;

    // Told, not drawn yet. Drawing many at once costs less than one at a time between the steps of
    // a simulation, which would push each other's code out of the processor's caches.
    static constexpr std::size_t kBatch = 1024;
    std::vector<Span> spans_;
    std::vector<MemoryChange> changes_;

    std::optional<Stall> stall_;  // not written yet: the next one may go on with it
    std::array<std::optional<NameId>, kStallReasons> stall_names_;
    std::optional<MemoryTrack> memory_;
};

}  // namespace swaplab
