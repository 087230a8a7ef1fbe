#include "experiments/measure/parts.h"

#include <algorithm>
#include <map>
#include <memory>

#include "experiments/measure/cuts.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/fit/repeats.h"

namespace swaplab {

namespace {

constexpr std::uint32_t kMostParallel = 4;
constexpr std::int64_t kWarmRepetitions = 3;

const std::vector<Duration> kRests{nanoseconds(300'000), nanoseconds(1'000'000),
                                   nanoseconds(5'000'000), nanoseconds(20'000'000),
                                   nanoseconds(100'000'000)};

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
    double read_ns(UnitRange block) const { return sum(block, read_); }
    double execute_ns(UnitRange block) const { return sum(block, execute_); }

  private:
    double sum(UnitRange block, const std::map<std::string, double>& means) const {
        if (const auto found = means.find(label_of(*model_, block)); found != means.end())
            return found->second;
        double total = 0;
        for (const UnitRange& unit : model_->finest_blocks()) {
            if (unit.first < block.first || unit.last > block.last) continue;
            const auto found = means.find(label_of(*model_, unit));
            if (found != means.end()) total += found->second;
        }
        return total;
    }

    const Model* model_;
    std::map<std::string, double> read_, execute_;
};

// Blocks of 1/2 to 1/16 of the memory, in turn.
std::vector<Block> cut_in_turn(const ScheduleSetup& setup, std::int64_t round) {
    constexpr std::int64_t sizes = 4;
    const std::int64_t turn = std::max<std::int64_t>(0, round - 1) % sizes;
    return cut_of(setup.model, Bytes{setup.memory.count >> (1 + turn)}, setup.alignment);
}

// What a path holds twice or more: blocks of at most a quarter of the memory; units every other
// round.
std::vector<Block> copied_cut(const ScheduleSetup& setup, std::int64_t round) {
    if (round % 2 == 1) return finest_blocks(setup.model);
    return cut_of(setup.model, Bytes{setup.memory.count / 4}, setup.alignment);
}

// Units alone, and blocks of different sizes.
void add_alone(const ScheduleSetup& setup, std::vector<Part>& parts) {
    const std::vector<std::string> lines{"execute", "assemble", "release"};
    parts.push_back({"layers", lines,
                     [=](std::int64_t) { return one_by_one(setup, finest_blocks(setup.model)); }});
    parts.push_back({"reads of layers", {"read"}, [=](std::int64_t r) {
                         return back_to_back(setup, finest_blocks(setup.model), 1, r);
                     }});
    parts.push_back({"blocks", lines,
                     [=](std::int64_t r) { return one_by_one(setup, cut_in_turn(setup, r)); }});
    parts.push_back({"reads of blocks", {"read"}, [=](std::int64_t r) {
                         return back_to_back(setup, cut_in_turn(setup, r), 1, r);
                     }});
}

void add_whole_model(const ScheduleSetup& setup, Parts& made) {
    const Bytes size = held_bytes(setup.model, setup.model.whole(), setup.alignment);
    if (size > setup.memory) {
        const std::string why = text("the model takes {} of {} of memory", format_bytes(size),
                                     format_bytes(setup.memory));
        made.missing.push_back({"the whole model as one block (an anchor)", why});
        made.missing.push_back({"execute warm", why});
        return;
    }
    made.parts.push_back({"whole model", {"execute"}, [=](std::int64_t) {
                              return one_by_one(setup, whole(setup.model));
                          }});
    // For comparison only: no line of a device needs it, so it decides nothing.
    made.parts.push_back({"warm", {}, [=](std::int64_t) { return warm(setup, kWarmRepetitions); }});
}

void add_beside(const ScheduleSetup& setup, const std::vector<Measurement>& rows,
                std::vector<Part>& parts) {
    const auto known = [setup, &rows] {
        const auto means = std::make_shared<const Known>(setup.model, rows);
        return Estimates{[means](UnitRange b) { return means->read_ns(b); },
                         [means](UnitRange b) { return means->execute_ns(b); }};
    };
    const auto beside = [](const Measurement& row) { return row.beside.has_value(); };
    parts.push_back({"execution beside reads",
                     {"execute beside read"},
                     [=](std::int64_t r) { return execute_beside_read(setup, known(), r); },
                     beside});
    parts.push_back({"reads beside execution",
                     {"read beside execute"},
                     [=](std::int64_t r) { return read_beside_execute(setup, known(), r); },
                     beside});
}

void add_parallel_reads(const ScheduleSetup& setup, std::vector<Part>& parts) {
    for (std::uint32_t k = 2; k <= kMostParallel; ++k)
        parts.push_back(
            {text("{} reads at once", k),
             {text("read, {} at once", k)},
             [=](std::int64_t r) { return back_to_back(setup, finest_blocks(setup.model), k, r); },
             [k](const Measurement& row) { return row.depth == k && !row.beside; }});
}

void add_rests(const ScheduleSetup& setup, std::vector<Part>& parts) {
    parts.push_back(
        {"reads after rests",
         {"read after a rest"},
         [=](std::int64_t) { return after_rests(setup, kRests); },
         [](const Measurement& row) { return row.activity == Activity::read && !row.beside; }});
}

void add_path(const ScheduleSetup& setup, ComputeKind compute, SwapPath path,
              const std::string& line, Activity kept, std::vector<Part>& parts) {
    parts.push_back(
        {text("swap path {}", name_of(path)),
         {line},
         [=](std::int64_t r) { return by_path(setup, copied_cut(setup, r), path, compute); },
         [=](const Measurement& row) { return row.activity == kept && !row.beside; },
         true});
}

}  // namespace

Parts make_parts(const ScheduleSetup& setup, ComputeKind compute,
                 const std::vector<Measurement>& rows) {
    Parts made;
    add_alone(setup, made.parts);
    add_whole_model(setup, made);
    add_beside(setup, rows, made.parts);
    add_parallel_reads(setup, made.parts);
    add_rests(setup, made.parts);
    add_path(setup, compute, SwapPath::staged, "copy", Activity::copy, made.parts);
    add_path(setup, compute, SwapPath::standard, "instantiate", Activity::assemble, made.parts);
    return made;
}

}  // namespace swaplab
