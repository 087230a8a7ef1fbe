// From spans to samples: what ran alone, and what ran beside one other kind from end to end.
#pragma once

#include <optional>
#include <vector>

#include "experiments/measure/bench.h"

namespace swaplab {

// Intervals of time, for the share of a span that they cover.
class Covered {
  public:
    void add(Time start, Time end) { all_.push_back({count_ns(start), count_ns(end)}); }
    void finish();  // before the first question

    // Of [start, end), the ns in which at least one interval is open; each instant counts once.
    double within(Time start, Time end) const;
    // Likewise, each interval counts.
    double sum_within(Time start, Time end) const;

  private:
    struct Interval {
        std::int64_t start, end;
    };
    static double until(const std::vector<Interval>& sorted, const std::vector<double>& before,
                        std::int64_t at);

    std::vector<Interval> all_;  // sorted by start
    std::vector<Interval> merged_;
    std::vector<double> merged_before_;
};

// A span is alone if every other kind runs during less than kApart of it, and beside a kind if that
// runs during at least kBeside of it and every other during less than kApart.
inline constexpr double kApart = 0.02;
inline constexpr double kBeside = 0.95;
// Reads that follow one another within this, or within this share of what they take, are back to
// back.
inline constexpr Duration kBackToBack = nanoseconds(100'000);
inline constexpr double kBackToBackShare = 0.01;

class SampleMaker {
  public:
    // Borrows all.
    SampleMaker(const Model& model, const Platform& platform, std::optional<Bytes> request_bytes,
                const BenchRun& run);

    // `mixed` counts what is neither alone nor beside one kind.
    std::vector<Measurement> rows(const std::vector<Played>& steps, std::int64_t round,
                                  std::int64_t& mixed) const;

  private:
    Measurement work_of(const Action& action) const;
    Features brought_by(UnitRange units, bool read, std::int64_t& requests) const;
    Bytes touched_by(UnitRange units) const;

    const Model* model_;
    CostModel cost_;
    std::optional<Bytes> request_bytes_;
    const BenchRun* run_;
};

}  // namespace swaplab
