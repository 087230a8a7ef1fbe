#include "experiments/request/arrivals/arrival_process.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/text/option_values.h"
#include "experiments/text/layout.h"
#include "experiments/text/spec.h"
#include "policies/lanes/uniform_draws.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using Kind = ArrivalProcess::Kind;

struct ProcessRow {
    Kind kind;
    std::string_view name;
    std::vector<std::string> needs, takes;
};

// By Kind.
const std::array<ProcessRow, 4>& rows() {
    static const std::array<ProcessRow, 4> all{
        ProcessRow{Kind::periodic, "periodic", {"period"}, {"offset", "jitter", "seed"}},
        ProcessRow{Kind::poisson, "poisson", {"rate"}, {"offset", "seed"}},
        ProcessRow{Kind::bursts, "bursts", {"rate", "on", "off"}, {"offset", "seed"}},
        ProcessRow{Kind::closed, "closed", {}, {"clients", "think", "offset", "jitter", "seed"}}};
    return all;
}

const ProcessRow& row_of(Kind kind) { return rows()[static_cast<std::size_t>(kind)]; }

// The kinds of draws of a list, as the last word of their counters (3: ClosedLoop).
constexpr std::uint32_t kGaps = 0, kOn = 1, kOff = 2;
constexpr std::int64_t kMostListed = std::int64_t{1} << 27;
constexpr double kLatest = 0x1p61;
constexpr double kMostCounted = 0xFFFFFFFF;  // a RequestId holds 32 bits, and so does a seed

template <class Parse>
auto value_of(const std::string& whose, const std::string& key, Parse parse) {
    try {
        return parse();
    } catch (const InputError& error) {
        throw InputError(text("{}: {}: {}", whose, key, error.what()));
    }
}

// "30/s": the mean gap in ns.
double parse_gap(const std::string& given) {
    struct UnitRow {
        std::string_view name;
        double ns;
    };
    constexpr std::array<UnitRow, 3> units{UnitRow{"s", 1e9}, {"min", 60e9}, {"h", 3600e9}};
    const std::size_t slash = given.find('/');
    const std::optional<double> number = parse_number(given.substr(0, slash));
    if (slash != std::string::npos && number && *number > 0)
        for (const UnitRow& unit : units)
            if (unit.name == given.substr(slash + 1)) return unit.ns / *number;
    throw InputError(text("expected a rate such as 30/s (or /min, /h), found '{}'", given));
}

std::int64_t parse_count(const std::string& given, double least) {
    const std::optional<double> number = parse_number(given);
    if (number && *number >= least && *number <= kMostCounted &&
        *number == std::floor(*number))
        return static_cast<std::int64_t>(*number);
    throw InputError(text("expected a whole number from {:.0f} to 2^32-1, found '{}'", least, given));
}

void take_option(ArrivalProcess& process, const std::string& whose, const std::string& key,
                 const std::string& value) {
    const auto positive = [&] { return parse_positive_duration(whose, key, value); };
    const auto take = [&](auto parse) {
        return value_of(whose, key, [&] { return parse(value); });
    };
    const auto count = [&](double least) {
        return value_of(whose, key, [&] { return parse_count(value, least); });
    };
    if (key == "period") process.period = positive();
    if (key == "rate") process.gap_ns = take(parse_gap);
    if (key == "on") process.on = positive();
    if (key == "off") process.off = positive();
    if (key == "offset") process.offset = take(parse_duration);
    if (key == "jitter") process.jitter = take(parse_duration);
    if (key == "think") process.think = take(parse_duration);
    if (key == "clients") process.clients = count(1);
    if (key == "seed") process.seed = static_cast<std::uint64_t>(count(0));
}

bool among(const std::vector<std::string>& all, std::string_view one) {
    return std::ranges::find(all, one) != all.end();
}

ArrivalProcess process_of(const std::string& whose, Kind kind,
                          const ArrivalProcess::Options& options) {
    const ProcessRow& row = row_of(kind);
    ArrivalProcess process;
    process.kind = kind;
    std::vector<std::string> keys = row.needs;
    keys.insert(keys.end(), row.takes.begin(), row.takes.end());
    for (const auto& [key, value] : options) {
        if (key == "arrivals") continue;
        if (!among(keys, key))
            throw InputError(text("{}: {} arrivals have no {}= (they have {})", whose, row.name,
                                  key, join(keys, ", ")));
        take_option(process, whose, key, value);
    }
    for (const std::string& key : row.needs)
        if (std::ranges::none_of(options, [&](const auto& option) { return option.first == key; }))
            throw InputError(text("{}: {} arrivals need {}=", whose, row.name, key));
    if (kind == Kind::periodic && process.jitter > process.period)
        throw InputError(text("{}: jitter: expected at most the period, so that requests keep "
                              "their order",
                              whose));
    return process;
}

Kind kind_named(const std::string& whose, std::string_view name) {
    std::vector<std::string> names;
    for (const ProcessRow& row : rows()) names.emplace_back(row.name);
    require_known(text("arrivals of {}:", whose), name, names);
    return std::ranges::find(rows(), name, &ProcessRow::name)->kind;
}

