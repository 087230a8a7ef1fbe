// By which categories memory is accounted, and which of them a budget bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace swaplab {

// The categories by which memory is accounted.
enum class Category : std::uint8_t {
    parameters,
    staging,
    duplicates,
    activations,
    workspace,
    kv_cache,
    skeleton,  // a key of results that is 0 in this version: nothing is charged to it
    reserved
};
inline constexpr std::size_t kCategories = 8;
std::string_view name_of(Category category);
constexpr bool holds_weights(Category c) { return c <= Category::duplicates; }

// Which bytes the budget bounds (SEMANTICS: Memory).
enum class Account : std::uint8_t {
    all,         // every category
    parameters,  // parameters, staging and duplicates: every byte that holds weights
};
std::string_view name_of(Account account);

}  // namespace swaplab
