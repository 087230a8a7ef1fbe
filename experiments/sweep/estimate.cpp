#include "experiments/sweep/estimate.h"

#include <exception>

#include "policies/run/prepared_run.h"

namespace swaplab {

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kMostTried = 64;
constexpr Seconds kPatience{1.0};

// What one cell took: its plan once, its run for every draw, and so the reference of its scenario.
struct Sample {
    Seconds plan{}, run{}, reference{};
};

Sample try_cell(const StudyPoints& points, const SweepTask& task, const Testbed& testbed) {
    const StudyCell& cell = *task.cell;
    const std::optional<NoiseKey> noise = points.noise_of(task.draws.front());
    const auto begin = Clock::now();
    const PreparedRun prepared(request_of(points.scenario_of(cell), testbed, cell.cell->bytes),
                               *cell.cell->system->policy);
    const auto planned = Clock::now();
    RunRequest direct = request_of(points.scenario_of(cell), testbed, {});
    direct.noise = noise;
    const FullMemory reference = run_in_full_memory(direct);
    const auto referred = Clock::now();
    prepared.run(noise, &reference);
    return {planned - begin, Clock::now() - referred, referred - planned};
}

}  // namespace

SweepEstimate estimate(const StudyPoints& points, const std::vector<SweepTask>& tasks,
                       const Testbed& testbed) {
    SweepEstimate estimate;
    Sample sum;
    const auto begin = Clock::now();
    const std::size_t step = tasks.size() / kMostTried + 1;
    for (std::size_t i = step / 2; i < tasks.size() && Clock::now() - begin < kPatience;
         i += step) {
        if (tasks[i].cell->cell == nullptr) continue;
        try {
            const Sample sample = try_cell(points, tasks[i], testbed);
            sum = {sum.plan + sample.plan, sum.run + sample.run, sum.reference + sample.reference};
            ++estimate.tried;
        } catch (const std::exception&) {  // a point that fails takes no time
            ++estimate.tried;
        }
    }
    if (estimate.tried == 0) return estimate;
    double left = 0;
    for (const SweepTask& task : tasks) left += static_cast<double>(task.draws.size());
    const auto references = static_cast<double>(points.scenarios().size() * points.draws());
    estimate.on_one_thread = (sum.plan * static_cast<double>(tasks.size()) + sum.run * left +
                              sum.reference * references) /
                             static_cast<double>(estimate.tried);
    return estimate;
}

}  // namespace swaplab
