// One factory per dispatcher; each stands in its own file and is named once, in dispatchers.cpp.
#pragma once

#include "policies/schedule/dispatcher.h"

namespace swaplab {

using DispatcherMaker = std::function<std::unique_ptr<Dispatcher>()>;

DispatcherMaker make_fcfs(const PolicyParameters& parameters);
DispatcherMaker make_round_robin(const PolicyParameters& parameters);
DispatcherMaker make_priority(const PolicyParameters& parameters);
DispatcherMaker make_edf(const PolicyParameters& parameters);

}  // namespace swaplab
