#include "profiles/measured/measurements.h"

#include <algorithm>
#include <array>

#include "profiles/base/text.h"
#include "profiles/document/file_values.h"

namespace swaplab {
namespace {

constexpr std::int64_t kDeepest = 1024;  // reads in flight

constexpr std::array<std::string_view, 4> kStates{"warm", "after_dma", "after_idle", "fresh"};

constexpr std::array<std::string_view, 7> kConditions{"machine", "kernel",   "cpu",    "threads",
                                                      "blas",    "governor", "storage"};

template <class Names>
[[noreturn]] void unknown(const CsvCell& cell, std::string_view what, const Names& names) {
    cell.fail(text("unknown {} {}{}", what, in_quotes(cell.str()),
                   suggestion(cell.str(), {names.begin(), names.end()})));
}

Activity activity_in(const CsvCell& cell) {
    if (const auto activity = activity_named(cell.str())) return *activity;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < kActivities; ++i)
        names.emplace_back(name_of(static_cast<Activity>(i)));
    unknown(cell, "activity", names);
}

OpClass op_in(const CsvCell& cell) {
    if (const auto op = op_class_named(cell.str())) return *op;
    unknown(cell, "op class", op_class_names());
}

MeasuredState state_in(const CsvCell& cell) {
    const auto found = std::ranges::find(kStates, cell.str());
    if (found == kStates.end()) unknown(cell, "state", kStates);
    return static_cast<MeasuredState>(found - kStates.begin() + 1);
}

std::string name_in(const CsvCell& cell) {
    const bool printable = std::ranges::none_of(
        cell.str(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (cell.empty() || !printable) cell.fail_expecting("a name of printable characters");
    return without_guard(cell.str());
}

constexpr double kShortest = 1e-6;  // ns: no clock is as fine

// Of an activity, or of a whole model: beyond it no sum over rows is exact.
double time_in(const CsvCell& cell) {
    const double ns = cell.as_cost();
    if (ns > static_cast<double>(count_ns(kLongestModel)))
        cell.fail_expecting("at most 2^53 ns (104 days)");
    // A part of it has to be a number, too: misfits are weighed by their share.
    if (ns > 0 && ns < kShortest) cell.fail_expecting("0, or at least 1e-6 ns");
    return ns;
}

std::int64_t count_in(const CsvCell& cell) {
    constexpr std::int64_t most = std::int64_t{1} << 60;
    const std::int64_t count = cell.as_count();
    if (count > most) cell.fail_expecting("at most 2^60");
    return count;
}

Duration gap_in(const CsvCell& cell) {
    const Duration gap = nanoseconds(cell.as_count());
    if (gap >= kLongestActivity) cell.fail_expecting("less than 2^42 ns (73 minutes)");
    return gap;
}

ComputeKind compute_in(const CsvCell& cell) {
    if (cell.str() != "gpu" && cell.str() != "cpu") cell.fail_expecting("gpu or cpu");
    return cell.str() == "gpu" ? ComputeKind::gpu : ComputeKind::cpu;
}

bool relative_in(const CsvCell& cell) {
    if (cell.str() != "relative" && cell.str() != "absolute")
        cell.fail_expecting("relative or absolute");
    return cell.str() == "relative";
}

std::vector<std::string> known_notes() {
    std::vector<std::string> known{"name",       "compute", "capacity_bytes",
                                   "unified",    "errors",  "after_idle_gap_ns",
                                   "read_depth", "cores",   "alignment_bytes"};
    known.insert(known.end(), kConditions.begin(), kConditions.end());
    return known;
}

void read_note(const CsvCell& value, const CsvText& key, const Csv& csv, Measurements& all) {
    const std::string& name = key.text;
    if (name == "name") {
        all.name = name_in(value);
    } else if (name == "compute") {
        all.compute = compute_in(value);
    } else if (name == "capacity_bytes") {
        all.capacity = {value.as_positive()};
    } else if (name == "unified") {
        all.unified = value.as_bool();
    } else if (name == "after_idle_gap_ns") {
        all.after_idle_gap = gap_in(value);
    } else if (name == "alignment_bytes") {
        all.alignment = Bytes{value.as_positive()};
    } else if (name == "read_depth") {
        all.read_depth = value.as_positive();
        if (*all.read_depth > kDeepest) value.fail_expecting(text("at most {}", kDeepest));
    } else if (name == "cores") {
        all.cores = count_in(value);
    } else if (name == "errors") {
        all.relative_errors = relative_in(value);
    } else if (std::ranges::find(kConditions, name) != kConditions.end()) {
        all.conditions[name] = name_in(value);
    } else if (!name.starts_with("x-")) {
        throw InputError(text("{}:{}:{}: unknown note {}{}", csv.file, key.at.line, key.at.column,
                              in_quotes(name), suggestion(name, known_notes())));
    }
}

// The columns by name, and a row's cells: absent where the column is missing or the cell empty.
class Reader {
  public:
    explicit Reader(const Csv& csv) : csv_(csv) {
        CsvColumns columns(csv);
        activity_ = columns.required("activity");
        duration_ = columns.required("duration_ns");
        for (std::size_t i = 0; i < kOptional.size(); ++i)
            optional_[i] = columns.optional(kOptional[i]);
        columns.finish();
    }

    Measurement read(const CsvRow& row) {
        row_ = &row;
        Measurement m;
        m.line = row.front().at.line;
        m.activity = activity_in(csv_.cell(row, activity_));
        m.duration_ns = time_in(csv_.cell(row, duration_));
        if (const auto cell = at("op")) m.op = op_in(*cell);
        m.features = {.bytes = {count("parameter_bytes")},
                      .tensors = count("tensors"),
                      .layers = count("layers"),
                      .flops = count("flops"),
                      .activation_bytes = {count("activation_bytes")}};
        read_circumstances(m);
        return m;
    }

  private:
    static constexpr std::array<std::string_view, 19> kOptional{"op",
                                                                "label",
                                                                "parameter_bytes",
                                                                "tensors",
                                                                "layers",
                                                                "flops",
                                                                "activation_bytes",
                                                                "requests",
                                                                "request_bytes",
                                                                "depth",
                                                                "state",
                                                                "beside",
                                                                "memory_kind",
                                                                "mode",
                                                                "dtype",
                                                                "gap_ns",
                                                                "hand_off_ns",
                                                                "cpu_ns",
                                                                "run"};

    std::optional<CsvCell> at(std::string_view column) const {
        const auto found = std::ranges::find(kOptional, column);
        SWAPLAB_CHECK(found != kOptional.end(), "column {}", column);
        const auto index = optional_[static_cast<std::size_t>(found - kOptional.begin())];
        if (!index || (*row_)[*index].text.empty()) return std::nullopt;
        return csv_.cell(*row_, *index);
    }
    std::int64_t count(std::string_view column) const {
        const auto cell = at(column);
        return cell ? count_in(*cell) : 0;
    }
    std::string words(std::string_view column) const {
        const auto cell = at(column);
        return cell ? name_in(*cell) : std::string();
    }

    void read_circumstances(Measurement& m) const {
        m.label = words("label");
        m.requests = count("requests");
        m.request_bytes = {count("request_bytes")};
        m.depth = count("depth");
        if (m.depth > kDeepest) at("depth")->fail_expecting(text("at most {}", kDeepest));
        if (const auto cell = at("state")) m.state = state_in(*cell);
        if (const auto cell = at("beside")) {
            m.beside = activity_in(*cell);
            if (m.beside == m.activity)
                cell->fail("an activity is stretched by other kinds only (parallel reads: depth)");
        }
        m.memory_kind = words("memory_kind");
        m.mode = words("mode");
        m.dtype = words("dtype");
        if (const auto cell = at("gap_ns")) m.gap_ns = time_in(*cell);
        if (const auto cell = at("hand_off_ns")) m.hand_off_ns = time_in(*cell);
        if (const auto cell = at("cpu_ns")) m.cpu_ns = time_in(*cell);
        m.run = count("run");
    }

    const Csv& csv_;
    const CsvRow* row_ = nullptr;
    std::size_t activity_ = 0;
    std::size_t duration_ = 0;
    std::array<std::optional<std::size_t>, kOptional.size()> optional_;
};

}  // namespace

std::string_view name_of(MeasuredState state) {
    return state == MeasuredState::unknown ? "" : kStates[static_cast<std::size_t>(state) - 1];
}

Measurements read_measurements(const Csv& csv) {
    Measurements all;
    all.file = csv.file;
    for (const CsvNote& note : csv.notes) read_note(csv.value_of(note), note.key, csv, all);
    Reader reader(csv);
    for (const CsvRow& row : csv.rows) all.rows.push_back(reader.read(row));
    if (all.rows.empty()) throw InputError(text("{}: no measurements below the header", csv.file));
    return all;
}

Measurements load_measurements(const std::string& path) {
    return read_measurements(load_csv(path));
}

}  // namespace swaplab
