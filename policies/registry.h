// The policies that are compared, as a table (registry.cpp).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policies/plan/planner.h"
#include "policies/schedule/parameters.h"

namespace swaplab {

// A policy ready to plan and to schedule. `spec` is its full name as asked for, for messages.
struct Policy {
    std::string name;  // "demand-layering"
    std::string spec;  // "demand-layering:pipeline=async"
    bool needs_budget = true;
    std::unique_ptr<Planner> planner;
    std::function<std::unique_ptr<Scheduler>(const SchedulerSetup&)> make_scheduler;
};

struct PolicyInfo {
    std::string_view name;
    std::string_view summary;   // one line
    std::string_view source;    // the paper
    std::string_view inferred;  // what the paper does not say and was inferred here; often empty
    std::span<const ParameterInfo> parameters;
    std::span<const SwapPath> swap_paths;  // the first is the default; others may be asked for
    Policy (*make)(const PolicyParameters& parameters, std::optional<SwapPath> path);
};

std::span<const PolicyInfo> registry();

// `NAME[:key=value,...]`. `path` is what was asked for, if anything was; else memory of a `kind`
// that is staged makes `staged` of a policy's default `zero-copy`. Throws `InputError` for an
// unknown name or key (listing the known ones), a bad value, or a swap path that the policy does
// not take or the kind of memory contradicts.
Policy make_policy(std::string_view spec, std::optional<SwapPath> path = {},
                   std::optional<MemoryKind> kind = {});

}  // namespace swaplab
