#include "experiments/measure/profiler.h"

#include <algorithm>

#include "experiments/measure/cuts.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/fit/repeats.h"

namespace swaplab {

namespace {

constexpr std::int64_t kFewestRounds = 3;

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
        Parts made = make_parts(setup_, node.compute, rows());
        parts_ = std::move(made.parts);
        profile_.missing = std::move(made.missing);
    }

    Profile run() {
        require_room();
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
        for (const UnitRange& unit : model_.finest_blocks()) {
            const Bytes size = held_bytes(model_, unit, setup_.alignment);
            if (size <= options_.memory) continue;
            throw InputError(
                text("{} of memory do not hold {} of {}, which needs {}: give more "
                     "with -b",
                     format_bytes(options_.memory), label_of(model_, unit), model_.name(),
                     format_bytes(size)));
        }
    }

    // Libraries are loaded and pages are faulted in once; nothing of it is kept.
    void warm_up() {
        tell(text("measuring {} for {} at most", model_.name(),
                  format_duration(options_.time_limit)));
        play(parts_.front(), 0);
        rows().clear();
        // Most parts bring in the whole model once, as the first does.
        const Duration round = options_.elapsed() * std::ssize(parts_);
        tell(text("a round takes about {}, the least are {} rounds", format_duration(round),
                  kFewestRounds));
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
                if (part.lines == std::vector<std::string>{"instantiate"} && !only_more(row))
                    continue;
                rows().push_back(std::move(row));
            }
        } catch (const UnsupportedError& error) {
            if (!part.optional) throw;
            give_up(part, error.what());
        }
    }
    void give_up(Part& part, std::string why) {
        part.given_up = true;
        miss(part.name, std::move(why));
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
        if (!options_.fresh)
            miss("memory, first touch", "this device has none");
        else
            for (Measurement& row : options_.fresh()) rows().push_back(std::move(row));
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
