#include "profiles/fit/fit.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/file_values.h"
#include "profiles/fit/fit_effects.h"
#include "profiles/fit/fit_layers.h"
#include "profiles/fit/fit_lines.h"
#include "profiles/fit/fit_noise.h"
#include "profiles/fit/queue_depths.h"
#include "profiles/fit/repeats.h"

namespace swaplab {
namespace {

FitQuality quality_of(const FittedLine& line) {
    const Regression& fit = line.regression;
    FitQuality quality{fit.r2, fit.loo_mape, fit.samples, fit.residual_cv, {}};
    for (std::size_t i = 0; i < line.terms.size(); ++i) {
        if (fit.left_out[i] != LeftOut::does_not_vary)
            quality.hull[std::string(line.terms[i].feature)] = fit.hull[i];
    }
    return quality;
}

class DeviceFitter {
  public:
    DeviceFitter(const Measurements& measurements, const FitOptions& options)
        : measurements_(measurements), options_(options), lines_(measurements, options.own_mode) {
        fitted_.platform.name = options.name;
        fitted_.platform.nodes.resize(1);
    }

    FittedDevice fit() {
        describe();
        add_modes();
        for (const auto& [key, line] : lines_.lines()) place(key, line);
        if (lines_.per_block())
            provenance().coefficients["execute.*.ns_per_block"] =
                "fitted: what layers take one by one more than in blocks";
        fit_effects(measurements_, options_.own_mode, lines_, fitted_);
        fit_noise(measurements_, lines_, fitted_);
        note_what_is_missing();
        note_unused();
        return std::move(fitted_);
    }

  private:
    Node& node() { return fitted_.platform.nodes.front(); }
    Provenance& provenance() { return fitted_.platform.provenance; }
    void note(std::string message) { fitted_.notes.push_back(std::move(message)); }
    bool own(const Measurement& row) const { return row.mode == options_.own_mode; }

    void describe() {
        node().name = options_.name;
        node().compute = measurements_.compute;
        node().memory.capacity = measurements_.capacity;
        node().memory.unified = measurements_.unified;
        if (measurements_.alignment) node().memory.alignment = *measurements_.alignment;
        node().read.depth = measurements_.read_depth;
        node().host_cores = measurements_.cores;
        provenance().source = text("fitted from {} measurements of {}", measurements_.rows.size(),
                                   std::filesystem::path(measurements_.file).filename().string());
        for (const auto& [key, value] : measurements_.conditions)
            provenance().source += text("; {} {}", key, value);
        provenance().measured = true;
    }

    Mode& mode_named(const std::string& name) {
        return *std::ranges::find(node().modes, name, &Mode::name);
    }
    void add_modes() {
        for (const Measurement& row : measurements_.rows)
            if (!row.mode.empty() && node().mode_named(row.mode) == nullptr)
                node().modes.emplace_back().name = row.mode;
    }

    LinearCost& place_of(const LineKey& key) {
        if (key.activity != Activity::execute) return node().cost(key.activity);
        ExecuteSpec& table = table_of(key);
        return key.op ? table.by_op[static_cast<std::size_t>(*key.op)].emplace() : table.other;
    }
    ExecuteSpec& table_of(const LineKey& key) {
        if (key.mode.empty())
            return key.dtype.empty() ? node().execute : node().execute_by_dtype[key.dtype];
        Mode& mode = mode_named(key.mode);
        if (!key.dtype.empty()) return mode.execute_by_dtype[key.dtype];
        return mode.execute ? *mode.execute : mode.execute.emplace();
    }
    void place(const LineKey& key, const FittedLine& line) {
        place_of(key) = lines_.cost(key);
        provenance().fit[line.of] = quality_of(line);
        provenance().coefficients[line.of] =
            text("fitted: non-negative least squares over {} samples", line.regression.samples);
        fitted_.lines.push_back(line);
    }

    // Execution tables need rows that hold for what no other row names.
    void note_what_is_missing() {
        std::set<std::pair<std::string, std::string>> tables;
        for (const auto& [key, line] : lines_.lines())
            if (key.activity == Activity::execute) tables.insert({key.mode, key.dtype});
        for (const auto& [mode, dtype] : tables) {
            const LineKey rest{Activity::execute, mode, dtype, std::nullopt};
            if (!lines_.lines().contains(rest))
                note(
                    text("{}: no rows without an op class; the classes that have none cost nothing",
                         rest.text()));
            if (!dtype.empty() && !tables.contains({mode, ""}))
                throw InputError(
                    text("{}: rows of {} are of dtype {} only; rows without a dtype are needed, "
                         "for all other models",
                         measurements_.file, rest.text(), in_quotes(dtype)));
        }
    }

