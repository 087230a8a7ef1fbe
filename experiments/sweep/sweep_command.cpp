#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <thread>

#include "experiments/output/output_file.h"
#include "experiments/request/experiment_file.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/interrupt.h"
#include "experiments/shell/progress.h"
#include "experiments/shell/outputs.h"
#include "experiments/shell/values.h"
#include "experiments/sweep/estimate.h"
#include "experiments/sweep/merge.h"
#include "experiments/sweep/selection.h"
#include "experiments/sweep/status.h"
#include "experiments/text/figures.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

struct Options {
    std::string experiment, folder, points, csv;
    bool clean = false;
    std::optional<int> threads;
    Shard shard;
    bool retry_failed = false;
    bool dry_run = false;
};

Shard parse_shard(const std::string& given) {
    Shard shard{0, 0};
    const char* const end = given.data() + given.size();
    const auto number = std::from_chars(given.data(), end, shard.number);
    if (number.ec == std::errc() && number.ptr != end && *number.ptr == '/') {
        const auto of = std::from_chars(number.ptr + 1, end, shard.of);
        const bool whole = of.ec == std::errc() && of.ptr == end;
        if (whole && shard.number >= 1 && shard.number <= shard.of) return shard;
    }
    throw InputError(
        text("--shard: expected K/N, from 1/N to N/N, such as 2/3, found '{}'", given));
}

constexpr CommandText kText{
    "sweep", "every point of an experiment, resumable",
    "EXPERIMENT.yaml -o DIR [--jobs N] [--shard K/N]",
    "Simulates what the file multiplies out: models, devices, modes, workloads, dispatchers, "
    "policies, budgets, seeds and replications. A point that is recorded in DIR is whole, and is "
    "not run again: whatever ended a sweep (Ctrl-C, a full disk, kill -9), the same command goes "
    "on with it. Points that fail are kept with their reason. `swaplab merge` makes a table of "
    "DIR, which is the same bytes for any number of threads, shards and interruptions.",
    "swaplab sweep experiments/study.yaml -o study/ --csv study.csv\n"
    "swaplab sweep experiments/study.yaml -o study/ --dry-run\n"
    "swaplab sweep experiments/study.yaml -o first/ --shard 1/3 --jobs 4"};

void declare(Flags& flags, Options& options) {
    constexpr FlagGroup how = FlagGroup::how;
    flags.argument("experiment", into(options.experiment));
    flags.once(FlagGroup::output, "-o,--output", "DIR", "the folder of the study",
               into(options.folder));
    flags.once(FlagGroup::output, "--csv", "FILE",
               "the table, too, as `swaplab merge` makes it of DIR", into(options.csv));
    declare_clean(flags, options.clean);
    flags.once(how, "--jobs", "N", "threads (default: as many as there are cores)",
               into(options.threads, [](const std::string& given) {
                   return static_cast<int>(parse_whole("--jobs", 1, given, 1024));
               }));
    flags.once(how, "--shard", "K/N", "the K-th of N parts only, so that N machines share the work",
               into(options.shard, parse_shard));
    flags.once(how, "--points", "FILE",
               "only the points that this CSV lists, by the columns of a merged table that tell "
               "points (point, or policy and budget, ...)",
               into(options.points));
    flags.on(how, "--retry-failed", "run the points that failed once more", options.retry_failed);
    flags.on(how, "--dry-run", "only say how many points there are and about how long they take",
             options.dry_run);
}

