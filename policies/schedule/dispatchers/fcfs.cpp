#include <algorithm>

#include "policies/schedule/dispatchers/dispatchers.h"

namespace swaplab {

namespace {

class Fcfs final : public Dispatcher {
  public:
    std::size_t choose(std::span<const Candidate> candidates, const Turn&) const override {
        return static_cast<std::size_t>(
            std::min_element(candidates.begin(), candidates.end(), comes_first) -
            candidates.begin());
    }
};

}  // namespace

DispatcherMaker make_fcfs(const PolicyParameters&) {
    return [] { return std::make_unique<Fcfs>(); };
}

}  // namespace swaplab