    void note_unused() {
        std::map<std::string, std::int64_t> unused;
        std::map<Activity, std::set<std::string>> kinds;
        for (const Measurement& row : measurements_.rows) {
            const bool execute = row.activity == Activity::execute;
            if (execute && row.state == MeasuredState::warm) ++unused["execute rows of state warm"];
            if (execute && row.state == MeasuredState::after_idle)
                ++unused["execute rows of state after_idle"];
            if (execute && row.state == MeasuredState::fresh)
                ++unused["execute rows of state fresh"];
            const bool scaled = row.activity == Activity::read || row.activity == Activity::copy;
            if (!own(row) && !execute && !(scaled && alone(row)))
                ++unused[text("{} rows of mode {}", name_of(row.activity), row.mode)];
            if (!row.memory_kind.empty()) kinds[row.activity].insert(row.memory_kind);
        }
        for (const auto& [what, count] : unused) note(text("{} {} not used", count, what));
        for (const auto& [activity, names] : kinds)
            if (names.size() > 1)
                note(text("{} rows of {} memory kinds are fitted by one line", name_of(activity),
                          names.size()));
    }

    const Measurements& measurements_;
    const FitOptions& options_;
    FittedLines lines_;
    FittedDevice fitted_;
};

// Rows without a mode are the device's own; where there are none, the only mode is.
FitOptions with_own_mode(const Measurements& measurements, FitOptions options) {
    std::set<std::string> modes;
    for (const Measurement& row : measurements.rows) modes.insert(row.mode);
    if (modes.empty()) throw InputError(text("{}: no rows are left to fit", measurements.file));
    if (modes.contains(options.own_mode)) return options;
    if (options.own_mode.empty() && modes.size() == 1) {
        options.own_mode = *modes.begin();
        return options;
    }
    const std::vector<std::string> known(modes.begin(), modes.end());
    if (options.own_mode.empty())
        throw InputError(
            text("{}: rows of {} modes and none without a mode: say which is the "
                 "device's own (--own-mode){}",
                 measurements.file, modes.size(), suggestion("", known)));
    throw InputError(text("{}: no rows of mode {}{}", measurements.file,
                          in_quotes(options.own_mode), suggestion(options.own_mode, known)));
}

bool gives_anchor(const Measurement& row, const Model& model) {
    return row.activity == Activity::execute && row.label == model.name() && alone(row) &&
           (row.dtype.empty() || row.dtype == model.spec().dtype);
}

// The time of a whole model, which may be more than one activity can hold.
Duration whole_model_time(const Measurements& measurements, double ns) {
    if (ns < static_cast<double>(count_ns(kLongestModel))) return nanoseconds(std::llround(ns));
    throw InputError(text("{}: the whole model takes {} ns, expected less than 2^53 ns (104 days)",
                          measurements.file, ns));
}

}  // namespace

FittedDevice fit_device(const Measurements& measurements, const FitOptions& options) {
    const FitOptions complete = with_own_mode(measurements, options);
    Measurements kept = measurements;
    const std::vector<std::string> notes = as_reads_of_one_depth(kept);
    const std::int64_t set_aside = measurements.relative_errors ? set_aside_far_out(kept) : 0;
    FittedDevice fitted = DeviceFitter(kept, complete).fit();
    fitted.notes.insert(fitted.notes.begin(), notes.begin(), notes.end());
    if (set_aside > 0)
        fitted.notes.push_back(
            text("{} of {} samples lie far out among their repetitions and are "
                 "set aside",
                 set_aside, measurements.rows.size()));
    return fitted;
}

std::map<std::string, Duration> anchors_of(const Measurements& measurements, const Model& model,
                                           const FitOptions& options) {
    const std::string own_mode = with_own_mode(measurements, options).own_mode;
    struct Sum {
        double ns = 0;
        double rows = 0;
    };
    std::map<std::string, Sum> sums;
    for (const Measurement& row : measurements.rows) {
        if (!gives_anchor(row, model)) continue;
        Sum& sum =
            sums[row.mode == own_mode ? options.name : text("{}:mode={}", options.name, row.mode)];
        sum.ns += row.duration_ns;
        ++sum.rows;
    }
    std::map<std::string, Duration> anchors;
    for (const auto& [key, sum] : sums)
        if (const Duration mean = whole_model_time(measurements, sum.ns / sum.rows);
            mean > Duration::zero())
            anchors[key] = mean;
    if (anchors.empty())
        throw InputError(
            text("{}: no anchor for {}: expected execute rows of the whole model, "
                 "labelled with its name",
                 measurements.file, in_quotes(model.name())));
    return anchors;
}

Model with_measured_layers(const Measurements& measurements, const Model& model,
                           const FitOptions& options) {
    const std::string own_mode = with_own_mode(measurements, options).own_mode;
    Measurements kept = measurements;
    if (kept.relative_errors) set_aside_far_out(kept);
    return with_layer_times(model, layer_times(kept, own_mode), options.name, measurements.file);
}

Measurements without_anchors(Measurements measurements, const Model& model) {
    std::erase_if(measurements.rows,
                  [&](const Measurement& row) { return gives_anchor(row, model); });
    return measurements;
}

}  // namespace swaplab