// Times that become later, in ns.
class Clock {
  public:
    Clock(const ArrivalProcess& process, ArrivalStream stream)
        : process_(process), stream_(stream), draws_(process.seed) {
        if (process.kind == Kind::bursts) begin_burst();
    }

    // Of request r; asked for each, from 0 on.
    std::int64_t next(std::uint32_t r) {
        if (process_.kind == Kind::periodic) return periodic(r);
        busy_ += std::llround(exponential(r, kGaps) * process_.gap_ns);
        if (process_.kind == Kind::bursts)
            while (busy_ >= burst_end_) {
                silent_ += drawn(burst_, kOff, process_.off);
                ++burst_;
                begin_burst();
            }
        return count_ns(process_.offset) + busy_ + silent_;
    }

  private:
    std::int64_t periodic(std::uint32_t r) const {
        const std::int64_t late =
            process_.jitter == Duration::zero()
                ? 0
                : draws_.whole({stream_.job, stream_.source, r, kGaps}, count_ns(process_.jitter));
        return count_ns(process_.offset) + r * count_ns(process_.period) + late;
    }
    double exponential(std::uint32_t number, std::uint32_t kind) const {
        return draws_.exponential({stream_.job, stream_.source, number, kind});
    }
    std::int64_t drawn(std::uint32_t number, std::uint32_t kind, Duration mean) const {
        return std::llround(exponential(number, kind) * static_cast<double>(count_ns(mean)));
    }
    void begin_burst() { burst_end_ += drawn(burst_, kOn, process_.on); }

    const ArrivalProcess& process_;
    ArrivalStream stream_;
    UniformDraws draws_;
    std::int64_t busy_ = 0;       // time within bursts; all time, where there are none
    std::int64_t burst_end_ = 0;  // likewise
    std::int64_t silent_ = 0;     // between them
    std::uint32_t burst_ = 0;
};

// Before any sum overflows: the spans that one step may add are far below 2^61.
void require_in_range(const ArrivalProcess& process, std::int64_t most) {
    const double step =
        process.kind == Kind::periodic ? static_cast<double>(count_ns(process.period)) : 0;
    const double last =
        static_cast<double>(count_ns(process.offset)) + step * static_cast<double>(most);
    const double longest = std::max({process.gap_ns, static_cast<double>(count_ns(process.on)),
                                     static_cast<double>(count_ns(process.off))});
    if (last > kLatest || longest > 0x1p55)
        throw InputError("requests arrive beyond 2^61 ns: fewer requests, or a shorter period");
}

}  // namespace

std::string_view name_of(Kind kind) { return row_of(kind).name; }

bool is_arrival_process(std::string_view name) {
    return std::ranges::find(rows(), name, &ProcessRow::name) != rows().end();
}

const std::vector<std::string>& arrival_keys() {
    static const std::vector<std::string> keys{"arrivals", "period", "offset",  "jitter", "rate",
                                               "on",       "off",    "clients", "think",  "seed"};
    return keys;
}

ArrivalProcess parse_arrivals(std::string_view given) {
    const Spec spec = parse_spec(given, "arrivals");
    const std::string whose = text("arrivals '{}'", spec.text);
    return process_of(whose, kind_named(whose, spec.name), spec.options);
}

std::optional<ArrivalProcess> arrivals_among(const std::string& whose,
                                             const ArrivalProcess::Options& options) {
    ArrivalProcess::Options ours;
    std::optional<std::string> name;
    for (const auto& option : options) {
        if (!among(arrival_keys(), option.first)) continue;
        ours.push_back(option);
        if (option.first == "arrivals") name = option.second;
    }
    if (ours.empty()) return std::nullopt;
    const bool periodic =
        std::ranges::any_of(ours, [](const auto& option) { return option.first == "period"; });
    if (!name && !periodic)
        throw InputError(text("{}: {}= needs period= or arrivals= beside it (arrivals: periodic, "
                              "poisson, bursts or closed)",
                              whose, ours.front().first));
    return process_of(whose, name ? kind_named(whose, *name) : Kind::periodic, ours);
}

std::vector<Time> list_arrivals(const ArrivalProcess& process, ArrivalStream stream,
                                std::int64_t most, std::optional<Time> until) {
    const bool counted = most < Job::kAnyNumber;
    require_in_range(process, counted ? most : 0);
    Clock clock(process, stream);
    std::vector<Time> arrivals;
    if (counted) arrivals.reserve(static_cast<std::size_t>(std::min(most, kMostListed)));
    for (std::int64_t r = 0; r < most; ++r) {
        const std::int64_t at = clock.next(static_cast<std::uint32_t>(r));
        if (until && at >= count_ns(*until)) break;
        if (static_cast<double>(at) > kLatest)
            throw InputError(text("request {} arrives beyond 2^61 ns", r));
        if (r == kMostListed)
            throw InputError("expected at most 2^27 requests of one model: ask for fewer, or for "
                             "a shorter time");
        arrivals.push_back(at_ns(at));
    }
    return arrivals;
}

ClosedLoop loop_of(const ArrivalProcess& process, ArrivalStream stream) {
    return {process.clients, process.offset, process.think,
            process.jitter,  process.seed,   stream.job};
}

}  // namespace swaplab
