#include "experiments/validate/assessment.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/compare/comparison.h"
#include "experiments/emulate/pace_check.h"
#include "experiments/validate/ranking.h"
#include "experiments/validate/sample.h"

namespace swaplab {

namespace {

double share_of(Bytes a, Bytes b) {
    return static_cast<double>(a.count) / static_cast<double>(b.count);
}

void keep_greatest(std::optional<Bytes>& greatest, Bytes bytes) {
    greatest = std::max(greatest.value_or(bytes), bytes);
}

void read_evidence(Point& point, const Evidence& evidence, Bytes swapped_in) {
    keep_greatest(point.committed_peak, evidence.committed_peak);
    if (evidence.resident_growth) keep_greatest(point.resident_growth, *evidence.resident_growth);
    if (swapped_in.count == 0 || !evidence.read_from_storage) return;
    const double ratio = share_of(*evidence.read_from_storage, swapped_in);
    if (!point.read_ratio || std::abs(ratio - 1) > std::abs(*point.read_ratio - 1))
        point.read_ratio = ratio;
}

void compare_with_prediction(Point& point, const RunResult& run, const RunOrder& order) {
    const RunResult& predicted = point.configuration->predicted;
    point.same_bytes = point.same_bytes && run.swapped_in == predicted.swapped_in &&
                       run.memory.peak == predicted.memory.peak;
    point.same_order = point.same_order && order == point.configuration->predicted_order;
    const auto pace = judge_pace(run, {});
    if (!pace) return;
    point.time_scale = std::max(point.time_scale.value_or(0), pace->time_scale);
    Duration worst{};
    for (const LaneLateness& lane : pace->lanes) worst = std::max(worst, lane.p95);
    point.lateness = std::max(point.lateness.value_or(0),
                              static_cast<double>(count_ns(worst)) / point.measured_ns);
}

// Outputs of one round against those of `direct` in the same round.
void compare_outputs(Point& point, const RunResult& run, const RunResult& direct) {
    if (!run.evidence || !direct.evidence || direct.evidence->outputs.empty()) return;
    const bool equal = run.evidence->outputs == direct.evidence->outputs;
    point.outputs_equal = point.outputs_equal.value_or(true) && equal;
}

Point point_of(const Study& study, const Configuration& configuration) {
    Point point;
    point.study = &study;
    point.configuration = &configuration;
    point.predicted_ns = configuration.predicted_ns();
    point.measured_ns = configuration.measured_median_ns();
    point.cv = variation(configuration.measured_ns());
    point.error = point.predicted_ns / point.measured_ns - 1;
    point.predicted_peak = configuration.predicted.memory.peak;
    if (study.reference.compared()) {
        point.predicted_overhead = study.predicted_overhead(configuration);
        point.measured_overhead = study.measured_overhead(configuration);
    }
    for (std::size_t r = 0; r < configuration.measured.size(); ++r) {
        const RunResult& run = configuration.measured[r];
        point.accounted_peak = std::max(point.accounted_peak, run.memory.peak);
        point.swapped_in = run.swapped_in;
        if (run.evidence) read_evidence(point, *run.evidence, run.swapped_in);
        if (r < configuration.measured_orders.size())
            compare_with_prediction(point, run, configuration.measured_orders[r]);
        if (r < study.reference.measured.size())
            compare_outputs(point, run, study.reference.measured[r]);
    }
    return point;
}

// The part of the makespan for which the compute lane waited.
double stalled(const Configuration& configuration) {
    std::vector<double> shares;
    for (const RunResult& run : configuration.measured)
        shares.push_back(static_cast<double>(count_ns(run.stalls.swapping())) /
                         static_cast<double>(std::max<std::int64_t>(1, count_ns(run.makespan))));
    return median(std::move(shares));
}

// A prediction that needs no simulator, in ns; nothing where it does not apply.
using Predictor = std::optional<double> (*)(const Point&);
struct NamedPredictor {
    const char* name;
    Predictor predict;
};
constexpr std::array<NamedPredictor, 3> kSimple{{
    {"the latency of direct",
     [](const Point& point) -> std::optional<double> {
         if (!point.study->reference.compared()) return std::nullopt;
         return point.study->reference.measured_median_ns();
     }},
    {"the lower bound",
     [](const Point& point) -> std::optional<double> {
         const auto bound = latency_bound({point.configuration->predicted});
         if (!bound) return std::nullopt;
         return static_cast<double>(count_ns(*bound));
     }},
    {"the closed form",
     [](const Point& point) -> std::optional<double> {
         const auto& closed = point.configuration->predicted.closed_form;
         if (!closed) return std::nullopt;
         return static_cast<double>(count_ns(*closed));
     }},
}};

// The mean |error| of a simple predictor; where it does not apply, that of the simulation stands in
// so that nothing is won or lost there.
double mean_error(const std::vector<const Point*>& points, Predictor predict) {
    std::vector<double> errors;
    errors.reserve(points.size());
    for (const Point* point : points)
        errors.push_back(
            std::abs(predict(*point).value_or(point->predicted_ns) / point->measured_ns - 1));
    return mean(errors);
}

void add_skill(Assessment& assessment) {
    constexpr double least_stall = 0.05;
    std::vector<const Point*> stalling;
    for (const Point& point : assessment.points)
        if (stalled(*point.configuration) > least_stall) stalling.push_back(&point);
    if (stalling.empty()) return;
    const double own =
        mean_error(stalling, [](const Point& p) { return std::optional(p.predicted_ns); });
    std::optional<double> best;
    for (const NamedPredictor& simple : kSimple) {
        if (!std::ranges::any_of(stalling,
                                 [&](const Point* p) { return simple.predict(*p).has_value(); }))
            continue;
        const double error = mean_error(stalling, simple.predict);
        if (best && *best <= error) continue;
        best = error;
        assessment.skill_against = simple.name;
    }
    if (best && *best > 0) assessment.skill = 1 - own / *best;
}

// F = median |predicted - m_A| / median |m_B - m_A|, with m_A and m_B the medians of every other
// repeat, relative to m_A.
void add_noise_floor(Assessment& assessment) {
    std::vector<double> of_simulation;
    std::vector<double> of_repeats;
    for (const Point& point : assessment.points) {
        std::array<std::vector<double>, 2> halves;
        const std::vector<double> all = point.configuration->measured_ns();
        if (all.size() < 2) return;
        for (std::size_t r = 0; r < all.size(); ++r) halves[r % 2].push_back(all[r]);
        const double a = median(halves[0]);
        of_simulation.push_back(std::abs(point.predicted_ns / a - 1));
        of_repeats.push_back(std::abs(median(halves[1]) / a - 1));
    }
    if (of_repeats.empty()) return;
    const double floor = median(std::move(of_repeats));
    if (floor > 0) assessment.noise_floor = median(std::move(of_simulation)) / floor;
}

void add_errors(Assessment& assessment) {
    if (assessment.points.empty()) return;
    const auto errors = magnitudes(assessment.points, [](const Point& p) { return p.error; });
    const auto overheads =
        magnitudes(assessment.points, [](const Point& p) { return p.overhead_error(); });
    assessment.median_error = median(errors);
    assessment.p95_error = percentile(errors, 95);
    assessment.median_overhead = median(overheads);
    assessment.p95_overhead = percentile(overheads, 95);
    const auto slowdowns =
        magnitudes(assessment.points, [](const Point& p) { return p.slowdown_error(); });
    assessment.median_slowdown = median(slowdowns);
    assessment.p95_slowdown = percentile(slowdowns, 95);
    for (const Point& point : assessment.points)
        if (point.cv > kNoisy) assessment.noisy.push_back(&point);
}

// Whether the unswapped run's outputs tell different inputs apart: else equality says nothing.
void look_at_inputs(Assessment& assessment, const Study& study) {
    for (const RunResult& run : study.reference.measured) {
        if (!run.evidence) continue;
        for (const Digests& outputs : run.evidence->outputs) {
            if (!outputs.empty()) assessment.outputs_seen = true;
            if (outputs.size() > 1 && outputs[0] == outputs[1]) assessment.inputs_differ = false;
        }
    }
}

}  // namespace

double Point::peak_error() const {
    return accounted_peak.count == 0 ? 0 : share_of(predicted_peak, accounted_peak) - 1;
}

std::optional<bool> Point::within_budget() const {
    if (!committed_peak || !resident_growth || !configuration->bytes) return std::nullopt;
    const std::int64_t budget = configuration->bytes->count;
    const Bytes most{budget + budget / 20 + (std::int64_t{8} << 20)};
    const Bytes most_committed = time_scale ? most : *configuration->bytes;
    return *committed_peak <= most_committed && *resident_growth <= most;
}

double Assessment::worst_regret() const {
    double worst = 0;
    for (const Choice& choice : choices) worst = std::max(worst, choice.regret);
    return worst;
}

std::vector<double> magnitudes(const std::vector<Point>& points, double (*of)(const Point&)) {
    std::vector<double> all;
    all.reserve(points.size());
    for (const Point& point : points) all.push_back(std::abs(of(point)));
    return all;
}

Assessment assess(const std::vector<Study>& studies) {
    Assessment assessment;
    for (const Study& study : studies) {
        if (!study.reference.failure.empty()) assessment.failures.push_back(&study.reference);
        look_at_inputs(assessment, study);
        if (study.reference.compared())
            assessment.references.push_back(point_of(study, study.reference));
        for (const Configuration& configuration : study.configurations) {
            if (configuration.compared())
                assessment.points.push_back(point_of(study, configuration));
            else if (!configuration.failure.empty())
                assessment.failures.push_back(&configuration);
        }
    }
    add_errors(assessment);
    add_skill(assessment);
    add_noise_floor(assessment);
    for (const Study& study : studies) add_ranking(assessment, study);
    finish_ranking(assessment);
    return assessment;
}

}  // namespace swaplab
