// Dispatchers: of several DNNs with work, whose block comes next (SEMANTICS: Dispatch). A
// dispatcher composes with every scheduler that is a `PipelineScheduler`; what a block's commands
// wait for is none of its business.
//
// Asked again and again, it gives one order of all that there is to do. A later arrival may change
// that order; then what has been submitted and has not started is taken back (`SubmissionLog`).
// Compute is never preempted within a block. Requests of one job always stay in order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

#include "policies/schedule/parameters.h"
#include "profiles/base/ids.h"
#include "profiles/base/units.h"

namespace swaplab {

// A job with work: its oldest request that has blocks left to submit.
struct Candidate {
    JobId job;
    RequestId request;
    Time arrival{};
    std::optional<Time> deadline;  // absolute
    double weight = 1;
};

// First come first served: by arrival, request, order of -m. The tie-breaker of all dispatchers.
inline bool comes_first(const Candidate& a, const Candidate& b) {
    return std::tie(a.arrival, a.request, a.job) < std::tie(b.arrival, b.request, b.job);
}

// Whose turn it is, of dispatchers that give turns: all that one remembers, and whoever asks it
// keeps it.
struct Turn {
    std::optional<JobId> job;  // whose turn it is, or was
    bool goes_on = false;      // it has not ended
    std::uint32_t taken = 0;   // blocks of it
};

class Dispatcher {
  public:
    virtual ~Dispatcher() = default;
    // The index of the candidate whose next block is submitted next. There is at least one; they
    // come in order of JobId.
    virtual std::size_t choose(std::span<const Candidate> candidates, const Turn& turn) const = 0;
    // The turn after a block of this job; `ends_request`: the last of its request.
    virtual Turn after(const Turn& turn, JobId, bool /*ends_request*/) const { return turn; }
};

// A dispatcher as asked for. The default is fcfs.
struct Dispatch {
    std::string spec = "fcfs";  // "round-robin:quantum=2"
    // Whether it may prefer a request to one that came before it; else a job that cannot go on
    // holds up all that come after it.
    bool reorders = false;
    std::function<std::unique_ptr<Dispatcher>()> make;
    Dispatch();
};

struct DispatcherInfo {
    std::string_view name;
    std::string_view summary;  // one line
    std::span<const ParameterInfo> parameters;
    bool reorders;
    // Throws `InputError` for a bad value.
    std::function<std::unique_ptr<Dispatcher>()> (*make)(const PolicyParameters& parameters);
};

std::span<const DispatcherInfo> dispatchers();

// `NAME[:key=value,...]`. Throws `InputError` for an unknown name or key (listing the known ones)
// or a bad value.
Dispatch make_dispatch(std::string_view spec);

}  // namespace swaplab
