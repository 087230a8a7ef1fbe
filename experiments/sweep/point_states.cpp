#include "experiments/sweep/point_states.h"

#include <algorithm>
#include <tuple>

namespace swaplab {

namespace {

PointEnd end_of(const PointRecord& record) {
    static const std::size_t verdict = study_column("verdict");
    if (record.failed) return PointEnd::failed;
    return record.fields[verdict] == name_of(Verdict::infeasible) ? PointEnd::infeasible
                                                                  : PointEnd::ran;
}

// Of one point, what says most of it comes first.
bool earlier(const PointState& a, const PointState& b) {
    return std::tuple(a.id, a.end, -a.attempt, a.reason) <
           std::tuple(b.id, b.end, -b.attempt, b.reason);
}

}  // namespace

std::uint32_t PointStates::number_of(const std::string& reason) {
    const auto next = static_cast<std::uint32_t>(reasons_.size());
    const auto [known, fresh] = numbers_.emplace(reason, next);
    if (fresh) reasons_.push_back(&known->first);
    return known->second;
}

void PointStates::add(const PointRecord& record) {
    static const std::size_t reason = study_column("reason");
    PointState state{point_id(record.id), end_of(record), record.attempt, 0};
    if (state.failed()) state.reason = number_of(record.fields[reason]);
    states_.push_back(state);
}

void PointStates::finish() {
    std::ranges::sort(states_, earlier);
    const auto [again, end] = std::ranges::unique(states_, {}, &PointState::id);
    states_.erase(again, end);
}

const PointState* PointStates::find(std::string_view id) const {
    const PointId wanted = point_id(id);
    const auto found = std::ranges::lower_bound(states_, wanted, {}, &PointState::id);
    return found != states_.end() && found->id == wanted ? &*found : nullptr;
}

}  // namespace swaplab
