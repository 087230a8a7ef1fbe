#include "experiments/compare/lead_table.h"

#include <algorithm>
#include <cmath>

#include "experiments/text/table.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Of all others the one that comes next.
const LeadOver& next_of(const RowLeads& row) {
    return *std::ranges::max_element(row.over, {},
                                     [](const LeadOver& lead) { return lead.difference.mean; });
}

// With a sign, since it is a difference.
std::string signed_value(Metric metric, double value, const TimeUnit& unit) {
    const std::string shown = metric->shown(std::abs(value), unit);
    return (value < 0 ? "-" : "+") + shown;
}

}  // namespace

bool replicated(const Comparison& comparison) {
    return is_random(*comparison.scenario) && comparison.scenario->replications > 1;
}

std::string lead_table(const Comparison& comparison, Metric metric,
                       const std::vector<RowLeads>& leads, const TimeUnit& unit) {
    TextTable table;
    table.add_column({"budget"}, Align::left);
    table.add_column({"best"}, Align::left);
    table.add_column({"next"}, Align::left);
    table.add_column({"by"});
    table.add_column({"95 % interval"});
    table.add_column({"P(better)"});
    table.add_column({""}, Align::left);
    bool any = false;
    for (std::size_t i = 0; i < leads.size(); ++i) {
        const RowLeads& row = leads[i];
        if (row.over.empty()) continue;
        const LeadOver& next = next_of(row);
        const PairedDifference& lead = next.difference;
        any = true;
        table.add_row(
            {comparison.budgets[i].choice.text, comparison.policies[*row.leader].choice.spec,
             comparison.policies[next.other].choice.spec, signed_value(metric, lead.mean, unit),
             text("{} .. {}", signed_value(metric, lead.interval.low, unit),
                  signed_value(metric, lead.interval.high, unit)),
             text("{:.2f}", lead.a_is_less), next.real ? "" : "a tie"});
    }
    if (!any) return {};
    return "\nThe best against the next, draw by draw\n\n" + table.str() + '\n';
}

void write_leads(JsonWriter& json, const Comparison& comparison, Metric metric) {
    const std::vector<RowLeads> leads = leads_of(comparison, metric);
    for (std::size_t i = 0; i < leads.size(); ++i)
        for (const LeadOver& over : leads[i].over) {
            const PairedDifference& lead = over.difference;
            json.begin_object().member("models", comparison.scenario->models_text());
            json.member("device", comparison.scenario->device_text());
            json.member("budget", comparison.budgets[i].choice.text);
            json.member("policy", comparison.policies[*leads[i].leader].choice.spec);
            json.member("over", comparison.policies[over.other].choice.spec);
            json.member("metric", metric->name).member("replications", lead.pairs);
            json.member("difference", lead.mean).member("low_95", lead.interval.low);
            json.member("high_95", lead.interval.high).member("p_value", lead.p_value);
            json.member("better_share", lead.a_is_less);
            json.member("interval", lead.bootstrap ? "bootstrap-t" : "t");
            json.member("real", over.real).end_object();
        }
}

}  // namespace swaplab
