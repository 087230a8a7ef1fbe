// How far a study is.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/sweep/folder.h"

namespace swaplab {

struct StudyStatus {
    std::string folder;
    std::int64_t points = 0;      // of all shards that were begun
    std::int64_t ran = 0;         // with figures; a missed deadline is a result
    std::int64_t infeasible = 0;  // no plan within the budget: a result, too
    std::int64_t failed = 0;
    std::int64_t missing = 0;
    std::int64_t others = 0;  // recorded, but of an experiment as it was before: never merged
    std::vector<std::pair<std::string, std::int64_t>> failures;  // reasons, the most frequent first

    std::int64_t done() const { return ran + infeasible; }
};

// Throws `InputError` where no sweep has begun.
StudyStatus status_of(const StudyFolder& folder);

std::string status_report(const StudyStatus& status);
// `swaplab/status/1`.
std::string status_json(const StudyStatus& status);

}  // namespace swaplab
