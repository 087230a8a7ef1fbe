// What is measured by which schedule.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiments/measure/schedules.h"

namespace swaplab {

// A schedule by name, what lines (coverage.h) must be known well before it is left out, and how it
// is made for a round.
struct Part {
    std::string name;
    std::vector<std::string> lines;
    std::function<BenchRun(std::int64_t round)> make;
    // Which of its rows are kept; null: all.
    std::function<bool(const Measurement&)> keeps = nullptr;
    bool optional = false;  // not every device offers it
    bool given_up = false;
};

// What was not measured, and why.
struct NotMeasured {
    std::string what, why;
};

struct Parts {
    std::vector<Part> parts;  // in the order in which a round plays them
    std::vector<NotMeasured> missing;
};

// Borrows the model of the setup and the rows, in which later parts find how long things take.
Parts make_parts(const ScheduleSetup& setup, ComputeKind compute,
                 const std::vector<Measurement>& rows);

}  // namespace swaplab
