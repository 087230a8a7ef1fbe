#include "policies/port/holding.h"

#include <array>

namespace swaplab {

std::string_view name_of(Category category) {
    static constexpr std::array<std::string_view, kCategories> names{
        "parameters", "staging",  "duplicates", "activations",
        "workspace",  "kv_cache", "skeleton",   "reserved"};
    return names[static_cast<std::size_t>(category)];
}

std::string_view name_of(Account account) { return account == Account::all ? "all" : "parameters"; }

}  // namespace swaplab
