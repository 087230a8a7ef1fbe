// The figures of a result as columns of a table, in base units (ns, bytes, J): one list for every
// table of results.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "policies/metrics/result.h"

namespace swaplab {

// Means over all jobs; nothing where none generates.
std::optional<Duration> first_token_of(const RunResult& result);
std::optional<Duration> next_token_of(const RunResult& result);

enum class ColumnType : std::uint8_t { integer, real, word };

struct MetricColumn {
    std::string name;
    ColumnType type;
    std::function<std::string(const RunResult&)> field;  // of a result that ran; may be empty
};

// Of time, memory, stalls and energy.
const std::vector<MetricColumn>& metric_columns();
// How the replications behind a result spread.
const std::vector<MetricColumn>& replication_columns();
// The peak by category, and how many blocks there are, of all models.
const std::vector<MetricColumn>& memory_columns();
// Waits and tails that comparisons leave out.
const std::vector<MetricColumn>& detail_columns();

}  // namespace swaplab
