#include "experiments/profiling/profiler.h"

#include <algorithm>
#include <map>

#include "experiments/profiling/cuts.h"
#include "experiments/profiling/schedules.h"
#include "profiles/error.h"
#include "profiles/quantity.h"
#include "profiles/repeats.h"
#include "profiles/text.h"

namespace swaplab {

namespace {

constexpr std::int64_t kFewestRounds = 3;
constexpr std::uint32_t kMostParallel = 4;
constexpr std::int64_t kWarmRepetitions = 3;

const std::vector<Duration> kRests{nanoseconds(300'000), nanoseconds(1'000'000),
                                   nanoseconds(5'000'000), nanoseconds(20'000'000),
                                   nanoseconds(100'000'000)};

// A schedule by name, what lines it measures, and how it is made for a round.
struct Part {
    std::string name;
    std::vector<std::string> lines;
    std::function<BenchRun(std::int64_t round)> make;
    // Which of its rows are kept; null: all.
    std::function<bool(const Measurement&)> keeps = nullptr;
    bool given_up = false;
};

// Means of labelled rows; for blocks that were not measured, by the rate of those that were.
class Known {
  public:
    Known(const Model& model, const std::vector<Measurement>& rows) : model_(&model) {
        std::map<std::string, std::vector<double>> reads, executions;
        for (const Measurement& row : rows) {
            if (row.beside || row.depth > 1) continue;
            if (row.activity == Activity::read) reads[row.label].push_back(row.duration_ns);
            if (row.activity == Activity::execute) executions[row.label].push_back(row.duration_ns);
        }
        for (auto& [label, ns] : reads) read_[label] = mean_of(without_far_out(std::move(ns)));
        for (auto& [label, ns] : executions)
            execute_[label] = mean_of(without_far_out(std::move(ns)));
    }

    // Sums over the units of a block.
    double read_ns(LayerRange block) const { return sum(block, read_); }
    double execute_ns(LayerRange block) const { return sum(block, execute_); }

  private:
    double sum(LayerRange block, const std::map<std::string, double>& means) const {
        if (const auto found = means.find(label_of(*model_, block)); found != means.end())
            return found->second;
        double total = 0;
        for (const LayerRange& unit : model_->units()) {
            if (unit.first < block.first || unit.last > block.last) continue;
            const auto found = means.find(label_of(*model_, unit));
            if (found != means.end()) total += found->second;
        }
        return total;
    }

    const Model* model_;
    std::map<std::string, double> read_, execute_;
};

class Profiler {
  public:
    Profiler(const ModelPtr& model, const Platform& platform, const DeviceFactory& device,
             const ProfileOptions& options)
        : model_(*model),
          options_(options),
          setup_{model_, options.memory, platform.nodes.front().memory.alignment},
          bench_(model, platform, device, options.request_bytes, options.noise) {
        const Node& node = platform.nodes.front();
        profile_.measurements.compute = node.compute;
        profile_.measurements.capacity = node.memory.capacity;
        profile_.measurements.unified = node.memory.unified;
        profile_.measurements.alignment = node.memory.alignment;
        profile_.measurements.cores = node.host_cores;
        profile_.measurements.relative_errors = true;
    }

    Profile run() {
        require_room();
        make_parts();
        warm_up();
        while (!done()) play_round();
        finish();
        return std::move(profile_);
    }

  private:
    std::vector<Measurement>& rows() { return profile_.measurements.rows; }
    void tell(const std::string& what) const {
        if (options_.tell) options_.tell(what);
    }
    void miss(std::string what, std::string why) {
        profile_.missing.push_back({std::move(what), std::move(why)});
    }

    void require_room() const {
        for (const LayerRange& unit : model_.units()) {
            const Bytes size = held_bytes(model_, unit, setup_.alignment);
            if (size <= options_.memory) continue;
            throw InputError(
                text("{} of memory do not hold {} of {}, which needs {}: give more "
                     "with -b",
                     format_bytes(options_.memory), label_of(model_, unit), model_.name(),
                     format_bytes(size)));
        }
    }

    Bytes whole_model() const { return held_bytes(model_, {0, model_.size()}, setup_.alignment); }

    // Units alone; blocks of different sizes in turn; then what happens together.
    void make_parts() {
        const auto units = [this] { return unit_blocks(model_); };
        parts_.push_back({"layers", {"execute", "assemble", "release"}, [=, this](std::int64_t) {
                              return one_by_one(setup_, units());
                          }});
        parts_.push_back({"reads of layers", {"read"}, [=, this](std::int64_t r) {
                              return back_to_back(setup_, units(), 1, r);
                          }});
        parts_.push_back({"blocks", {"execute", "assemble", "release"}, [this](std::int64_t r) {
                              return one_by_one(setup_, cut_in_turn(r));
                          }});
        parts_.push_back({"reads of blocks", {"read"}, [this](std::int64_t r) {
                              return back_to_back(setup_, cut_in_turn(r), 1, r);
                          }});
        add_whole_model();
        add_together();
        add_rests();
        add_paths();
    }

    std::vector<Block> cut_in_turn(std::int64_t round) const {
        constexpr std::int64_t sizes = 4;  // 1/2 to 1/16 of the memory
        const std::int64_t turn = std::max<std::int64_t>(0, round - 1) % sizes;
        return cut_of(model_, Bytes{options_.memory.count >> (1 + turn)}, setup_.alignment);
    }

    // What a path holds twice or more: blocks of at most a quarter of the memory; units every other
    // round.
    std::vector<Block> copied_cut(std::int64_t round) const {
        if (round % 2 == 1) return unit_blocks(model_);
        return cut_of(model_, Bytes{options_.memory.count / 4}, setup_.alignment);
    }

    void add_whole_model() {
        if (whole_model() > options_.memory) {
            const std::string why =
                text("the model takes {} of {} of memory", format_bytes(whole_model()),
                     format_bytes(options_.memory));
            miss("the whole model as one block (an anchor)", why);
            miss("execute warm", why);
            return;
        }
        parts_.push_back({"whole model", {"execute"}, [this](std::int64_t) {
                              return one_by_one(setup_, whole(model_));
                          }});
        parts_.push_back({"warm", {"execute warm"}, [this](std::int64_t) {
                              return warm(setup_, kWarmRepetitions);
                          }});
    }

    void add_together() {
        const auto known = [this] {
            const auto means = std::make_shared<const Known>(model_, rows());
            return Estimates{[means](LayerRange b) { return means->read_ns(b); },
                             [means](LayerRange b) { return means->execute_ns(b); }};
        };
        const auto beside = [](const Measurement& row) { return row.beside.has_value(); };
        parts_.push_back(
            {"execution beside reads",
             {"execute beside read"},
             [=, this](std::int64_t r) { return execute_beside_read(setup_, known(), r); },
             beside});
        parts_.push_back(
            {"reads beside execution",
             {"read beside execute"},
             [=, this](std::int64_t r) { return read_beside_execute(setup_, known(), r); },
             beside});
        for (std::uint32_t k = 2; k <= kMostParallel; ++k)
            parts_.push_back(
                {text("{} reads at once", k),
                 {text("read, {} at once", k)},
                 [=, this](std::int64_t r) {
                     return back_to_back(setup_, unit_blocks(model_), k, r);
                 },
                 [k](const Measurement& row) { return row.depth == k && !row.beside; }});
    }

    void add_rests() {
        parts_.push_back(
            {"reads after rests",
             {"read after a rest"},
             [this](std::int64_t) { return after_rests(setup_, kRests); },
             [](const Measurement& row) { return row.activity == Activity::read && !row.beside; }});
    }

    void add_paths() {
        const ComputeKind compute = bench_.platform().nodes.front().compute;
        for (const auto& [path, line] :
             {std::pair{SwapPath::staged, "copy"}, std::pair{SwapPath::standard, "instantiate"}})
            parts_.push_back({text("swap path {}", name_of(path)),
                              {line},
                              [=, this](std::int64_t r) {
                                  return by_path(setup_, copied_cut(r), path, compute);
                              },
                              [path](const Measurement& row) {
                                  if (row.beside) return false;
                                  return path == SwapPath::staged
                                             ? row.activity == Activity::copy
                                             : row.activity == Activity::assemble;
                              }});
    }

    // Plays every part once; nothing of it is kept.
    void warm_up() {
        tell(text("measuring {} for {} at most", model_.name(),
                  format_duration(options_.time_limit)));
        for (Part& part : parts_) {
            play(part, 0);
            if (time_left() <= Duration::zero()) break;
        }
        const Duration round = options_.elapsed();
        tell(text("a round takes about {}; at least {} rounds, {} at most", format_duration(round),
                  kFewestRounds,
                  round > Duration::zero() ? options_.time_limit / round : kFewestRounds));
        rows().clear();
    }

    Duration time_left() const { return options_.time_limit - options_.elapsed(); }
    bool done() const {
        if (profile_.reached) return true;
        return profile_.rounds > 0 && time_left() <= Duration::zero();
    }

    void play_round() {
        const std::int64_t round = profile_.rounds + 1;
        for (Part& part : parts_) {
            const bool enough = round > kFewestRounds && known_well(part);
            if (!part.given_up && !enough) play(part, round);
            if (round > 1 && time_left() <= Duration::zero()) break;
        }
        profile_.rounds = round;
        lines_ = coverage_of(rows());
        profile_.reached =
            round >= kFewestRounds &&
            std::ranges::all_of(parts_, [&](const Part& p) { return p.given_up || known_well(p); });
        tell_progress();
    }

    void play(Part& part, std::int64_t round) {
        if (part.given_up) return;
        try {
            const BenchRun run = part.make(round);
            if (run.script.empty()) return give_up(part, "memory does not hold both");
            for (Measurement& row : bench_.play(run, round)) {
                if (part.keeps && !part.keeps(row)) continue;
                if (part.lines.front() == "instantiate" && !only_more(row)) continue;
                rows().push_back(std::move(row));
            }
        } catch (const UnsupportedError& error) {
            give_up(part, error.what());
        }
    }
    void give_up(Part& part, std::string why) {
        part.given_up = true;
        miss(part.lines.front(), std::move(why));
    }

    // Turns an assembly on the standard path into what it takes more than the assembly alone.
    bool only_more(Measurement& row) {
        std::vector<double> alone;
        for (const Measurement& other : rows())
            if (other.activity == Activity::assemble && other.label == row.label && !other.beside)
                alone.push_back(other.duration_ns);
        if (alone.empty()) return false;
        row.duration_ns =
            std::max(0.0, row.duration_ns - mean_of(without_far_out(std::move(alone))));
        row.activity = Activity::instantiate;
        row.hand_off_ns.reset();
        return true;
    }

    const LineCoverage* line_named(const std::string& name) const {
        const auto found = std::ranges::find(lines_, name, &LineCoverage::line);
        return found == lines_.end() ? nullptr : &*found;
    }
    // All its lines are; one that has hardly a row after many rounds will not get more.
    bool known_well(const Part& part) const {
        const bool many = profile_.rounds >= 3 * kFewestRounds;
        return std::ranges::all_of(part.lines, [&](const std::string& name) {
            const LineCoverage* line = line_named(name);
            if (line == nullptr || !line->weighed) return many;
            return *line->weighed <= options_.error;
        });
    }

    void tell_progress() const {
        const LineCoverage* worst = nullptr;
        for (const LineCoverage& line : lines_)
            if (line.weighed && (worst == nullptr || *line.weighed > *worst->weighed))
                worst = &line;
        tell(text("round {}: {} samples, {}{}", profile_.rounds, profile_.measurements.rows.size(),
                  format_duration(options_.elapsed()),
                  worst == nullptr
                      ? ""
                      : text(", largest error {:.1f} % ({})", 100 * *worst->weighed, worst->line)));
    }

    void finish() {
        for (const Part& part : parts_)
            for (const std::string& name : part.lines)
                if (!part.given_up && line_named(name) == nullptr)
                    miss(name, "no span was alone, or beside the other all along");
        miss("memory, first touch", "no device offers it to schedules");
        profile_.lines = lines_;
        profile_.mixed = bench_.mixed();
        profile_.took = options_.elapsed();
        const auto& conditions = bench_.conditions();
        if (const auto storage = conditions.find("storage"); storage != conditions.end())
            profile_.measurements.conditions["storage"] = storage->second;
    }

    const Model& model_;
    const ProfileOptions& options_;
    ScheduleSetup setup_;
    Bench bench_;
    std::vector<Part> parts_;
    Profile profile_;
    std::vector<LineCoverage> lines_;
};

}  // namespace

Profile profile_model(const ModelPtr& model, const Platform& platform, const DeviceFactory& device,
                      const ProfileOptions& options) {
    return Profiler(model, platform, device, options).run();
}

}  // namespace swaplab
