// A workload: which requests arrive, when.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/base/id_vector.h"
#include "profiles/base/units.h"
#include "profiles/model/model.h"

namespace swaplab {

enum class ArrivalMode : std::uint8_t {
    cold,    // the next request arrives when the one before has ended and everything is released
    stream,  // all requests are queued at time 0
    listed,  // at given times
    closed,  // from clients who each wait for the end of their request before the next one
};
std::string_view name_of(ArrivalMode mode);

// Tokens of a request of a generative model.
struct TokenCounts {
    std::int64_t prompt = 1, output = 1;

    friend bool operator==(TokenCounts, TokenCounts) = default;
};

// Of ArrivalMode::closed (SEMANTICS: Requests). A client sends its first request at `offset`, every
// further one `think` after the end of the one before, each later by a draw of at most `jitter`.
struct ClosedLoop {
    std::int64_t clients = 1;
    Duration offset{}, think{}, jitter{};
    std::uint64_t seed = 0;
    std::uint32_t stream = 0;  // tells the draws of several jobs apart
};

struct Job {
    // As many as there is time for.
    static constexpr std::int64_t kAnyNumber = std::int64_t{1} << 62;

    ModelPtr model;
    ArrivalMode mode = ArrivalMode::cold;
    std::int64_t requests = 1;  // of cold and closed jobs with `until`: at most
    IdVector<RequestId, Time> arrivals;  // of ArrivalMode::listed: sorted, one per request
    std::optional<Duration> deadline;    // after arrival
    double weight = 1;                   // what allocators and the dispatcher `priority` go by
    // Of single requests, instead of `deadline`; empty, or one per request.
    IdVector<RequestId, std::optional<Duration>> deadlines = {};
    // Of single requests, at most those of the model; empty (all are the model's), or one per
    // request.
    IdVector<RequestId, TokenCounts> tokens = {};
    ClosedLoop loop = {};            // of ArrivalMode::closed
    std::optional<Time> until = {};  // of cold and closed jobs: nothing arrives from then on
    // Where several sources send requests to one model, of each request its source, from 0.
    IdVector<RequestId, std::uint8_t> sources = {};

    // How many there are whatever happens.
    std::int64_t least_requests() const { return until ? 1 : requests; }
    std::optional<Duration> deadline_of(RequestId request) const {
        return deadlines.empty() ? deadline : deadlines[request];
    }
};

// From `at` on the run is held to `budget`.
struct BudgetChange {
    Time at{};
    Bytes budget;
};

// From `at` on the platform is in `mode`, one of its nodes' modes or empty for their own.
struct ModeChange {
    Time at{};
    std::string mode;
};

// What happens to requests that come before their job has done with those before them, or that end
// too late (SEMANTICS: Dispatch). At most one of the two.
struct Overrun {
    // How many requests of a job may wait beside the one that came first; what arrives beyond is
    // dropped. Absent: any number.
    std::optional<std::int64_t> most_waiting;
    bool aborts = false;  // at its deadline what has not started of a request is taken back

    bool any() const { return aborts || most_waiting; }
    friend bool operator==(const Overrun&, const Overrun&) = default;
};
// "none", "skip", "queue:N" or "abort". The second throws `InputError`.
std::string text_of(const Overrun& overrun);
Overrun parse_overrun(std::string_view text);

struct Workload {
    IdVector<JobId, Job> jobs;                      // in the order of -m
    std::vector<BudgetChange> budget_changes = {};  // sorted by time
    // Likewise. Plans are made for the mode at the start, and are not made anew.
    std::vector<ModeChange> mode_changes = {};
    Overrun overrun = {};
};

struct RequestRef {
    JobId job;
    RequestId request;

    friend bool operator==(const RequestRef&, const RequestRef&) = default;
};

struct Arrival {
    JobId job;
    RequestId request;
    Time at{};
    std::optional<Time> deadline = {};       // absolute; at most Time::max()
    std::optional<TokenCounts> tokens = {};  // where its job's requests differ
};

}  // namespace swaplab
