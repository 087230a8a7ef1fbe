// The policies that are compared, as a table (registry.cpp).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"

namespace swaplab {

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
