#include "profiles/fit/fit_lines.h"

#include <algorithm>
#include <array>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/fit/fit_layers.h"

namespace swaplab {
namespace {

std::int64_t requests_of(const Measurement& row) {
    if (row.requests > 0 || row.request_bytes.count == 0) return row.requests;
    const std::int64_t size = row.request_bytes.count;
    return row.features.bytes.count / size + (row.features.bytes.count % size > 0 ? 1 : 0);
}

double number(std::int64_t count) { return static_cast<double>(count); }

// What a line counts, in the order in which a feature is preferred to those that depend on it.
struct Term {
    std::string_view key;
    std::string_view feature;
    double LinearCost::*member;
    double (*value)(const Measurement&);
    std::optional<Activity> only;  // which activity can depend on it
};
const std::array<Term, 6> kTerms{{
    {"ns_per_byte", "parameter_bytes", &LinearCost::per_byte,
     [](const Measurement& row) { return number(row.features.bytes.count); }, std::nullopt},
    {"ns_per_flop", "flops", &LinearCost::per_flop,
     [](const Measurement& row) { return number(row.features.flops); }, Activity::execute},
    {"ns_per_activation_byte", "activation_bytes", &LinearCost::per_activation_byte,
     [](const Measurement& row) { return number(row.features.activation_bytes.count); },
     Activity::execute},
    {"ns_per_tensor", "tensors", &LinearCost::per_tensor,
     [](const Measurement& row) { return number(row.features.tensors); }, std::nullopt},
    {"ns_per_layer", "layers", &LinearCost::per_layer,
     [](const Measurement& row) { return number(layers_of(row)); }, std::nullopt},
    {"ns_per_request", "requests", &LinearCost::per_request,
     [](const Measurement& row) { return number(requests_of(row)); }, Activity::read},
}};
constexpr std::string_view kPerLayer = "ns_per_layer";
constexpr std::string_view kPerBlock = "ns_per_block";

std::vector<const Term*> terms_of(const FittedLine& line) {
    std::vector<const Term*> terms;
    for (const FittedTerm& fitted : line.terms)
        terms.push_back(&*std::ranges::find(kTerms, fitted.key, &Term::key));
    return terms;
}

std::vector<double> features_of(const Measurement& row, const std::vector<const Term*>& terms) {
    std::vector<double> features;
    for (const Term* term : terms) features.push_back(term->value(row));
    return features;
}

// The size that most reads used, the larger of two that are as frequent.
std::optional<Bytes> usual_request(const std::vector<const Measurement*>& rows) {
    std::map<std::int64_t, std::int64_t> uses;
    for (const Measurement* row : rows)
        if (row->request_bytes.count > 0) ++uses[row->request_bytes.count];
    std::optional<Bytes> usual;
    std::int64_t most = 0;
    for (const auto& [size, count] : uses) {
        if (count < most) continue;
        most = count;
        usual = Bytes{size};
    }
    return usual;
}

}  // namespace

std::string LineKey::text() const {
    std::string path = mode.empty() ? "" : "modes." + mode + '.';
    path += name_of(activity);
    if (activity != Activity::execute) return path;
    if (!dtype.empty()) path += "_by_dtype." + dtype;
    return path + '.' + std::string(op ? name_of(*op) : "*");
}

std::int64_t layers_of(const Measurement& row) {
    return row.op && row.features.layers == 0 ? 1 : row.features.layers;
}

LineKey line_of(const Measurement& row, const std::string& own_mode) {
    LineKey key{row.activity, row.mode == own_mode ? "" : row.mode, "", std::nullopt};
    if (row.activity != Activity::execute) return key;
    key.dtype = row.dtype;
    if (layers_of(row) == 1) key.op = row.op;
    return key;
}

bool alone(const Measurement& row) {
    if (row.beside || row.depth > 1) return false;
    if (row.state == MeasuredState::warm) return row.activity != Activity::execute;
    return row.state == MeasuredState::unknown || row.state == MeasuredState::after_dma;
}

FittedLines::FittedLines(const Measurements& measurements, const std::string& own_mode)
    : measurements_(measurements),
      own_mode_(own_mode),
      per_block_(layer_times(measurements, own_mode).per_block) {
    sort_rows();
    for (const auto& [key, rows] : rows_) {
        const FittedLine& line = lines_[key] = fit_line(key, rows);
        if (cost(key).per_request > 0 && !usual_request(rows))
            throw InputError(text("{}:{}: {} in several requests, but request_bytes says nothing",
                                  measurements.file, rows.front()->line, line.of));
    }
}

// Whether what a block adds is known apart for this line.
bool FittedLines::joint(const LineKey& key) const {
    return per_block_ && key.activity == Activity::execute && key.mode.empty() && key.dtype.empty();
}

void FittedLines::sort_rows() {
    std::map<SameWork, std::vector<double>> repeats;
    for (const Measurement& row : measurements_.rows) {
        LineKey key = line_of(row, own_mode_);
        if (!alone(row)) continue;
        if (!row.label.empty()) repeats[SameWork(row)].push_back(row.duration_ns);
        // Other activities have one line; modes scale it.
        if (row.activity != Activity::execute && !key.mode.empty()) continue;
        if (joint(key) && layers_of(row) != 1) continue;  // told what a block adds
        rows_[key].push_back(&row);
        if (!joint(key) || !key.op) continue;
        key.op.reset();
        rows_[key].push_back(&row);
    }
    for (const auto& [work, durations] : repeats) means_[work] = mean_of(durations);
}

FittedLine FittedLines::fit_line(const LineKey& key,
                                 const std::vector<const Measurement*>& rows) const {
    FittedLine line;
    line.of = key.text();
    const bool single_layers =
        std::ranges::all_of(rows, [](const auto* row) { return layers_of(*row) == 1; });
    line.constant_key = single_layers ? kPerLayer : kPerBlock;
    for (const Term& term : kTerms) {
        if (term.only && *term.only != key.activity) continue;
        if (term.key == line.constant_key) continue;
        line.terms.push_back({term.key, term.feature});
    }
    const std::vector<const Term*> terms = terms_of(line);
    const double apart = joint(key) ? *per_block_ : 0;
    Design design;
    for (const Measurement* row : rows) {
        design.rows.push_back(features_of(*row, terms));
        design.targets.push_back(std::max(0.0, row->duration_ns - apart));
        if (measurements_.relative_errors)
            design.weights.push_back(1 / std::max(1.0, expected_alone(*row)));
    }
    line.regression = fit_nonnegative(design);
    for (std::size_t i = 0; i < terms.size(); ++i) {
        line.terms[i].value = line.regression.coefficients[i];
        line.terms[i].left_out = line.regression.left_out[i];
    }
    return line;
}

double FittedLines::expected_alone(const Measurement& row) const {
    const auto mean = means_.find(SameWork(row));
    return mean == means_.end() ? row.duration_ns : mean->second;
}

double FittedLines::expected(const Measurement& row) const {
    const auto mean = means_.find(SameWork(row));
    return mean == means_.end() ? predict(row) : mean->second;
}

double FittedLines::predict(const Measurement& row, bool in_own_mode) const {
    LineKey key = line_of(row, own_mode_);
    if (in_own_mode || key.activity != Activity::execute) key.mode.clear();
    auto found = lines_.find(key);
    if (found == lines_.end() && key.op) {
        key.op.reset();
        found = lines_.find(key);
    }
    if (found == lines_.end())
        throw InputError(text("{}:{}: needs rows of {} by itself to compare with",
                              measurements_.file, row.line, key.text()));
    const FittedLine& line = found->second;
    const double ns = line.regression.predict(features_of(row, terms_of(line)));
    if (!joint(key)) return ns;
    // The constant is for each layer.
    const double more = std::max(0.0, number(layers_of(row)) - 1);
    return ns + more * line.regression.constant + *per_block_;
}

LinearCost FittedLines::cost(const LineKey& key) const {
    const FittedLine& line = lines_.at(key);
    LinearCost cost;
    const std::vector<const Term*> terms = terms_of(line);
    for (std::size_t i = 0; i < terms.size(); ++i) cost.*terms[i]->member = line.terms[i].value;
    (line.constant_key == kPerLayer ? cost.per_layer : cost.per_block) = line.regression.constant;
    if (joint(key) && !key.op) cost.per_block = *per_block_;
    if (key.activity == Activity::read) cost.request_bytes = usual_request(rows_.at(key));
    return cost;
}

}  // namespace swaplab
