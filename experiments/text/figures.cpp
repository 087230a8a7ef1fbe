#include "experiments/text/figures.h"

#include <cmath>

#include "profiles/base/text.h"

namespace swaplab {

std::string percent(double share) { return text("{:.1f} %", 100 * share); }

std::string times(double ratio) { return text("{:.3f}x", ratio); }

std::string mib(Bytes bytes) { return text("{:.1f}", static_cast<double>(bytes.count) / 1048576); }

std::string plural(std::int64_t count, std::string_view noun) {
    return text("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string significant(double value) {
    const double size = std::abs(value);
    if (size == 0) return "0";
    if (size >= 100) return text("{:.0f}", value);
    if (size >= 10) return text("{:.1f}", value);
    if (size >= 1) return text("{:.2f}", value);
    return text("{:.3g}", value);
}

TimeUnit time_unit_for(Duration typical) {
    const std::int64_t ns = count_ns(typical);
    if (ns >= 10'000'000'000) return {"s", 1e9};
    if (ns >= 1'000'000) return {"ms", 1e6};
    if (ns >= 1'000) return {"us", 1e3};
    return {"ns", 1};
}

std::string in_unit(Duration duration, const TimeUnit& unit) {
    const double value = static_cast<double>(count_ns(duration)) / unit.ns;
    if (unit.ns == 1) return text("{:.0f}", value);
    return value >= 1000 ? text("{:.1f}", value) : text("{:.2f}", value);
}

double share(Duration a, Duration b) {
    if (b == Duration::zero()) return 0;
    return static_cast<double>(count_ns(a)) / static_cast<double>(count_ns(b));
}

double share(Bytes a, Bytes b) {
    if (b == Bytes{}) return 0;
    return static_cast<double>(a.count) / static_cast<double>(b.count);
}

}  // namespace swaplab
