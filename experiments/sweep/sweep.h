// The sweep itself: threads that take cells, plan each once, and record its points one by one.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "experiments/sweep/folder.h"

namespace swaplab {

// Of one cell, what is still to be run of a group of draws.
struct SweepTask {
    const StudyCell* cell = nullptr;
    std::vector<std::size_t> draws;
    std::vector<std::int64_t> attempts;  // by draw, of the run to come
};

struct SweepCounts {
    std::int64_t points = 0;    // that were asked for
    std::int64_t before = 0;    // of these, that were there already
    std::int64_t recorded = 0;  // since then
    std::int64_t ran = 0;       // all with a result, those before included
    std::chrono::duration<double> took{};

    double per_second() const;
};

// The tasks that are left of these cells: those without a record, and with `retry_failed` those
// that failed. Counts the others.
using WantedPoint = std::function<bool(std::size_t cell, std::size_t draw)>;
std::vector<SweepTask> tasks_left(const StudyPoints& points, const std::vector<std::size_t>& cells,
                                  const WantedPoint& wanted, const PointStates& known,
                                  bool retry_failed, SweepCounts& counts);

using OnPoint = std::function<void(const PointRecord&)>;

// Runs the tasks on so many threads; `on_point` is called by one thread at a time, in no order that
// matters. Ends early where `testbed.stop` is set: then points that were under way are absent.
// Throws what `on_point` throws.
void run_tasks(const StudyPoints& points, const std::vector<SweepTask>& tasks, int threads,
               const Testbed& testbed, const OnPoint& on_point);

}  // namespace swaplab
