#include <algorithm>

#include "policies/schedule/dispatchers/dispatchers.h"

namespace swaplab {

namespace {

bool is_due_first(const Candidate& a, const Candidate& b) {
    if (a.deadline == b.deadline) return comes_first(a, b);
    if (!a.deadline || !b.deadline) return a.deadline.has_value();
    return *a.deadline < *b.deadline;
}

class EarliestDeadlineFirst final : public Dispatcher {
  public:
    std::size_t choose(std::span<const Candidate> candidates, const Turn&) const override {
        return static_cast<std::size_t>(
            std::min_element(candidates.begin(), candidates.end(), is_due_first) -
            candidates.begin());
    }
};

}  // namespace

DispatcherMaker make_edf(const PolicyParameters&) {
    return [] { return std::make_unique<EarliestDeadlineFirst>(); };
}

}  // namespace swaplab
