// The policies that are compared, as a table (registry.cpp).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// A policy as asked for: a row of the registry, and parameters that it takes.
struct PolicyChoice {
    const PolicyInfo* info = nullptr;
    PolicyParameters parameters;  // that were given
    std::string spec;             // as it was written
    bool needs_budget = true;

    // All parameters with their values, in the order of the registry.
    std::vector<std::pair<std::string_view, std::string>> all_parameters() const;
};

// `NAME[:key=value,...]`. Throws `InputError` for an unknown name or key (listing the known ones),
// or a bad value.
PolicyChoice choose_policy(std::string_view spec);
// The reference of every comparison: everything resident before the run.
const PolicyChoice& direct_policy();

// Why what would be zero-copy is copied, if it is (SEMANTICS: Swap paths).
enum class Staging : std::uint8_t {
    none,
    by_kind,    // of memory: memory=staged, whatever device
    by_device,  // the GPU does not reach the memory that is read into, unless it is managed
};
Staging staging_of(const Platform& platform);

// `path` is what was asked for, if anything was; else `staging` makes `staged` of a policy's
// default `zero-copy`. Throws `InputError` for a swap path that the policy does not take or the
// kind of memory contradicts.
Policy make_policy(const PolicyChoice& choice, std::optional<SwapPath> path = {},
                   Staging staging = Staging::none);
// Of a spec. Throws what `choose_policy` throws, too.
Policy make_policy(std::string_view spec, std::optional<SwapPath> path = {},
                   Staging staging = Staging::none);

}  // namespace swaplab
