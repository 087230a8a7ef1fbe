// The ledger: memory by category, its peak, and the first breach of the budget.
#pragma once

#include <optional>

#include "policies/device.h"
#include "policies/holding.h"

namespace swaplab {

class Ledger {
  public:
    // `changes` may be null; else every change is appended to it.
    Ledger(Account account, std::optional<Bytes> budget, Bytes arena_bytes,
           std::vector<MemoryChange>* changes);

    // Adds bytes; true if the chosen account reached a new peak (the caller then tells the hole).
    bool charge(Category category, Bytes bytes, Time now) {
        report_.by_category[static_cast<std::size_t>(category)] += bytes;
        const bool counts = account_ == Account::all || holds_weights(category);
        if (counts) report_.in_use += bytes;
        record(category, now);
        return counts && report_.in_use > report_.peak && raise_peak(now);
    }
    void credit(Category category, Bytes bytes, Time now) {
        take(category, bytes);
        record(category, now);
    }
    // Sets what one job's execution needs from `before` to `after` in one step.
    bool move_activations(const ActivationPeak& before, const ActivationPeak& after, Time now);

    void set_hole_at_peak(Bytes hole) { report_.largest_hole = hole; }
    const MemoryReport& report() const { return report_; }

  private:
    void take(Category category, Bytes bytes) {
        report_.by_category[static_cast<std::size_t>(category)] -= bytes;
        if (account_ == Account::all || holds_weights(category)) report_.in_use -= bytes;
    }
    void record(Category category, Time now) {
        if (changes_ == nullptr) return;
        changes_->push_back({now, category, report_.by_category[static_cast<std::size_t>(category)],
                             report_.in_use});
    }
    bool raise_peak(Time now);

    Account account_;
    std::optional<Bytes> budget_;
    std::vector<MemoryChange>* changes_;
    MemoryReport report_;
};

}  // namespace swaplab
