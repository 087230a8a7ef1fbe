#include "profiles/fit/fit_effects.h"

#include <algorithm>
#include <cmath>

#include "profiles/base/text.h"
#include "profiles/fit/parallel_speed.h"
#include "profiles/fit/repeats.h"
#include "profiles/fit/rest_step.h"

namespace swaplab {
namespace {

// Linux since 5.14 lets a drive rest after 100 ms (nvme_core.apst_primary_timeout_ms).
constexpr Duration kUsualGap = nanoseconds(100'000'000);

// What two sums of durations are to each other: how long rows took, and should have taken.
struct Compared {
    double took = 0;
    double expected = 0;
    double rows = 0;

    void add(const Measurement& row, double prediction) {
        took += row.duration_ns;
        expected += prediction;
        ++rows;
    }
    bool usable() const { return took > 0 && expected > 0; }
};

class EffectFitter {
  public:
    EffectFitter(const Measurements& measurements, const std::string& own_mode,
                 const FittedLines& lines, FittedDevice& fitted)
        : measurements_(measurements), own_mode_(own_mode), lines_(lines), fitted_(fitted) {}

    void fit() {
        find_concurrency();
        find_contention();
        find_idleness();
        find_fresh_memory();
        find_scales();
        find_hand_off();
    }

  private:
    Node& node() { return fitted_.platform.nodes.front(); }
    Mode& mode_named(const std::string& name) {
        return *std::ranges::find(node().modes, name, &Mode::name);
    }
    void note(std::string_view message) { fitted_.notes.emplace_back(message); }
    // Where a figure of the device file is from.
    void origin(std::string of, std::string from) {
        fitted_.platform.provenance.coefficients[std::move(of)] = std::move(from);
    }
    bool own(const Measurement& row) const { return row.mode == own_mode_; }

    void find_concurrency() {
        std::map<std::int64_t, Compared> by_depth;
        for (const Measurement& row : measurements_.rows) {
            if (row.activity != Activity::read || row.depth <= 1 || row.beside || !own(row) ||
                row.state == MeasuredState::after_idle || row.state == MeasuredState::fresh)
                continue;
            by_depth[row.depth].add(row, lines_.expected(row));
        }
        std::vector<double>& speeds = node().read.concurrency;
        for (const auto& [depth, compared] : by_depth) {
            if (!compared.usable()) continue;
            const auto before = static_cast<std::int64_t>(speeds.size());
            const double from = speeds.back();
            const double to = speed_of_parallel(
                speeds, {depth, compared.rows, compared.expected,
                         compared.took * static_cast<double>(depth), node().read.cost.per_block});
            for (std::int64_t k = before + 1; k <= depth; ++k)
                speeds.push_back(from + (to - from) * static_cast<double>(k - before) /
                                            static_cast<double>(depth - before));
            if (depth > before + 1)
                note(text("read.concurrency: depths {} to {} are interpolated", before + 1,
                          depth - 1));
        }
        if (speeds.size() > 1)
            origin("read.concurrency",
                   "fitted: speed of parallel reads over the fit of single ones");
    }

    void find_contention() {
        std::map<std::pair<Activity, Activity>, Compared> pairs;
        for (const Measurement& row : measurements_.rows) {
            if (!row.beside || !own(row) || row.depth > 1) continue;
            Measurement by_itself = row;
            by_itself.beside.reset();
            if (alone(by_itself)) pairs[{row.activity, *row.beside}].add(row, lines_.expected(row));
        }
        for (const auto& [pair, compared] : pairs) {
            if (!compared.usable()) continue;
            const auto [stretched, running] = pair;
            node().contention[static_cast<std::size_t>(stretched)]
                             [static_cast<std::size_t>(running)] =
                contention_of(stretched, running, compared);
            origin(text("contention.{}.{}", name_of(stretched), name_of(running)),
                   "fitted: rows beside it over the fit of rows alone");
        }
    }

    // Nothing stretches the first byte of a read, nor does that stretch anything. Reads come before
    // what they stretch.
    double contention_of(Activity stretched, Activity running, const Compared& compared) const {
        const double plain = compared.took / compared.expected;
        const double first_bytes = compared.rows * reads_fitted().cost.per_block;
        if (stretched == Activity::read && first_bytes < std::min(compared.took, compared.expected))
            return (compared.took - first_bytes) / (compared.expected - first_bytes);
        if (running != Activity::read) return plain;
        const double behind = share_behind_first_bytes(stretched);
        const double factor = behind / (1 / plain - 1 + behind);
        return factor > 0 ? factor : plain;
    }
    // How much of their time reads beside an activity are behind their first bytes.
    double share_behind_first_bytes(Activity beside) const {
        const double first_byte = reads_fitted().cost.per_block;
        double work = 0;
        double first_bytes = 0;
        for (const Measurement& row : measurements_.rows) {
            if (row.activity != Activity::read || !own(row) || !alone(row)) continue;
            work += std::max(0.0, lines_.predict(row) - first_byte);
            first_bytes += first_byte;
        }
        if (work == 0) return 1;
        work *=
            fitted_.platform.nodes.front().contention[index_of(Activity::read)][index_of(beside)];
        return work / (work + first_bytes);
    }
    const ReadSpec& reads_fitted() const { return fitted_.platform.nodes.front().read; }

