#include "experiments/trace/timeline_observer.h"

#include <algorithm>

#include "policies/lanes/lane_widths.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Where the lanes of a node stand, from above to below: a block's way down, then what explains it.
constexpr int kRequestsRank = 0;
constexpr int kBarsRank = 100;
constexpr int kMissesRank = 500;
constexpr int kFirstVerbRank = 1000;
constexpr int kRanksPerVerb = 1000;  // for the slots of one resource
// Below compute.
constexpr int kStallsRank =
    kFirstVerbRank + static_cast<int>(index_of(kUse)) * kRanksPerVerb + kRanksPerVerb / 2;
constexpr int kMemoryRank = 9000;

}  // namespace

std::string_view name_of(SliceKind kind) {
    const auto index = static_cast<std::size_t>(kind);
    if (index < kTimedVerbs) return kVerbTable[index].name;
    if (kind == SliceKind::request) return "request";
    return kind == SliceKind::stall ? "stall" : "mark";
}

TimelineObserver::TimelineObserver(Timeline& timeline, const TimelineBounds& bounds,
                                   std::string label)
    : timeline_(timeline), bounds_(bounds), label_(std::move(label)) {}

void TimelineObserver::on_start(const DeviceSetup& setup, const Workload& workload) {
    setup_ = &setup;
    workload_ = &workload;
    add_jobs();
    for (std::uint32_t n = 0; n < setup.platform.nodes.size(); ++n) add_node({n});
    // The ledger is one for all nodes; it is shown with the first.
    memory_.emplace(timeline_, nodes_.front().process, kMemoryRank, bounds_);
    if (setup.budget) memory_->on_budget(kStart, *setup.budget);
    // Flows of several runs in one timeline must differ.
    next_flow_ = std::uint64_t{nodes_.front().process.index} << 40U;
}

// Jobs of the same model are told apart by their number.
void TimelineObserver::add_jobs() {
    for (const Job& job : workload_->jobs) {
        const std::string& model = job.model->name();
        const auto twins = std::ranges::count_if(
            workload_->jobs, [&](const Job& other) { return other.model->name() == model; });
        JobState& state = jobs_.emplace_back();
        state.name = twins > 1 ? text("{}({})", model, jobs_.size()) : model;
        for (const BlockFacts& facts :
             setup_->facts[{static_cast<std::uint32_t>(jobs_.size() - 1)}])
            state.blocks.push_back({facts.steps.empty() ? kWake : facts.steps.front().verb, 0, {}});
    }
}

void TimelineObserver::add_node(NodeId id) {
    const Platform& platform = setup_->platform;
    const Node& node = platform.node(id);
    std::string name = label_.empty() ? platform.name : text("{}: {}", label_, platform.name);
    if (platform.nodes.size() > 1) name += text(" {} {}", id.index, node.name);
    const ProcessId process = timeline_.add_process(name);
    NodeState& state = nodes_.emplace_back(
        NodeState{process,
                  {},
                  {timeline_, {process, "stalls", SliceKind::stall, kStallsRank}, 1},
                  {timeline_, {process, "requests", SliceKind::mark, kRequestsRank}, 1},
                  {timeline_, {process, "open", SliceKind::request, kBarsRank}, 1},
                  {timeline_, {process, "misses", SliceKind::mark, kMissesRank}, 1}});
    const LaneWidths widths = lane_widths(setup_->deployment, node);
    for (std::size_t v = 0; v < kTimedVerbs; ++v) {
        const std::size_t lane = index_of(kVerbTable[v].lane);
        const int rank = kFirstVerbRank + static_cast<int>(v) * kRanksPerVerb;
        state.slots.emplace_back(timeline_,
                                 LaneSpec{process, std::string(lane_or_verb_name(lane)),
                                          slice_of(kVerbTable[v].verb), rank},
                                 lane < kLanes ? widths[lane] : 1);
    }
}

void TimelineObserver::on_span(const Completion& span) {
    const Action& action = span.command;
    if (!takes_time(action.verb)) return;
    spans_.push_back({span.start, span.end, action.job, action.block, action.request, action.pass,
                      static_cast<std::uint16_t>(action.node.index), action.verb});
    if (spans_.size() >= kBatch) [[unlikely]]
        draw_pending();
}

void TimelineObserver::draw_pending() {
    for (const Span& span : spans_) draw(span);
    for (const MemoryChange& change : changes_)
        if (!stopped_at_ || change.at < *stopped_at_) memory_->on_change(change);
    spans_.clear();
    changes_.clear();
}

void TimelineObserver::draw(const Span& span) {
    BlockState& block = jobs_[span.job.index].blocks[span.block.index];
    if (span.verb == block.begins) block.flow = ++next_flow_;
    if (!admit(span.from, span.to)) return;
    const auto verb = static_cast<std::size_t>(span.verb);
    if (!block.name) [[unlikely]]
        block.name = name_block(span);
    const LaneId lane = nodes_[span.node].slots[verb].lane_for(span.from, span.to);
    timeline_.slice({lane, *block.name, span.from, span.to, span.request, block.flow,
                     swaps_out(span.verb), shown_pass(span.job, span.pass)});
}

std::optional<std::uint32_t> TimelineObserver::shown_pass(JobId job, std::uint32_t pass) const {
    if (workload_->jobs[job].model->passes() == 1) return std::nullopt;
    return pass;
}

