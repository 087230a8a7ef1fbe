#include "experiments/run/table_report.h"

#include <optional>

#include "experiments/request/certificate.h"
#include "experiments/run/run_report.h"
#include "experiments/text/figures.h"
#include "experiments/text/json_parts.h"
#include "experiments/text/table.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

Duration direct_latency(const Scenario& scenario, const Model& model) {
    const CostModel cost(model, scenario.device.platform);
    return facts_of(cost, model.whole(), SwapPath::resident).use();
}

std::string rows_of(const JobPlan& job, const Model& model, Duration direct) {
    TextTable table;
    for (const char* heading : {"#", "needs MiB", "of parameters", "latency", "of direct"})
        table.add_column({heading});
    table.add_column({"blocks"});
    for (std::size_t i = 0; i < job.rows().size(); ++i) {
        const Variant& row = job.rows()[i];
        const std::optional<Duration> time = row.predicted();
        table.add_row({text("{}", i + 1), mib(row.need),
                       percent(share(row.need, model.parameter_bytes())),
                       time ? format_duration(*time) : "-",
                       time ? times(share(*time, direct)) : "-", text("{}", row.size())});
    }
    return table.str(2);
}

void write_row(JsonWriter& json, const Variant& row, const JobPlan& job, const Model& model) {
    json.begin_object().member("need_bytes", row.need.count);
    write_optional(json.key("latency_ns"), row.predicted());
    json.member("arena_bytes", row.arena_bytes().count).key("cuts").begin_array();
    for (const BlockId b : IdRange<BlockId>(row.first + 1, row.last))
        json.value(model.name_of(UnitId{job.blocks[b].first}));
    json.end_array().end_object();
}

}  // namespace

std::string table_report(const Scenario& scenario, const Deployment& tables,
                         const std::string& policy) {
    std::string report;
    for (const JobId j : tables.jobs.ids()) {
        const Model& model = *scenario.models[j.index].model;
        report += text("{} with {} on {}, account {}: {}\n\n", model.name(), policy,
                       scenario.device_text(), name_of(scenario.account),
                       plural(static_cast<std::int64_t>(tables.jobs[j].rows().size()), "row"));
        report += rows_of(tables.jobs[j], model, direct_latency(scenario, model)) + '\n';
    }
    return report + provenance_note(scenario);
}

std::string table_json(const Scenario& scenario, const Deployment& tables,
                       const std::string& policy, const std::string& command_line) {
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/table/1").member("policy", policy);
    json.member("device", scenario.device_text()).member("account", name_of(scenario.account));
    json.member("command", command_line).member("version", SWAPLAB_VERSION);
    json.key("models").begin_array();
    for (const JobId j : tables.jobs.ids()) {
        const Model& model = *scenario.models[j.index].model;
        json.begin_object().member("model", model.name());
        json.member("parameter_bytes", model.parameter_bytes().count);
        json.member("direct_latency_ns", count_ns(direct_latency(scenario, model)));
        json.key("rows").begin_array();
        for (const Variant& row : tables.jobs[j].rows())
            write_row(json, row, tables.jobs[j], model);
        json.end_array().end_object();
    }
    json.end_array().end_object();
    return json.str() + '\n';
}

}  // namespace swaplab
