#include "experiments/measure/samples.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/measure/cuts.h"

namespace swaplab {

namespace {

constexpr double kWhole = 0.05;  // how far the number of reads in flight may be from a whole one

using Timelines = std::array<Covered, kTimedVerbs>;  // by verb

Timelines timelines_of(const std::vector<Played>& steps) {
    Timelines lines;
    for (const Played& step : steps) {
        const Verb verb = step.span.command.verb;
        if (takes_time(verb)) lines[index_of(verb)].add(step.span.start, step.span.end);
    }
    for (Covered& line : lines) line.finish();
    return lines;
}

// What ran beside a span: nothing, one kind all along, or neither.
struct Company {
    bool mixed = false;
    std::optional<Activity> beside;
};

Company company_of(const Completion& span, const Timelines& lines) {
    Company company;
    const auto length = static_cast<double>(count_ns(span.end - span.start));
    if (length <= 0) return company;
    for (std::size_t kind = 0; kind < kTimedVerbs; ++kind) {
        if (kind == index_of(span.command.verb)) continue;
        const double share = lines[kind].within(span.start, span.end) / length;
        if (share < kApart) continue;
        if (share < kBeside || company.beside) company.mixed = true;
        company.beside = kVerbTable[kind].activity;
    }
    return company;
}

}  // namespace

void Covered::finish() {
    std::ranges::sort(all_, {}, &Interval::start);
    for (const Interval& each : all_) {
        if (!merged_.empty() && each.start <= merged_.back().end)
            merged_.back().end = std::max(merged_.back().end, each.end);
        else
            merged_.push_back(each);
    }
    double sum = 0;
    for (const Interval& each : merged_) {
        merged_before_.push_back(sum);
        sum += static_cast<double>(each.end - each.start);
    }
}

double Covered::until(const std::vector<Interval>& sorted, const std::vector<double>& before,
                      std::int64_t at) {
    const auto after = std::ranges::upper_bound(sorted, at, {}, &Interval::start);
    if (after == sorted.begin()) return 0;
    const auto last = static_cast<std::size_t>(after - sorted.begin()) - 1;
    return before[last] + static_cast<double>(std::min(at, sorted[last].end) - sorted[last].start);
}

double Covered::within(Time start, Time end) const {
    return until(merged_, merged_before_, count_ns(end)) -
           until(merged_, merged_before_, count_ns(start));
}

double Covered::sum_within(Time start, Time end) const {
    double sum = 0;
    for (const Interval& each : all_) {
        if (each.start >= count_ns(end)) break;
        const std::int64_t from = std::max(each.start, count_ns(start));
        sum += static_cast<double>(
            std::max<std::int64_t>(0, std::min(each.end, count_ns(end)) - from));
    }
    return sum;
}

SampleMaker::SampleMaker(const Model& model, const Platform& platform,
                         std::optional<Bytes> request_bytes, const BenchRun& run)
    : model_(&model), cost_(model, platform), request_bytes_(request_bytes), run_(&run) {}

// What comes in with a block: with what its layers share, and tables by rows.
Features SampleMaker::brought_by(UnitRange units, bool read, std::int64_t& requests) const {
    Brought brought(cost_, units.first, {});
    for (const UnitId unit : units) brought.add(unit);
    const BroughtAmounts& more = brought.in_described();
    Features features = cost_.features(units);
    const Bytes own =
        read ? cost_.stored_bytes(units) - more.stored_not_own : features.bytes - more.not_own;
    features.bytes = own + (read ? more.stored : more.bytes);
    features.tensors += more.tensors;
    const LinearCost line{.request_bytes = request_bytes_};
    requests = requests_of(line, own) + more.requests;
    return features;
}

Bytes SampleMaker::touched_by(UnitRange units) const {
    Bytes touched;
    for (const UnitId unit : units) touched += cost_.execute_features(unit).bytes;
    return touched;
}

Measurement SampleMaker::work_of(const Action& action) const {
    const UnitRange units = run_->jobs[action.job.index].blocks[action.block.index];
    Measurement row;
    row.activity = *row_of(action.verb).activity;
    row.label = label_of(*model_, units);
    const bool reads = action.lane == Lane::storage;
    std::int64_t requests = 0;
    row.features = brought_by(units, reads, requests);
    if (uses(action.verb)) {
        row.features = cost_.features(units);
        row.features.bytes = touched_by(units);
        if (units.size() == 1) row.op = model_->layer(model_->layer_of(UnitId{units.first})).op;
        const bool resident = run_->jobs[action.job.index].path == SwapPath::resident;
        row.state = resident ? MeasuredState::warm : MeasuredState::after_dma;
    }
    if (reads && request_bytes_) {
        row.request_bytes = *request_bytes_;
        row.requests = requests;
    }
    return row;
}

std::vector<Measurement> SampleMaker::rows(const std::vector<Played>& steps, std::int64_t round,
                                           std::int64_t& mixed) const {
    const Timelines lines = timelines_of(steps);
    std::vector<Measurement> rows;
    std::optional<Time> last_read_end;  // reads start in the order of the steps
    for (const Played& step : steps) {
        const Completion& span = step.span;
        if (!takes_time(span.command.verb)) continue;
        const Company company = company_of(span, lines);
        Measurement row = work_of(span.command);
        row.run = round;
        row.beside = company.beside;
        row.hand_off_ns = step.hand_off_ns;
        row.duration_ns = static_cast<double>(count_ns(span.end - span.start));
        bool usable = !company.mixed;
        if (span.command.lane == Lane::storage) {
            const double length = std::max(1.0, row.duration_ns);
            const double flying = lines[0].sum_within(span.start, span.end) / length;
            const double whole = std::max(1.0, std::round(flying));
            row.depth = static_cast<std::int64_t>(whole);
            usable = usable && std::abs(flying - whole) <= kWhole;
            row.duration_ns /= whole;
            if (last_read_end && row.depth == 1) {
                const Duration gap = std::max(Duration::zero(), span.start - *last_read_end);
                row.gap_ns = static_cast<double>(count_ns(gap));
                const bool rested = gap > kBackToBack && *row.gap_ns > kBackToBackShare * length;
                if (rested) row.state = MeasuredState::after_idle;
                // Two effects at once tell neither.
                usable = usable && !(rested && row.beside);
            }
            // The first read of a run comes after a rest of unknown length.
            usable = usable && last_read_end.has_value();
            last_read_end = std::max(last_read_end.value_or(span.end), span.end);
        }
        if (usable)
            rows.push_back(std::move(row));
        else
            ++mixed;
    }
    return rows;
}

}  // namespace swaplab
