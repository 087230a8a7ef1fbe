#include "profiles/fit/fit_noise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include "profiles/base/text.h"
#include "profiles/fit/drift_of_rows.h"
#include "profiles/fit/repeats.h"

namespace swaplab {
namespace {

constexpr double kNoSpread = 1e-9;  // a smaller coefficient of variation is rounding

// The relative deviations of rows of one kind of activity from the means of their works.
struct Spread {
    double squares = 0;
    double freedom = 0;
    std::vector<Deviation> deviations;

    double variance() const { return freedom > 0 ? squares / freedom : 0; }
};

// How many layers have draws of their own in what a row measured.
std::int64_t draws_in(const Measurement& row) { return std::max<std::int64_t>(1, layers_of(row)); }

class NoiseFitter {
  public:
    NoiseFitter(const Measurements& measurements, const FittedLines& lines, FittedDevice& fitted)
        : measurements_(measurements), lines_(lines), fitted_(fitted) {}

    void fit() {
        for (const ActivityRow& row : kActivityTable) fit(row);
        if (longest_told_ > 0) settle_correlation();
        if (untold_)
            fitted_.notes.emplace_back(
                "noise: rows without a `run` tell no order in time, so what lasts (drift) is not "
                "told from what does not");
    }

  private:
    Node& node() { return fitted_.platform.nodes.front(); }
    void origin(std::string of, std::string from) {
        fitted_.platform.provenance.coefficients[std::move(of)] = std::move(from);
    }

    // Rows of a line of the activity, each once.
    std::set<const Measurement*> rows_of(Activity activity) const {
        std::set<const Measurement*> all;
        for (const auto& [key, rows] : lines_.rows())
            if (key.activity == activity) all.insert(rows.begin(), rows.end());
        return all;
    }

    // Of single layers where any was measured twice, else of blocks: their noise is taken to be
    // that of as many equal layers, whose draws make up for each other.
    Spread spread_of(Activity activity, bool of_blocks) const {
        std::map<SameWork, std::vector<const Measurement*>> works;
        for (const Measurement* row : rows_of(activity))
            if ((draws_in(*row) > 1) == of_blocks) works[SameWork(*row)].push_back(row);
        Spread spread;
        for (const auto& [same, rows] : works) {
            std::vector<double> durations;
            for (const Measurement* row : rows) durations.push_back(row->duration_ns);
            const double mean = mean_of(durations);
            if (rows.size() < 2 || mean == 0) continue;
            for (const Measurement* row : rows) {
                const double deviation = row->duration_ns / mean - 1;
                spread.squares += deviation * deviation;
                spread.deviations.push_back({row, deviation});
            }
            spread.freedom += static_cast<double>(rows.size() - 1);
        }
        return spread;
    }

    void fit(const ActivityRow& activity) {
        Spread spread = spread_of(activity.activity, false);
        const bool of_blocks = spread.freedom == 0;
        if (of_blocks) spread = spread_of(activity.activity, true);
        if (spread.freedom == 0) return note_misfit(activity);
        const double variance = spread.variance();
        if (std::sqrt(variance) < kNoSpread) return;
        const std::optional<RowDrift> drift =
            is_command(activity) ? drift_among(spread) : std::nullopt;
        const double lasting = drift ? drift->share : 0;
        if (drift) set_drift(activity, std::sqrt(lasting * variance), *drift);
        const double layers = of_blocks ? layers_in(spread) : 1;
        node().noise.cv[index_of(activity.activity)] = std::sqrt((1 - lasting) * variance * layers);
        origin(text("noise.{}_cv", activity.name),
               text("fitted: spread of repeated samples (same label, same features){}",
                    of_blocks ? ", of blocks: as if of as many equal layers" : ""));
    }

    static double layers_in(const Spread& spread) {
        double layers = 0;
        for (const Deviation& each : spread.deviations)
            layers += static_cast<double>(draws_in(*each.row));
        return layers / static_cast<double>(spread.deviations.size());
    }

    std::optional<RowDrift> drift_among(const Spread& spread) {
        const bool ordered = std::ranges::all_of(
            spread.deviations, [](const Deviation& each) { return each.row->run > 0; });
        untold_ = untold_ || !ordered;
        return ordered ? drift_of_rows(measurements_, spread.deviations) : std::nullopt;
    }

    void set_drift(const ActivityRow& activity, double cv, const RowDrift& drift) {
        if (!node().noise.drift) node().noise.drift.emplace();
        node().noise.drift->cv[index_of(activity.activity)] = cv;
        origin(text("noise.drift.{}_cv", activity.name),
               "fitted: autocorrelation of the rows of one run");
        // One time holds for all: the longest.
        longest_told_ = std::max(longest_told_, drift.correlation_ns);
    }
    void settle_correlation() {
        node().noise.drift->correlation =
            std::max(kShortestDrift, to_duration(std::min(longest_told_, 1e12)));
        origin("noise.drift.correlation_ns",
               "fitted: autocorrelation of the rows of one run, the longest of all activities");
    }

    // Layers or blocks with one sample each: what the line misses of them is what it does not know
    // of them, and is the same in every run.
    void note_misfit(const ActivityRow& activity) {
        double worst = 0;
        for (const auto& [key, line] : lines_.lines())
            if (key.activity == activity.activity)
                worst = std::max(worst, line.regression.residual_cv);
        if (worst < kNoSpread) return;
        fitted_.notes.push_back(
            text("noise.{}_cv: 0, since nothing was measured twice; what lines miss of single rows "
                 "(up to {}%) is in `fit`, and is no noise",
                 activity.name, std::llround(100 * worst)));
    }

    const Measurements& measurements_;
    const FittedLines& lines_;
    FittedDevice& fitted_;
    double longest_told_ = 0;
    bool untold_ = false;
};

}  // namespace

void fit_noise(const Measurements& measurements, const FittedLines& lines, FittedDevice& fitted) {
    NoiseFitter(measurements, lines, fitted).fit();
}

}  // namespace swaplab
