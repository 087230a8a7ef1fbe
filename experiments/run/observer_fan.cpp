#include "experiments/run/observer_fan.h"

namespace swaplab {

void ObserverFan::add(Observer* observer) {
    if (observer != nullptr) members_.push_back({observer, observer->interests()});
}

Observer* ObserverFan::get() {
    if (members_.empty()) return nullptr;
    return members_.size() == 1 ? members_.front().observer : this;
}

Interests ObserverFan::interests() const {
    Interests all{false, false, false};
    for (const Member& member : members_) all = all | member.interests;
    return all;
}

void ObserverFan::on_start(const DeviceSetup& setup, const Workload& workload) {
    for (const Member& member : members_) member.observer->on_start(setup, workload);
}

void ObserverFan::on_end() {
    for (const Member& member : members_) member.observer->on_end();
}

void ObserverFan::on_span(const Completion& span) {
    for (const Member& member : members_)
        if (member.interests.spans) member.observer->on_span(span);
}

void ObserverFan::on_decision(const Decision& decision) {
    for (const Member& member : members_)
        if (member.interests.decisions) member.observer->on_decision(decision);
}

void ObserverFan::on_arrival(const Arrival& arrival) {
    for (const Member& member : members_)
        if (member.interests.timeline) member.observer->on_arrival(arrival);
}

void ObserverFan::on_request_end(const RequestEnd& end) {
    for (const Member& member : members_)
        if (member.interests.timeline) member.observer->on_request_end(end);
}

void ObserverFan::on_stall(const Stall& stall) {
    for (const Member& member : members_)
        if (member.interests.timeline) member.observer->on_stall(stall);
}

void ObserverFan::on_memory(const MemoryChange& change) {
    for (const Member& member : members_)
        if (member.interests.timeline) member.observer->on_memory(change);
}

void ObserverFan::on_budget(Time at, Bytes budget) {
    for (const Member& member : members_)
        if (member.interests.timeline) member.observer->on_budget(at, budget);
}

void ObserverFan::on_mode(Time at, std::string_view mode) {
    for (const Member& member : members_)
        if (member.interests.timeline) member.observer->on_mode(at, mode);
}

}  // namespace swaplab