int threads_of(const Options& options) {
    return options.threads.value_or(
        std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
}

// What has been asked for of a study: a shard, of which a list selects.
class Request {
  public:
    Request(const Options& options, const StudyPoints& points) : points_(points) {
        if (!options.points.empty()) selection_ = PointSelection(options.points, points);
        for (std::size_t cell = 0; cell < points.cells().size(); ++cell)
            if (options.shard.has(cell)) cells_.push_back(cell);
    }

    void each_id(const StudyFolder::AddId& add) const {
        for (const std::size_t cell : cells_)
            for (std::size_t draw = 0; draw < points_.draws(); ++draw)
                if (selection_.has(points_, cell, draw))
                    add(points_.id(points_.cells()[cell], draw));
    }

    // Counts what there is.
    std::vector<SweepTask> left(const PointStates& known, bool retry_failed,
                                SweepCounts& counts) const {
        const auto wanted = [&](std::size_t cell, std::size_t draw) {
            return selection_.has(points_, cell, draw);
        };
        return tasks_left(points_, cells_, wanted, known, retry_failed, counts);
    }

  private:
    const StudyPoints& points_;
    PointSelection selection_;
    std::vector<std::size_t> cells_;
};

std::string seconds(double s) {
    if (s < 120) return text("{:.1f} s", s);
    return s < 7200 ? text("{:.0f} min", s / 60) : text("{:.1f} h", s / 3600);
}

int say_how_long(const Options& options, const StudyPoints& points, const Console& console) {
    std::error_code ignored;
    const bool begun = std::filesystem::is_directory(options.folder, ignored);
    const PointStates known =
        begun ? StudyFolder::existing(options.folder).states() : PointStates();
    SweepCounts counts;
    const std::vector<SweepTask> tasks =
        Request(options, points).left(known, options.retry_failed, counts);
    const SweepEstimate about = estimate(points, tasks, simulated_testbed());
    console.out << text("{}, {} recorded already, {} to run", plural(counts.points, "point"),
                        counts.before, counts.points - counts.before);
    if (about.tried > 0)
        console.out << text(": about {} on {} (from {} that were run)",
                            seconds(about.on_one_thread.count() / threads_of(options)),
                            plural(threads_of(options), "thread"), about.tried);
    console.out << '\n';
    return exit_ok;
}

// Records every point and tells how far that is.
class Recorder {
  public:
    Recorder(RecordWriter& writer, SweepCounts& counts, const Console& console)
        : writer_(writer), counts_(counts), progress_(console), begin_(Clock::now()) {}

    void operator()(const PointRecord& point) {
        writer_.append(point_text(point));
        ++counts_.recorded;
        counts_.took = Clock::now() - begin_;
        if (!progress_.due()) return;
        const std::int64_t done = counts_.before + counts_.recorded;
        const double rate = counts_.per_second();
        const auto left = static_cast<double>(counts_.points - done);
        progress_.say(text("sweeping: {} of {} points, {:.0f} points/s, {} left", done,
                           counts_.points, rate, seconds(left / rate)));
    }

  private:
    using Clock = std::chrono::steady_clock;
    RecordWriter& writer_;
    SweepCounts& counts_;
    Progress progress_;
    Clock::time_point begin_;
};

void sweep_into(RecordWriter& writer, const StudyPoints& points,
                const std::vector<SweepTask>& tasks, SweepCounts& counts, const Options& options,
                const Testbed& testbed, const Console& console) {
    if (writer.cut_off() > 0)
        console.note(text("{} bytes of a point that was not whole were cut off", writer.cut_off()));
    if (writer.empty()) writer.append(columns_text());
    Recorder recorder(writer, counts, console);
    try {
        run_tasks(points, tasks, threads_of(options), testbed, std::ref(recorder));
    } catch (const OutputError& error) {
        throw OutputError(
            text("{}; recorded until then: {}; once there is room, the same command goes on",
                 error.what(), plural(counts.recorded, "point")));
    }
    writer.sync();
}

int code_of(const StudyStatus& status) {
    if (status.ran > 0) return exit_ok;
    if (status.failed > 0) return exit_failed;
    return status.infeasible > 0 ? exit_infeasible : exit_ok;
}

void say_what_next(const StudyStatus& status, const SweepCounts& counts, const Options& options,
                   const Console& console) {
    if (console.quiet) return;
    console.err << text("swaplab: {} in {} ({:.0f} points/s on {})\n",
                        plural(counts.recorded, "new point"), seconds(counts.took.count()),
                        counts.per_second(), plural(threads_of(options), "thread"));
    if (status.failed > 0)
        console.note(text("{} failed: `swaplab status {}` says why, --retry-failed runs them again",
                          plural(status.failed, "point"), status.folder));
}

// Null if none was asked for.
std::unique_ptr<TableSink> open_table(const Options& options) {
    return options.csv.empty() ? nullptr : csv_table(options.csv);
}

void write_table(const StudyFolder& folder, const std::unique_ptr<TableSink>& table,
                 const Options& options, const Console& console) {
    if (table == nullptr) return;
    const std::string beside = std::filesystem::path(options.csv).parent_path().string();
    const MergeCounts counts = merge({folder}, beside, *table);
    table->finish();
    console.note(text("{}: {}", options.csv, plural(counts.rows, "row")));
}

void check_table(const Options& options, const Experiment& experiment, const Console& console) {
    std::vector<NamedFile> inputs = inputs_of(experiment);
    inputs.push_back({"the experiment", options.experiment});
    if (!options.points.empty()) inputs.push_back({"--points", options.points});
    check_outputs(console, inputs, {{"--csv", options.csv}}, options.clean);
    require_ending({"--csv", options.csv}, ".csv");
}

int run_sweep(const Options& options, const Console& console) {
    if (options.experiment.empty())
        throw InputError("which experiment? `swaplab sweep EXPERIMENT.yaml -o DIR`");
    if (options.folder.empty()) throw InputError("where to? -o DIR, a folder for the study");
    Experiment experiment = load_experiment(options.experiment);
    check_table(options, experiment, console);
    const StudyPoints points(std::move(experiment));
    if (options.dry_run) return say_how_long(options, points, console);
    const Request request(options, points);
    const StudyFolder folder = StudyFolder::made(options.folder);
    RecordWriter writer(folder.records_of(options.shard));
    const std::unique_ptr<TableSink> table = open_table(options);
    SweepCounts counts;
    const std::vector<SweepTask> tasks =
        request.left(folder.states(), options.retry_failed, counts);
    folder.write_points(options.shard, [&](const auto& add) { request.each_id(add); });
    Testbed testbed = simulated_testbed();
    testbed.stop = stop_on_interrupt();
    sweep_into(writer, points, tasks, counts, options, testbed, console);
    const StudyStatus status = status_of(folder);
    console.out << (console.json ? status_json(status) : status_report(status));
    say_what_next(status, counts, options, console);
    if (testbed.stopped()) return exit_interrupted;
    write_table(folder, table, options, console);
    return code_of(status);
}

}  // namespace

CliCommand sweep_command() { return {kText, declare, run_sweep}; }

}  // namespace swaplab
