#include "policies/runtime/ledger.h"

namespace swaplab {

Ledger::Ledger(Account account, std::optional<Bytes> budget, Bytes arena_bytes,
               std::vector<MemoryChange>* changes)
    : account_(account), budget_(budget), changes_(changes) {
    report_.arena_bytes = arena_bytes;
}

bool Ledger::move_activations(const ActivationPeak& before, const ActivationPeak& after, Time now) {
    // Credits first: the two categories change together, so their sum must not overshoot.
    take(Category::activations, before.activations);
    take(Category::workspace, before.workspace);
    report_.by_category[static_cast<std::size_t>(Category::activations)] += after.activations;
    report_.by_category[static_cast<std::size_t>(Category::workspace)] += after.workspace;
    const bool counts = account_ == Account::all;
    if (counts) report_.in_use += after.total();
    if (before.activations != after.activations) record(Category::activations, now);
    if (before.workspace != after.workspace) record(Category::workspace, now);
    return counts && report_.in_use > report_.peak && raise_peak(now);
}

bool Ledger::raise_peak(Time now) {
    report_.peak = report_.in_use;
    report_.peak_by_category = report_.by_category;
    if (budget_ && report_.in_use > *budget_ && !report_.breach)
        report_.breach = Breach{now, report_.in_use, *budget_};
    return true;
}

}  // namespace swaplab
