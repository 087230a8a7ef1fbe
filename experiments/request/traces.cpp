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

// What each model is called in a file: its name, numbered where several have it.
std::vector<std::string> labels_of(const std::vector<ModelChoice>& models) {
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < models.size(); ++i) {
        const std::string& name = models[i].model->name();
        const auto same = [&](const ModelChoice& other) { return other.model->name() == name; };
        const auto here = models.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::count_if(models.begin(), models.end(), same) == 1)
            labels.push_back(name);
        else
            labels.push_back(text("{}#{}", name, std::count_if(models.begin(), here, same) + 1));
    }
    return labels;
}

std::size_t model_named(const CsvCell& cell, const std::vector<std::string>& labels) {
    const auto found = std::find(labels.begin(), labels.end(), cell.str());
    if (found == labels.end())
        cell.fail(text("expected one of the -m, found '{}'{}", cell.str(),
                       suggestion(cell.str(), labels)));
    return static_cast<std::size_t>(found - labels.begin());
}

// Leaves room for what happens afterwards.
constexpr std::int64_t kLatest = std::int64_t{1} << 61;

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

// A column of tokens: what is not said is the model's own, which is also the most.
std::int64_t read_tokens(const Csv& csv, const CsvRow& row, std::optional<std::size_t> column,
                         const char* option, const Model& model, std::int64_t most) {
    if (!column || csv.cell(row, *column).empty()) return most;
    const CsvCell cell = csv.cell(row, *column);
    if (model.spec().tokens == 0) cell.fail(text("{} generates no tokens", model.name()));
    const std::int64_t tokens = cell.as_positive();
    if (tokens > most)
        cell.fail(text("expected at most {}, which plans are made for (of {}, {}), found {}", most,
                       model.name(), option, tokens));
    return tokens;
}

TokenCounts most_tokens(const Model& model) {
    return {model.described_tokens(), std::max<std::int64_t>(1, model.spec().tokens)};
}

// Requests that are all as their model has them are no others.
void forget_plain_tokens(std::vector<ListedRequests>& listed,
                         const std::vector<ModelChoice>& models) {
    for (std::size_t i = 0; i < listed.size(); ++i)
        if (std::ranges::count(listed[i].tokens, most_tokens(*models[i].model)) ==
            std::ssize(listed[i].tokens))
            listed[i].tokens.clear();
}

}  // namespace

std::vector<ListedRequests> load_arrivals(const std::string& path,
                                          const std::vector<ModelChoice>& models) {
    const Csv csv = load_csv(path);
    CsvColumns columns(csv);
    const std::size_t model = columns.required("model");
    const std::size_t arrival = columns.required("arrival_ns");
    const std::optional<std::size_t> deadline = columns.optional("deadline_ns");
    const std::optional<std::size_t> prompt = columns.optional("prompt_tokens");
    const std::optional<std::size_t> output = columns.optional("output_tokens");
    columns.finish();
    const std::vector<std::string> labels = labels_of(models);
    std::vector<ListedRequests> listed(models.size());
    std::int64_t before = 0;
    for (const CsvRow& row : csv.rows) {
        const std::size_t number = model_named(csv.cell(row, model), labels);
        const Model& of = *models[number].model;
        ListedRequests& requests = listed[number];
        const std::int64_t at = csv.cell(row, arrival).as_count();
        if (at < before)
            csv.cell(row, arrival)
                .fail(text("expected {} or later, found {}: arrivals are sorted", before, at));
        if (at > kLatest) csv.cell(row, arrival).fail_expecting("at most 2^61 ns");
        before = at;
        requests.arrivals.push_back(at_ns(at));
        std::optional<Duration>& due = requests.deadlines.emplace_back();
        if (deadline && !csv.cell(row, *deadline).empty())
            due = nanoseconds(csv.cell(row, *deadline).as_positive());
        const TokenCounts most = most_tokens(of);
        requests.tokens.push_back({read_tokens(csv, row, prompt, "prompt=", of, most.prompt),
                                   read_tokens(csv, row, output, "tokens=", of, most.output)});
    }
    forget_plain_tokens(listed, models);
    for (std::size_t i = 0; i < models.size(); ++i)
        if (listed[i].arrivals.empty())
            throw InputError(text("{}: expected at least one request of each -m, found none of {}",
                                  csv.file, labels[i]));
    return listed;
}

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
