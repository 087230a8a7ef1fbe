// When the requests of a model come, as people ask for it: `arrivals=poisson,rate=30/s` behind a
// model, or `poisson:rate=30/s` for all (SEMANTICS: Requests). Draws are keyed by seed, model,
// source and request, so that every policy meets the same requests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policies/port/workload.h"

namespace swaplab {

struct ArrivalProcess {
    enum class Kind : std::uint8_t { periodic, poisson, bursts, closed };
    using Options = std::vector<std::pair<std::string, std::string>>;

    Kind kind = Kind::periodic;
    Duration period{};  // of periodic
    double gap_ns = 0;  // mean, of poisson and within bursts
    Duration offset{}, jitter{};
    Duration on{}, off{};  // means, of bursts
    std::int64_t clients = 1;
    Duration think{};
    std::uint64_t seed = 0;

    friend bool operator==(const ArrivalProcess&, const ArrivalProcess&) = default;
};

std::string_view name_of(ArrivalProcess::Kind kind);
bool is_arrival_process(std::string_view name);
// The keys of all processes, "arrivals" and "period" among them.
const std::vector<std::string>& arrival_keys();

// `poisson:rate=30/s`. Throws `InputError` for an unknown name or key, a value that cannot be, a
// key that is missing.
ArrivalProcess parse_arrivals(std::string_view spec);
// From the options behind a model, those of `arrival_keys`: nothing where there are none. `whose`
// heads messages: "model 'vgg19:period=0ms'".
std::optional<ArrivalProcess> arrivals_among(const std::string& whose,
                                             const ArrivalProcess::Options& options);

// Where the draws of a list come from.
struct ArrivalStream {
    std::uint32_t job = 0, source = 0;
};

// The first `most` arrivals, those before `until` only where it is given: sorted. Of no closed
// loop. Throws `InputError` where an arrival is later than 2^61 ns or there are more than 2^27.
std::vector<Time> list_arrivals(const ArrivalProcess& process, ArrivalStream stream,
                                std::int64_t most, std::optional<Time> until);
// Of a closed loop.
ClosedLoop loop_of(const ArrivalProcess& process, ArrivalStream stream);

}  // namespace swaplab
