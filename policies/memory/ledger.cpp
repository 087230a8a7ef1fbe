#include "policies/memory/ledger.h"

namespace swaplab {

Ledger::Ledger(Account account, std::optional<Bytes> budget, Bytes arena_bytes,
               DeviceListener* listener)
    : account_(account), budget_(budget), tolerated_(budget), listener_(listener) {
    report_.arena_bytes = arena_bytes;
}

void Ledger::tell_activations(const ActivationPeak& before, const ActivationPeak& after,
                              Time now) const {
    if (before.activations != after.activations) tell(Category::activations, now);
    if (before.workspace != after.workspace) tell(Category::workspace, now);
}

void Ledger::tell(Category category, Time now) const {
    listener_->on_memory(
        {now, category, report_.by_category[static_cast<std::size_t>(category)], report_.in_use});
}

// True if this is a new peak.
bool Ledger::pass_watched(Time now) {
    if (tolerated_ && report_.in_use > *tolerated_ && !report_.breach)
        report_.breach = Breach{now, report_.in_use, *tolerated_};
    const bool peak = report_.in_use > report_.peak;
    if (peak) {
        report_.peak = report_.in_use;
        report_.peak_by_category = report_.by_category;
    }
    watch();
    return peak;
}

void Ledger::watch() { watched_ = tolerated_ ? std::min(report_.peak, *tolerated_) : report_.peak; }

void Ledger::set_budget(Bytes budget, Bytes tolerated, Time now) {
    settle(now);
    budget_ = budget;
    tolerated_ = tolerated;
    if (report_.in_use > tolerated && !report_.breach)
        report_.breach = Breach{now, report_.in_use, tolerated};
    watch();
    timed_ = true;
    note_time(now);
}

void Ledger::note_time(Time now) {
    if (over_) report_.over_budget += now - settled_;
    settled_ = now;
    over_ = report_.in_use > *budget_;
}

}  // namespace swaplab
