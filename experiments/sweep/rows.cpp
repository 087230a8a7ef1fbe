#include "experiments/sweep/rows.h"

#include <algorithm>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

// All figures, in order.
const std::vector<MetricColumn>& figures() {
    static const std::vector<MetricColumn> all = [] {
        std::vector<MetricColumn> joined = metric_columns();
        for (const auto* more : {&memory_columns(), &detail_columns()})
            joined.insert(joined.end(), more->begin(), more->end());
        return joined;
    }();
    return all;
}

// What stands between what a point is and its figures.
const std::vector<StudyColumn>& outcome_columns() {
    static const std::vector<StudyColumn> columns{
        {"point"},   {"kind"},   {"measured_device"},
        {"verdict"}, {"reason"}, {"minimum_budget_bytes", ColumnType::integer}};
    return columns;
}

bool is_whole_number(const std::string& name) {
    return name == "budget_bytes" || name == "requests" || name == "seed" || name == "replication";
}

std::vector<std::string> outcome(const StudyPoints& points, const StudyCell& cell,
                                 const std::string& id) {
    const Scenario& scenario = points.scenario_of(cell);
    return {id, std::string(scenario.backend->kind), scenario.measured() ? "true" : "false"};
}

}  // namespace

const std::vector<StudyColumn>& study_columns() {
    static const std::vector<StudyColumn> columns = [] {
        std::vector<StudyColumn> all;
        for (const std::string& name : identity_columns())
            all.push_back({name, is_whole_number(name) ? ColumnType::integer : ColumnType::word});
        all.insert(all.end(), outcome_columns().begin(), outcome_columns().end());
        for (const MetricColumn& column : figures()) all.push_back({column.name, column.type});
        return all;
    }();
    return columns;
}

std::size_t study_column(std::string_view name) {
    const auto found = std::ranges::find(study_columns(), name, &StudyColumn::name);
    SWAPLAB_CHECK(found != study_columns().end(), "there is no column {}", name);
    return static_cast<std::size_t>(found - study_columns().begin());
}

PointRecord ran(const StudyPoints& points, const StudyCell& cell, std::size_t draw,
                const RunResult& result) {
    PointRecord record{.id = points.id(cell, draw), .fields = points.identity(cell, draw)};
    record.failed = is_stuck(result.verdict);
    for (std::string& field : outcome(points, cell, record.id))
        record.fields.push_back(std::move(field));
    record.fields.emplace_back(name_of(result.verdict));
    record.fields.push_back(result.reason);
    const bool infeasible = result.verdict == Verdict::infeasible;
    record.fields.push_back(infeasible ? text("{}", result.minimum_budget.count) : std::string());
    for (const MetricColumn& column : figures())
        record.fields.push_back(result.ran() ? column.field(result) : std::string());
    return record;
}

PointRecord failed(const StudyPoints& points, const StudyCell& cell, std::size_t draw,
                   std::string_view verdict, const std::string& reason) {
    PointRecord record{.id = points.id(cell, draw), .fields = points.identity(cell, draw)};
    record.failed = true;
    for (std::string& field : outcome(points, cell, record.id))
        record.fields.push_back(std::move(field));
    record.fields.emplace_back(verdict);
    record.fields.push_back(reason);
    record.fields.resize(study_columns().size());
    return record;
}

std::string columns_text() {
    JsonWriter json(JsonWriter::Style::one_line);
    json.begin_object().member("schema", "swaplab/records/1").member("version", SWAPLAB_VERSION);
    json.key("columns").begin_array();
    for (const StudyColumn& column : study_columns()) json.value(column.name);
    json.end_array().end_object();
    return json.str();
}

std::string point_text(const PointRecord& record) {
    JsonWriter json(JsonWriter::Style::one_line);
    json.begin_object().member("point", record.id).member("attempt", record.attempt);
    json.member("failed", record.failed).key("fields").begin_array();
    for (const std::string& field : record.fields) json.value(field);
    json.end_array().end_object();
    return json.str();
}

bool is_columns(std::string_view payload) { return payload.starts_with("{\"schema\""); }

void require_known_columns(std::string_view payload, const std::string& file) {
    if (payload == columns_text()) return;
    throw InputError(
        text("{}: written by another version of swaplab, expected swaplab {}: sweep into a new "
             "folder, or merge with the version that wrote it",
             file, SWAPLAB_VERSION));
}

PointRecord read_point(std::string_view payload, const std::string& file) {
    const Document document = parse_json(std::string(payload), file);
    Fields fields(Field::root(document));
    PointRecord record;
    record.id = fields.required("point").as_string();
    record.attempt = fields.required("attempt").as_positive();
    record.failed = fields.required("failed").as_bool();
    const Field row = fields.required("fields");
    for (const Field& field : row.as_array()) record.fields.push_back(field.as_string());
    fields.finish();
    if (record.fields.size() != study_columns().size())
        row.fail_expecting(text("{} fields", study_columns().size()));
    return record;
}

}  // namespace swaplab
