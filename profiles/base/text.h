// Formatted text. fmt is named here and nowhere else.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

namespace swaplab {

// text("{} of {}", a, b): checked at compile time.
template <class... Args>
std::string text(fmt::format_string<Args...> format, Args&&... args) {
    return fmt::format(format, std::forward<Args>(args)...);
}

}  // namespace swaplab
