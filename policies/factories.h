// One factory per policy; each stands in the policy's own file and is named once, in registry.cpp.
#pragma once

#include <optional>

#include "policies/registry.h"
#include "policies/schedule/parameters.h"

namespace swaplab {

// `path` is one that the registry lists for the policy.
Policy make_direct(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_load_all(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_on_demand(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_standard_swap(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_swapnet(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_demand_layering(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_pipeload(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_pipeswitch(const PolicyParameters& parameters, std::optional<SwapPath> path);

}  // namespace swaplab
