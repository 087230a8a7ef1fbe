#include <algorithm>
#include <array>
#include <vector>

#include "policies/schedule/dispatchers/dispatchers.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr ParameterInfo kRoundRobin[] = {
    {"quantum", "N|request", "1", "blocks per turn, or one request per turn"}};

// Name, one line, parameters, whether it reorders, factory.
constexpr std::array<DispatcherInfo, 4> kDispatchers{{
    {"fcfs", "first come first served: by arrival, request, order of -m", {}, false, make_fcfs},
    {"round-robin", "DNNs that have work take turns, a block at a time", kRoundRobin, true,
     make_round_robin},
    {"priority",
     "the highest weight= of -m first, preempting between blocks",
     {},
     true,
     make_priority},
    {"edf", "the earliest absolute deadline first, requests without one last", {}, true, make_edf},
}};

const DispatcherInfo& find(std::string_view name) {
    std::vector<std::string> known;
    for (const DispatcherInfo& info : kDispatchers) {
        if (info.name == name) return info;
        known.emplace_back(info.name);
    }
    throw InputError(text("unknown dispatcher '{}'{}", name, suggestion(name, known)));
}

}  // namespace

Dispatch::Dispatch() : make(make_fcfs({})) {}

std::span<const DispatcherInfo> dispatchers() { return kDispatchers; }

Dispatch make_dispatch(std::string_view spec) {
    const DispatcherInfo& info = find(spec.substr(0, spec.find(':')));
    Dispatch dispatch;
    dispatch.spec = spec;
    dispatch.reorders = info.reorders;
    dispatch.make =
        info.make(read_parameters(text("dispatcher {}", info.name), spec, info.parameters));
    return dispatch;
}

}  // namespace swaplab
