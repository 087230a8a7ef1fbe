#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "policies/schedule/dispatchers/dispatchers.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// A turn ends after `quantum` blocks, or when the job has no work; without a quantum it ends with
// the request. The next turn is the next job's in the order of -m that has work.
class RoundRobin final : public Dispatcher {
  public:
    explicit RoundRobin(std::optional<std::uint32_t> quantum) : quantum_(quantum) {}

    std::size_t choose(std::span<const Candidate> candidates, const Turn& turn) const override {
        std::size_t next = candidates.size();
        for (std::size_t c = candidates.size(); c-- > 0;) {
            if (turn.job && candidates[c].job == *turn.job && turn.goes_on) return c;
            if (!turn.job || candidates[c].job > *turn.job) next = c;
        }
        return next == candidates.size() ? 0 : next;
    }

    Turn after(const Turn& turn, JobId job, bool ends_request) const override {
        const std::uint32_t taken = turn.job == job && turn.goes_on ? turn.taken + 1 : 1;
        return {job, quantum_ ? taken < *quantum_ : !ends_request, taken};
    }

  private:
    std::optional<std::uint32_t> quantum_;
};

std::optional<std::uint32_t> quantum_of(const PolicyParameters& parameters) {
    const auto given = parameters.find("quantum");
    if (given == parameters.end()) return 1;
    const std::string& value = given->second;
    if (value == "request") return std::nullopt;
    std::uint32_t quantum = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, quantum);
    if (error == std::errc{} && stop == end && quantum > 0) return quantum;
    throw InputError(
        text("dispatcher round-robin: quantum: expected request or a whole number from 1 to {}, "
             "found '{}'",
             std::numeric_limits<std::uint32_t>::max(), value));
}

}  // namespace

DispatcherMaker make_round_robin(const PolicyParameters& parameters) {
    return [quantum = quantum_of(parameters)] { return std::make_unique<RoundRobin>(quantum); };
}

}  // namespace swaplab