    // How much longer than by their lines the rows of a state took (>= 0), and their bytes.
    struct Excess {
        double ns = 0;
        double bytes = 0;
        std::int64_t rows = 0;
    };
    Excess excess_of(MeasuredState state, bool only_reads) const {
        Excess excess;
        for (const Measurement& row : measurements_.rows) {
            const bool counts = row.state == state && own(row) && !row.beside && row.depth <= 1 &&
                                row.activity != Activity::execute &&
                                (!only_reads || row.activity == Activity::read);
            if (!counts) continue;
            excess.ns += row.duration_ns - lines_.predict(row);
            excess.bytes += static_cast<double>(row.features.bytes.count);
            ++excess.rows;
        }
        excess.ns = std::max(0.0, excess.ns);
        return excess;
    }

    void find_idleness() {
        if (const auto rests = rests_told(); !rests.empty()) return find_idleness_among(rests);
        const Excess excess = excess_of(MeasuredState::after_idle, true);
        if (excess.rows == 0) return;
        const Duration gap = measurements_.after_idle_gap.value_or(kUsualGap);
        node().read.after_idle =
            AfterIdle{gap, to_duration(excess.ns / static_cast<double>(excess.rows))};
        if (!measurements_.after_idle_gap)
            note(
                "read.after_idle.gap_ns: assumed 100 ms; a line `# after_idle_gap_ns: N` says how "
                "long storage rested");
        origin("read.after_idle",
               text("fitted: {} reads after a rest over the fit of the others", excess.rows));
    }

    std::vector<Rest> rests_told() const {
        std::vector<Rest> rests;
        if (measurements_.after_idle_gap) return rests;
        for (const Measurement& row : measurements_.rows) {
            if (row.activity != Activity::read || row.state != MeasuredState::after_idle ||
                !row.gap_ns || row.beside || row.depth > 1 || !own(row))
                continue;
            const double expected = lines_.expected(row);
            const double weight = measurements_.relative_errors ? 1 / std::max(1.0, expected) : 1;
            rests.push_back({*row.gap_ns, row.duration_ns - expected, weight * weight});
        }
        return rests;
    }
    void find_idleness_among(const std::vector<Rest>& rests) {
        const std::optional<RestStep> step = rest_step(rests);
        if (!step) {
            note(
                text("read.after_idle: none; {} reads after rests of up to {} ns took no longer "
                     "than others",
                     rests.size(), std::ranges::max(rests, {}, &Rest::gap).gap));
            return;
        }
        node().read.after_idle = AfterIdle{to_duration(step->gap), to_duration(step->extra)};
        origin("read.after_idle",
               text("fitted: a step among {} reads after rests, of which {} lie beyond it",
                    rests.size(), step->rows));
    }

    void find_fresh_memory() {
        const Excess excess = excess_of(MeasuredState::fresh, false);
        if (excess.rows == 0 || excess.bytes == 0) return;
        node().memory.fresh_ns_per_byte = excess.ns / excess.bytes;
        origin("memory.fresh_ns_per_byte",
               text("fitted: {} first touches over the fit of the others", excess.rows));
    }

    void find_scales() {
        for (const auto& [activity, scale] : {std::pair{Activity::read, &Mode::read_scale},
                                              std::pair{Activity::copy, &Mode::copy_scale}}) {
            std::map<std::string, Compared> by_mode;
            for (const Measurement& row : measurements_.rows)
                if (row.activity == activity && !row.mode.empty() && !own(row) && alone(row))
                    by_mode[row.mode].add(row, lines_.predict(row));
            for (const auto& [mode, compared] : by_mode) {
                if (!compared.usable()) continue;
                mode_named(mode).*scale = compared.took / compared.expected;
                origin(text("modes.{}.{}_scale", mode, name_of(activity)),
                       "fitted: its rows over the fit of the device's own mode");
            }
        }
    }

    // Every lane waits so before every command: the mean over the activities that need a lane.
    void find_hand_off() {
        std::map<Activity, std::vector<double>> waits;
        for (const Measurement& row : measurements_.rows)
            if (row.hand_off_ns && own(row) && row.activity != Activity::release)
                waits[row.activity].push_back(*row.hand_off_ns);
        if (waits.empty()) return;
        double sum = 0;
        for (auto& [activity, ns] : waits) sum += mean_of(without_far_out(std::move(ns)));
        node().host_per_command = to_duration(sum / static_cast<double>(waits.size()));
        origin("host.ns_per_command",
               "fitted: from the end of what a command waited for to its start");
    }

    const Measurements& measurements_;
    const std::string& own_mode_;
    const FittedLines& lines_;
    FittedDevice& fitted_;
};

}  // namespace

void fit_effects(const Measurements& measurements, const std::string& own_mode,
                 const FittedLines& lines, FittedDevice& fitted) {
    EffectFitter(measurements, own_mode, lines, fitted).fit();
}

}  // namespace swaplab
