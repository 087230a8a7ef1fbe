#include <algorithm>

#include "policies/schedule/dispatchers/dispatchers.h"

namespace swaplab {

namespace {

bool goes_first(const Candidate& a, const Candidate& b) {
    return a.weight != b.weight ? a.weight > b.weight : comes_first(a, b);
}

class Priority final : public Dispatcher {
  public:
    std::size_t choose(std::span<const Candidate> candidates, const Turn&) const override {
        return static_cast<std::size_t>(
            std::min_element(candidates.begin(), candidates.end(), goes_first) -
            candidates.begin());
    }
};

}  // namespace

DispatcherMaker make_priority(const PolicyParameters&) {
    return [] { return std::make_unique<Priority>(); };
}

}  // namespace swaplab
