#include "experiments/request/traces.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "profiles/base/error.h"
#include "profiles/base/hash.h"
#include "profiles/base/reading.h"
#include "profiles/base/text.h"
#include "profiles/document/csv.h"
#include "profiles/model/model.h"

namespace swaplab {

namespace {

// `time_ns` and a column of what holds from then on, which `read` takes from its cell.
template <class Change, class Read>
std::vector<Change> load_changes(const std::string& path, std::string_view column, Read read) {
    const Csv csv = load_csv(path);
    CsvColumns columns(csv);
    const std::size_t time = columns.required("time_ns");
    const std::size_t value = columns.required(column);
    columns.finish();
    std::vector<Change> changes;
    for (const CsvRow& row : csv.rows) {
        const Time at = at_ns(csv.cell(row, time).as_count());
        if (!changes.empty() && at <= changes.back().at)
            csv.cell(row, time).fail(text("expected more than {}, found {}: the trace is sorted",
                                          count_ns(changes.back().at), count_ns(at)));
        changes.push_back({at, read(csv.cell(row, value))});
    }
    if (changes.empty()) throw InputError(text("{}: expected at least one change", csv.file));
    return changes;
}

}  // namespace

std::vector<BudgetChange> load_budget_trace(const std::string& path) {
    return load_changes<BudgetChange>(path, "budget_bytes", [](const CsvCell& cell) {
        const Bytes budget{cell.as_positive()};
        if (budget.count > kMostInTotal) cell.fail_expecting("at most 2^60 bytes");
        return budget;
    });
}

std::vector<ModeChange> load_mode_trace(const std::string& path, const Platform& platform) {
    return load_changes<ModeChange>(path, "mode", [&](const CsvCell& cell) {
        for (const Node& node : platform.nodes) {
            if (cell.empty() || node.mode_named(cell.str()) != nullptr) continue;
            std::vector<std::string> modes;
            for (const Mode& mode : node.modes) modes.push_back(mode.name);
            cell.fail(text("device '{}' has no mode '{}'{}", platform.name, cell.str(),
                           modes.empty() ? " (it has no modes)" : suggestion(cell.str(), modes)));
        }
        return std::string(cell.str());
    });
}

std::string file_digest(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw InputError(text("cannot read '{}': {}", path, std::strerror(errno)));
    return hex_digest(reading(
        file, path, [&] { return std::string(std::istreambuf_iterator<char>(file), {}); }));
}

}  // namespace swaplab
