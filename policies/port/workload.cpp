#include "policies/port/workload.h"

#include <array>
#include <charconv>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

std::string_view name_of(ArrivalMode mode) {
    static constexpr std::array<std::string_view, 4> names{"cold", "stream", "listed",
                                                            "closed"};
    return names[static_cast<std::size_t>(mode)];
}

std::string text_of(const Overrun& overrun) {
    if (overrun.aborts) return "abort";
    if (!overrun.most_waiting) return "none";
    return *overrun.most_waiting == 0 ? "skip" : text("queue:{}", *overrun.most_waiting);
}

Overrun parse_overrun(std::string_view given) {
    constexpr std::string_view queue = "queue:";
    if (given == "none") return {};
    if (given == "skip") return {0, false};
    if (given == "abort") return {std::nullopt, true};
    if (given.starts_with(queue)) {
        std::uint32_t most = 0;
        const char* const end = given.data() + given.size();
        const auto [stop, error] = std::from_chars(given.data() + queue.size(), end, most);
        if (error == std::errc{} && stop == end) return {most, false};
    }
    throw InputError(text("overrun: expected none, skip, queue:N or abort, found '{}'", given));
}

}  // namespace swaplab