NameId TimelineObserver::name_block(const Span& span) const {
    const JobState& job = jobs_[span.job.index];
    const BlockFacts& facts = setup_->facts[span.job][span.block];
    const Model& model = *workload_->jobs[span.job].model;
    return timeline_.add_name(
        {text("{} #{} {}", job.name, span.block.index, model.name_of(facts.units)),
         span.job.index,
         job.name,
         {{"bytes", facts.parameter_bytes.count}}});
}

bool TimelineObserver::admit(Time from, Time to) {
    const bool reaches_in = to > bounds_.from || from >= bounds_.from;
    if (!reaches_in || from >= bounds_.to || stopped_at_) return false;
    if (slices_ == bounds_.most_slices) {
        stopped_at_ = to;
        return false;
    }
    ++slices_;
    return true;
}

void TimelineObserver::mark(Slots NodeState::*lane, JobId job, RequestId request, Time at,
                            std::optional<NameId>& name, std::string_view what) {
    if (!bounds_.contains(at) || !admit(at, at)) return;
    const std::string& job_name = jobs_[job.index].name;
    if (!name) name = timeline_.add_name({text("{} {}", job_name, what), job.index, job_name, {}});
    NodeState& node = nodes_[setup_->deployment.jobs[job].node.index];
    timeline_.instant({(node.*lane).lane_for(at, at), *name, at, request});
}

void TimelineObserver::on_arrival(const Arrival& arrival) {
    mark(&NodeState::requests, arrival.job, arrival.request, arrival.at,
         jobs_[arrival.job.index].arrival, "arrives");
}

// From the arrival (of a stream's request, from the end of the one before) to the end, with a tick
// at the deadline. The lane is kept until both have passed.
void TimelineObserver::draw_bar(const RequestEnd& end) {
    JobState& job = jobs_[end.job.index];
    const Job& spec = workload_->jobs[end.job];
    Time from = end.arrival;
    if (spec.mode == ArrivalMode::stream) from = std::max(from, job.last_end);
    job.last_end = end.end;
    const std::optional<Duration> deadline = spec.deadline_of(end.request);
    const bool late = deadline && *deadline > Time::max() - end.arrival;
    const Time due = !deadline || late ? end.end : end.arrival + *deadline;
    if (!admit(from, end.end)) return;
    NodeState& node = nodes_[setup_->deployment.jobs[end.job].node.index];
    const auto lane = node.bars.lane_if_room(from, std::max(end.end, due), kMostBars);
    if (!lane) return;
    if (!job.bar)
        job.bar = timeline_.add_name({text("{} request", job.name), end.job.index, job.name, {}});
    timeline_.slice({*lane, *job.bar, from, end.end, end.request, 0, false, std::nullopt});
    if (!deadline || late || !bounds_.contains(due) || !admit(due, due)) return;
    std::optional<NameId>& name = end.missed ? job.missed_deadline : job.deadline;
    if (!name)
        name = timeline_.add_name({text("{} {}deadline", job.name, end.missed ? "missed " : ""),
                                   end.missed ? 1U : 0U, job.name, {}});
    timeline_.instant({*lane, *name, due, end.request});
}

void TimelineObserver::on_request_end(const RequestEnd& end) {
    draw_bar(end);
    if (end.missed)
        mark(&NodeState::misses, end.job, end.request, end.end, jobs_[end.job.index].miss,
             "misses its deadline");
}

// Neighbours that are waited for alike are one stall to a reader; that nothing is to be done is
// none.
void TimelineObserver::on_stall(const Stall& stall) {
    if (stall.reason == StallReason::idle) return;
    if (stall_ && stall_->reason == stall.reason && stall_->to == stall.from) {
        stall_->to = stall.to;
        return;
    }
    flush_stall();
    stall_ = stall;
}

void TimelineObserver::flush_stall() {
    if (!stall_ || !admit(stall_->from, stall_->to)) return;
    NodeState& node = nodes_[stall_->next.node.index];
    timeline_.slice({node.stalls.lane_for(stall_->from, stall_->to), name_stall(stall_->reason),
                     stall_->from, stall_->to, stall_->next.request, 0, false,
                     shown_pass(stall_->next.job, stall_->next.pass)});
}

NameId TimelineObserver::name_stall(StallReason reason) {
    std::optional<NameId>& name = stall_names_[static_cast<std::size_t>(reason)];
    if (!name)
        name = timeline_.add_name({std::string(name_of(reason)),
                                   static_cast<std::uint32_t>(reason),
                                   text("stall: {}", name_of(reason)),
                                   {}});
    return *name;
}

void TimelineObserver::on_memory(const MemoryChange& change) {
    if (!stopped_at_) changes_.push_back(change);
}

void TimelineObserver::on_budget(Time at, Bytes budget) {
    if (stopped_at_) return;
    memory_->on_budget(at, budget);
    if (!bounds_.contains(at)) return;
    const NameId name =
        timeline_.add_name({text("budget {}", format_bytes(budget)), 0, "budget", {}});
    timeline_.instant({nodes_.front().requests.lane_for(at, at), name, at, {}});
}

void TimelineObserver::on_mode(Time at, std::string_view mode) {
    if (stopped_at_ || !bounds_.contains(at)) return;
    const NameId name = timeline_.add_name(
        {mode.empty() ? std::string("own mode") : text("mode {}", mode), 0, "mode", {}});
    timeline_.instant({nodes_.front().requests.lane_for(at, at), name, at, {}});
}

void TimelineObserver::on_end() {
    draw_pending();
    flush_stall();
    stall_.reset();
    memory_->flush(Time::max());
}

}  // namespace swaplab
