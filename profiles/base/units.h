// Time, durations and bytes: the units that every layer shares.
//
// An instant (`Time`) and a span (`Duration`) are different types, both int64 nanoseconds; bytes
// are a type of their own. Nothing in swaplab keeps an instant or a size in floating point: costs
// are doubles until `to_duration` rounds them, once per activity.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace swaplab {

using Duration = std::chrono::duration<std::int64_t, std::nano>;

// The clock of a run: virtual in `sim`, monotonic from the start of the run elsewhere.
struct RunClock {
    using duration = Duration;
    using rep = Duration::rep;
    using period = Duration::period;
    using time_point = std::chrono::time_point<RunClock, Duration>;
    static constexpr bool is_steady = true;
};
using Time = RunClock::time_point;

inline constexpr Time kStart{};

constexpr Duration nanoseconds(std::int64_t count) { return Duration{count}; }
constexpr Time at_ns(std::int64_t count) { return Time{Duration{count}}; }
constexpr std::int64_t count_ns(Duration d) { return d.count(); }
constexpr std::int64_t count_ns(Time t) { return t.time_since_epoch().count(); }

struct Bytes {
    std::int64_t count = 0;

    friend constexpr auto operator<=>(Bytes, Bytes) = default;
    friend constexpr Bytes operator+(Bytes a, Bytes b) { return {a.count + b.count}; }
    friend constexpr Bytes operator-(Bytes a, Bytes b) { return {a.count - b.count}; }
    friend constexpr Bytes operator*(Bytes a, std::int64_t k) { return {a.count * k}; }
    friend constexpr Bytes operator*(std::int64_t k, Bytes a) { return a * k; }
    constexpr Bytes& operator+=(Bytes b) {
        count += b.count;
        return *this;
    }
    constexpr Bytes& operator-=(Bytes b) {
        count -= b.count;
        return *this;
    }
};

namespace literals {
constexpr Bytes operator""_B(unsigned long long n) { return {static_cast<std::int64_t>(n)}; }
constexpr Bytes operator""_KiB(unsigned long long n) {
    return {static_cast<std::int64_t>(n) << 10};
}
constexpr Bytes operator""_MiB(unsigned long long n) {
    return {static_cast<std::int64_t>(n) << 20};
}
constexpr Bytes operator""_GiB(unsigned long long n) {
    return {static_cast<std::int64_t>(n) << 30};
}
}  // namespace literals

// `bytes` rounded up to a multiple of `alignment` (> 0).
constexpr Bytes align_up(Bytes bytes, Bytes alignment) {
    const std::int64_t a = alignment.count;
    return {(bytes.count + a - 1) / a * a};
}

// The longest duration of one activity: 2^42 ns (73 minutes). Longer ones are bad input; the limit
// is what keeps work in units of 2^-20 ns within 64 bits (SEMANTICS: Sharing and contention).
inline constexpr Duration kLongestActivity{std::int64_t{1} << 42};

// The one place where a cost becomes a duration: `llround`, once per activity. Throws `InputError`
// if the cost is not finite, is negative, or reaches `kLongestActivity`.
Duration to_duration(double cost_ns);

}  // namespace swaplab
