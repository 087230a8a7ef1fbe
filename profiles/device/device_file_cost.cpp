#include "profiles/device/device_file_cost.h"

#include "profiles/base/text.h"
#include "profiles/document/file_values.h"

namespace swaplab {
namespace {

struct Coefficient {
    std::string_view key;
    double LinearCost::*member;
};
constexpr Coefficient kCoefficients[] = {
    {"ns_per_byte", &LinearCost::per_byte},
    {"ns_per_tensor", &LinearCost::per_tensor},
    {"ns_per_layer", &LinearCost::per_layer},
    {"ns_per_flop", &LinearCost::per_flop},
    {"ns_per_activation_byte", &LinearCost::per_activation_byte},
    {"ns_per_block", &LinearCost::per_block},
};
constexpr std::int64_t kDeepest = 1024;  // requests in flight
constexpr std::string_view kPerByte = "ns_per_byte";
constexpr std::string_view kPerBlock = "ns_per_block";
constexpr std::string_view kPerRequest = "ns_per_request";
constexpr std::string_view kRest = "*";

std::vector<double> read_concurrency(const Field& field) {
    std::vector<double> speeds;
    for (const Field& speed : field.as_array()) speeds.push_back(read_factor(speed));
    if (speeds.empty()) field.fail("expected at least [1.0]");
    if (speeds[0] != 1) field.item(0).fail_expecting("1, the speed of one read alone");
    return speeds;
}

// A column of the table rises from point to point.
template <class Number>
Number rising(const Field& field, Number value, Number before, bool first) {
    if (!first && value <= before)
        field.fail_expecting(text("more than the {} of the point before", before));
    return value;
}

std::vector<ReadPoint> read_table(const Field& field) {
    std::vector<ReadPoint> table;
    for (const Field& row : field.as_array()) {
        const std::vector<Field> point = row.as_array();
        if (point.size() != 2) row.fail_expecting("[bytes, ns]");
        const bool first = table.empty();
        const ReadPoint before = first ? ReadPoint{} : table.back();
        table.push_back({Bytes{rising(point[0], point[0].as_positive(), before.bytes.count, first)},
                         rising(point[1], point[1].as_cost(), before.ns, first)});
    }
    if (table.size() < 2) field.fail("expected at least two points [bytes, ns]");
    return table;
}

// What a table of lone reads says itself.
void refuse_beside_table(Fields& fields) {
    for (const std::string_view key : {kPerByte, kPerBlock, kPerRequest})
        if (const auto given = fields.optional(key))
            given->fail_at_key("the `table` beside it says what bytes, requests and blocks cost");
}

AfterIdle read_after_idle(const Field& field) {
    Fields fields(field);
    AfterIdle after_idle;
    after_idle.gap = duration_or(fields, "gap_ns", {});
    after_idle.extra = duration_or(fields, "ns", {});
    fields.finish();
    return after_idle;
}

LinearCost read_row(const Field& row, bool is_rest) {
    Fields fields(row);
    const auto per_block = fields.optional(kPerBlock);
    if (per_block && !is_rest) {
        per_block->fail_at_key("only '*' has ns_per_block: it is added once per block");
    }
    const LinearCost cost = read_coefficients(fields);
    fields.finish();
    return cost;
}

}  // namespace

LinearCost read_coefficients(Fields& fields) {
    LinearCost cost;
    for (const auto& [key, member] : kCoefficients) cost.*member = cost_or(fields, key, 0);
    return cost;
}

LinearCost read_cost(const Field& section) {
    Fields fields(section);
    const LinearCost cost = read_coefficients(fields);
    fields.finish();
    return cost;
}

ReadSpec read_read(const Field& section) {
    Fields fields(section);
    ReadSpec read;
    read.cost = read_coefficients(fields);
    read.cost.per_request = cost_or(fields, kPerRequest, 0);
    if (const auto table = fields.optional("table")) {
        refuse_beside_table(fields);
        read.table = read_table(*table);
    }
    if (const auto bytes = fields.optional("request_bytes")) {
        read.cost.request_bytes = Bytes{bytes->as_positive()};
    }
    if (const auto depth = fields.optional("depth")) {
        read.depth = depth->as_positive();
        if (*read.depth > kDeepest) depth->fail_expecting(text("at most {}", kDeepest));
    }
    if (const auto speeds = fields.optional("concurrency"))
        read.concurrency = read_concurrency(*speeds);
    if (const auto idle = fields.optional("after_idle")) read.after_idle = read_after_idle(*idle);
    fields.finish();
    return read;
}

ExecuteSpec read_execute(const Field& section) {
    ExecuteSpec execute;
    Fields fields(section);
    for (const auto& [name, row] : fields.rest()) {
        const auto op = op_class_named(name);
        if (op) {
            execute.by_op[static_cast<std::size_t>(*op)] = read_row(row, false);
        } else if (name == kRest) {
            execute.other = read_row(row, true);
        } else {
            std::vector<std::string> known = op_class_names();
            known.emplace_back(kRest);
            row.fail_at_key(text("unknown op class{}", suggestion(name, known)));
        }
    }
    return execute;
}

ExecuteByDtype read_execute_by_dtype(const Field& section) {
    ExecuteByDtype tables;
    Fields fields(section);
    for (const auto& [dtype, table] : fields.rest()) tables[dtype] = read_execute(table);
    return tables;
}

void write_coefficients(JsonWriter& writer, const LinearCost& cost) {
    for (const auto& [key, member] : kCoefficients) {
        if (cost.*member != 0) writer.member(key, cost.*member);
    }
    if (cost.per_request != 0) writer.member(kPerRequest, cost.per_request);
    if (cost.request_bytes) writer.member("request_bytes", cost.request_bytes->count);
}

void write_cost(JsonWriter& writer, std::string_view section, const LinearCost& cost) {
    if (cost == LinearCost{}) return;
    writer.key(section).begin_object();
    write_coefficients(writer, cost);
    writer.end_object();
}

namespace {

void write_table(JsonWriter& writer, const std::vector<ReadPoint>& table) {
    if (table.empty()) return;
    writer.key("table").begin_array();
    for (const ReadPoint& point : table)
        writer.begin_array().value(point.bytes.count).value(point.ns).end_array();
    writer.end_array();
}

}  // namespace

void write_read(JsonWriter& writer, const ReadSpec& read) {
    writer.key("read").begin_object();
    write_coefficients(writer, read.cost);
    write_table(writer, read.table);
    if (read.depth) writer.member("depth", *read.depth);
    writer.key("concurrency").begin_array();
    for (const double speed : read.concurrency) writer.value(speed);
    writer.end_array();
    if (read.after_idle) {
        writer.key("after_idle").begin_object();
        writer.member("gap_ns", count_ns(read.after_idle->gap));
        writer.member("ns", count_ns(read.after_idle->extra)).end_object();
    }
    writer.end_object();
}

void write_execute(JsonWriter& writer, const ExecuteSpec& execute, std::string_view section) {
    writer.key(section).begin_object();
    writer.key(kRest).begin_object();
    write_coefficients(writer, execute.other);
    writer.end_object();
    for (std::size_t op = 0; op < kOpClasses; ++op) {
        // A row of zeros is not a missing row, for which `*` would hold.
        if (!execute.by_op[op]) continue;
        writer.key(name_of(static_cast<OpClass>(op))).begin_object();
        write_coefficients(writer, *execute.by_op[op]);
        writer.end_object();
    }
    writer.end_object();
}

void write_execute_by_dtype(JsonWriter& writer, const ExecuteByDtype& tables) {
    if (tables.empty()) return;
    writer.key("execute_by_dtype").begin_object();
    for (const auto& [dtype, table] : tables) write_execute(writer, table, dtype);
    writer.end_object();
}

}  // namespace swaplab
