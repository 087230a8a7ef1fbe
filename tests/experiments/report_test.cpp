#include <gtest/gtest.h>

#include "experiments/compare/comparison_csv.h"
#include "experiments/compare/comparison_table.h"
#include "experiments/compare/headings.h"
#include "experiments/run/plan_report.h"
#include "experiments/run/result_json.h"
#include "experiments/run/run_report.h"
#include "experiments/text/csv.h"
#include "experiments/text/layout.h"
#include "experiments/text/table.h"
#include "profiles/base/error.h"
#include "tests/experiments/fixtures.h"

#include <sstream>

namespace swaplab {
namespace {

using namespace literals;

std::string table_of(Metric metric, bool color = false, int columns = 100) {
    std::ostringstream out;
    std::ostringstream err;
    const Console console{.out = out, .err = err, .terminal = {.columns = columns}, .color = color};
    const Scenario scenario = testing::made_up_scenario();
    return comparison_table(testing::made_up_comparison(scenario), metric, console);
}

TEST(Text, WidthCountsCodePointsAndNoEscapeCodes) {
    EXPECT_EQ(display_width("12.3*"), 5U);
    EXPECT_EQ(display_width("–"), 1U);
    EXPECT_EQ(display_width("\x1b[1m–x\x1b[0m"), 2U);
    EXPECT_EQ(pad_left("–", 3), "  –");
    EXPECT_EQ(wrap("one two three", 8), "one two\nthree");
    EXPECT_EQ(wrap("one two", 3, 2), "one\n  two");
    EXPECT_EQ(wrap("enormous", 3), "enormous");
    EXPECT_EQ(definition("key", "one two", 8, 12), "  key   one\n        two\n");
    EXPECT_EQ(definition("a-long-key", "one", 8, 12), "  a-long-key\n        one\n");
}

TEST(Table, AlignsColumnsUnderHeadings) {
    TextTable table;
    table.add_column({"name"}, Align::left);
    table.add_column({"two", "lines"});
    table.add_row({"–", "1.5"});
    table.add_rule();
    table.add_row({"longer"});
    EXPECT_EQ(table.str(1),
              "           two\n"
              " name    lines\n"
              " –         1.5\n"
              " -------------\n"
              " longer\n");
}

TEST(Headings, BreakAtNamesAndFallBackToAKey) {
    const Headings headings =
        headings_for({"swapnet", "demand-layering", "demand-layering:pipeline=async",
                      "demand-layering:pipeline=async,buffer=123456789"});
    using Lines = std::vector<std::string>;
    EXPECT_EQ(headings.lines[0], Lines{"swapnet"});
    EXPECT_EQ(headings.lines[1], (Lines{"demand-", "layering"}));
    EXPECT_EQ(headings.lines[2], (Lines{"demand-", "layering", "pipeline=", "async"}));
    EXPECT_EQ(headings.lines[3], (Lines{"demand-", "layering", "[1]"}));
    ASSERT_EQ(headings.key.size(), 1U);
    EXPECT_EQ(headings.key[0].second, "demand-layering:pipeline=async,buffer=123456789");
}

TEST(ComparisonTable, Golden) {
    EXPECT_EQ(table_of(latency_metric()), R"(tiny on board, account all, cold, 1 request
parameters 8.00 MiB; full memory (direct): latency 10.00 ms, peak 16.00 MiB

Latency in ms

                         demand-
                        layering
                       pipeline=   lower
budget  MiB  swapnet       async   bound
4MiB    4.0    15.00*          –   11.00
6MiB    6.0    14.00       12.35*  11.00
8MiB    8.0    13.00       12.35*  11.00
----------------------------------------
needs   MiB      4.0         6.0

demand-layering:pipeline=async is best from 6MiB; below 6MiB only swapnet fits; more than 6MiB buys
less than 2 %
* best of the row; – infeasible; needs: the smallest budget of the policy
unvalidated: the profile of board was not measured on a device (`swaplab show device
board` says where each figure is from)
)");
}

TEST(ComparisonTable, MarksTheBestOfEachRow) {
    const std::string plain = table_of(slowdown_metric());
    EXPECT_NE(plain.find("1.500*"), std::string::npos) << plain;  // alone in its row
    EXPECT_NE(plain.find("1.234*"), std::string::npos) << plain;
    EXPECT_EQ(plain.find("1.400*"), std::string::npos) << plain;
    EXPECT_EQ(plain.find('\x1b'), std::string::npos);
    EXPECT_NE(table_of(slowdown_metric(), true).find("\x1b[1m1.234*\x1b[0m"), std::string::npos);
}

TEST(ComparisonTable, NarrowTerminalsGetSeveralPanels) {
    const auto panels = [](const std::string& table) {
        int count = 0;
        for (std::size_t at = table.find("\nneeds "); at != std::string::npos;
             at = table.find("\nneeds ", at + 1))
            ++count;
        return count;
    };
    EXPECT_EQ(panels(table_of(latency_metric(), false, 100)), 1);
    EXPECT_EQ(panels(table_of(latency_metric(), false, 35)), 2);
}

TEST(ComparisonTable, MetricsByName) {
    EXPECT_EQ(metric_named("peak")->name, "peak");
    EXPECT_THROW(metric_named("speed"), InputError);
}

TEST(Csv, QuotesAsInRfc4180) {
    EXPECT_EQ(csv_field("plain"), "plain");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
    EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
    EXPECT_EQ(csv_field(" x"), "\" x\"");
    // What a spreadsheet would run, and what is a number.
    EXPECT_EQ(csv_field("=1+1"), "'=1+1");
    EXPECT_EQ(csv_field("@x"), "'@x");
    EXPECT_EQ(csv_field("-x,y"), "\"'-x,y\"");
    EXPECT_EQ(csv_field("+1"), "'+1");
    EXPECT_EQ(csv_field("\t1"), "'\t1");
    EXPECT_EQ(csv_field("-1.5e-07"), "-1.5e-07");
    for (const char* words : {"=1+1", "-x", "'-x", "'x", "x", "-5"}) {
        const std::string field = csv_field(words);
        EXPECT_EQ(without_guard(field), *words == '\'' && words[1] == '-' ? "-x" : words);
    }
    EXPECT_EQ(csv_line({"a", "", "b,c"}), "a,,\"b,c\"\n");
}

TEST(Csv, OneRowPerCellAndAllRowsAlike) {
    const Scenario scenario = testing::made_up_scenario();
    const std::vector<Comparison> comparisons{testing::made_up_comparison(scenario)};
    const std::string csv = comparison_csv(comparisons);
    std::istringstream lines(csv);
    std::vector<std::string> rows;
    for (std::string line; std::getline(lines, line);) rows.push_back(line);
    ASSERT_EQ(rows.size(), 1U + 1U + 6U);  // header, direct, cells
    const auto commas = std::count(rows[0].begin(), rows[0].end(), ',');
    for (const std::string& row : rows)
        EXPECT_EQ(std::count(row.begin(), row.end(), ','), commas) << row;
    EXPECT_NE(rows[3].find(",infeasible,,"), std::string::npos) << rows[3];
    EXPECT_NE(rows[2].find(",15000000,"), std::string::npos) << rows[2];
}

TEST(Json, ResultReadsBack) {
    const Scenario scenario = testing::made_up_scenario();
    const std::vector<Comparison> comparisons{testing::made_up_comparison(scenario)};
    const std::string json = comparison_json(comparisons, "swaplab compare -m tiny -d board",
                                             ResultSchema::second, latency_metric());
    const Document document = parse_json(json, "out.json");
    Fields top(Field::root(document));
    EXPECT_EQ(top.required("schema").as_string(), "swaplab/comparison/1");
    const std::vector<Field> results = top.required("results").as_array();
    ASSERT_EQ(results.size(), 7U);
    Fields result(results[1]);
    EXPECT_EQ(result.required("schema").as_string(), "swaplab/result/2");
    EXPECT_EQ(result.required("verdict").as_string(), "ok");
    EXPECT_FALSE(result.required("validated").as_bool());
    EXPECT_EQ(result.required("budget_bytes").as_integer(), (4_MiB).count);
    Fields latency(result.required("latency_ns"));
    EXPECT_EQ(latency.required("p99").as_integer(), 15'000'000);
    Fields job(result.required("jobs").as_array().front());
    Fields block(job.required("blocks").as_array().front());
    EXPECT_EQ(block.required("first").as_string(), "a");
    EXPECT_EQ(block.required("last").as_string(), "b");
    EXPECT_EQ(block.required("bytes").as_integer(), (6_MiB).count);
    Fields refusal(results[2]);
    EXPECT_EQ(refusal.required("verdict").as_string(), "infeasible");
    EXPECT_EQ(refusal.required("minimum_budget_bytes").as_integer(), (6_MiB).count);
    EXPECT_EQ(refusal.required("reason").as_string(), "a (4 MiB) must be resident");
    Fields certificate(refusal.required("certificate"));
    EXPECT_EQ(certificate.required("command").as_string(), "swaplab compare -m tiny -d board");
    Fields policy(certificate.required("policy"));
    Fields parameters(policy.required("parameters"));
    EXPECT_EQ(parameters.required("pipeline").as_string(), "async");
    EXPECT_EQ(parameters.required("buffer").as_string(), "auto");  // a default, resolved
}

TEST(Bound, OfAStreamIsDividedAmongItsRequests) {
    std::vector<RunResult> row{testing::made_up_result("swapnet", 4_MiB, Duration{100})};
    row[0].lower_bound = Duration{60};
    EXPECT_EQ(latency_bound(row), Duration{60});
    row[0].lower_bound_of = BoundOf::makespan;
    row[0].requests = 3;
    EXPECT_EQ(latency_bound(row), Duration{20});
    row[0].jobs.push_back(row[0].jobs[0]);
    EXPECT_EQ(latency_bound(row), std::nullopt);  // several jobs: nothing is known about the mean
    row[0].verdict = Verdict::infeasible;
    EXPECT_EQ(latency_bound(row), std::nullopt);
}

TEST(Plan, PairPeakIsOfNeighbours) {
    std::vector<BlockFacts> blocks(1);
    blocks[0].parameter_bytes = 5_B;
    EXPECT_EQ(pair_peak(blocks), 5_B);
    for (const Bytes bytes : {1_B, 2_B, 4_B}) {
        blocks.emplace_back();
        blocks.back().parameter_bytes = bytes;
    }
    EXPECT_EQ(pair_peak(blocks), 6_B);  // 5+1, 1+2, 2+4
}

TEST(RunReport, ShortensManyBlocksAndSaysWhatIsUnvalidated) {
    const Scenario scenario = testing::made_up_scenario();
    RunResult result = testing::made_up_result("swapnet", 8_MiB, std::chrono::milliseconds(15));
    const std::string report = run_report(result, scenario);
    EXPECT_NE(report.find("15.00 ms"), std::string::npos) << report;
    EXPECT_NE(report.find("a .. b"), std::string::npos) << report;
    EXPECT_NE(report.find("unvalidated"), std::string::npos) << report;
    result.jobs[0].blocks.resize(40, result.jobs[0].blocks[1]);
    const std::string list = block_list(result.jobs[0], *scenario.models[0].model);
    EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 16) << list;
    EXPECT_NE(list.find("(25 more)"), std::string::npos) << list;
}

// Beside `direct`'s, only where it was asked for.
TEST(RunReport, ComparesWithTheFrozenModel) {
    const Scenario scenario = testing::made_up_scenario();
    const RunResult result =
        testing::made_up_result("swapnet", 8_MiB, std::chrono::milliseconds(12));
    const FrozenReference frozen{std::chrono::milliseconds(8), false, 0.00025, 4.5};
    const std::string report = run_report(result, scenario, frozen);
    EXPECT_NE(report.find("1.500x the latency of LibTorch's frozen"), std::string::npos) << report;
    EXPECT_NE(report.find("differ by 0.00025 at most, of 4.50"), std::string::npos) << report;
    EXPECT_EQ(run_report(result, scenario).find("frozen"), std::string::npos);
    JsonWriter json;
    write_result(json, result, choose_policy("swapnet"), Certificate(scenario, "swaplab"), frozen,
                 ResultSchema::second);
    const Document document = parse_json(json.str(), "out");
    Fields fields(Field::root(document));
    EXPECT_EQ(fields.required("frozen_latency_ns").as_count(), 8'000'000);
    EXPECT_DOUBLE_EQ(fields.required("slowdown_frozen").as_number(), 1.5);
    EXPECT_FALSE(fields.required("frozen_outputs_equal").as_bool());
}

// Three peaks under three names, what was read, outputs and conditions: only where there is
// evidence.
TEST(RunReport, ShowsWhatTheOperatingSystemSaw) {
    Scenario scenario = testing::made_up_scenario();
    scenario.backend = &backend_named("cpu");
    RunResult result = testing::made_up_result("swapnet", 8_MiB, std::chrono::milliseconds(12));
    const auto json_of = [&] {
        JsonWriter json;
        write_result(json, result, choose_policy("swapnet"), Certificate(scenario, "swaplab"),
                     std::nullopt, ResultSchema::second);
        return json.str();
    };
    EXPECT_EQ(json_of().find("evidence"), std::string::npos);
    EXPECT_EQ(run_report(result, scenario).find("measured"),
              run_report(result, scenario).find("measured)"));
    Evidence& evidence = result.evidence.emplace();
    evidence.committed_peak = 9_MiB;
    evidence.resident_growth = 10_MiB;
    evidence.read_from_storage = 8_MiB + 1_MiB;
    evidence.outputs = {{"x", "y", "x"}};
    evidence.conditions = {{"storage", "io_uring, direct"}};
    result.measured_lower_bound = std::chrono::milliseconds(10);
    result.outputs_equal = true;
    const std::string report = run_report(result, scenario);
    for (const char* part :
         {"9.00 MiB committed", "10.00 MiB more resident", "1.1250x",
          "those of direct, bit by bit; 2 different outputs of 3 requests",
          "storage io_uring, direct", "from measured durations", "the latency is 20.0 % above it"})
        EXPECT_NE(report.find(part), std::string::npos) << part << "\n" << report;
    result.outputs_equal = false;
    EXPECT_NE(run_report(result, scenario).find("NOT those of direct"), std::string::npos);
    const Document document = parse_json(json_of(), "out");
    Fields fields(Field::root(document));
    EXPECT_EQ(fields.required("kind").as_string(), "measured");
    EXPECT_EQ(fields.required("peak_bytes").as_integer(), (8_MiB).count);
    EXPECT_EQ(fields.required("measured_lower_bound_ns").as_integer(), 10'000'000);
    Fields seen(fields.required("evidence"));
    EXPECT_EQ(seen.required("committed_peak_bytes").as_integer(), (9_MiB).count);
    EXPECT_EQ(seen.required("resident_growth_bytes").as_integer(), (10_MiB).count);
    EXPECT_EQ(seen.required("read_from_storage_bytes").as_integer(), (9_MiB).count);
    EXPECT_FALSE(seen.required("outputs_equal").as_bool());
    Fields conditions(Fields(fields.required("certificate")).required("conditions"));
    EXPECT_EQ(conditions.required("storage").as_string(), "io_uring, direct");
}

TEST(RunReport, GivesTheEnergyOfARequestWhereThereAreSeveral) {
    const Scenario scenario = testing::made_up_scenario();
    RunResult result = testing::made_up_result("swapnet", 8_MiB, std::chrono::milliseconds(15));
    EXPECT_EQ(run_report(result, scenario).find("energy"), std::string::npos);
    result.energy_j = 1.5;
    EXPECT_NE(run_report(result, scenario).find("energy        1.50 J\n"), std::string::npos)
        << run_report(result, scenario);
    result.requests = 4;
    EXPECT_NE(run_report(result, scenario).find("1.50 J, 0.375 J a request"), std::string::npos);
}

TEST(ComparisonTable, ByEnergyMarksTheMostFrugal) {
    const Scenario scenario = testing::made_up_scenario();
    Comparison comparison = testing::made_up_comparison(scenario);
    for (auto& row : comparison.cells)
        for (std::size_t i = 0; i < row.size(); ++i)
            if (row[i].ran()) row[i].energy_j = 2.5 - static_cast<double>(i);
    std::ostringstream out;
    const Console console{.out = out, .err = out, .terminal = {}};
    const std::string table = comparison_table(comparison, metric_named("energy"), console);
    EXPECT_NE(table.find("Energy in J"), std::string::npos) << table;
    EXPECT_NE(table.find("1.50*"), std::string::npos) << table;
    EXPECT_EQ(table.find("bound"), std::string::npos) << table;  // which is one of time
}

TEST(Text, ALineFeedInACellIsShown) {
    TextTable table;
    table.add_column({"file"}, Align::left);
    table.add_column({"n"});
    table.add_row({"two\nlines", "1"});
    EXPECT_EQ(table.str(), "file        n\ntwo\\nlines  1\n");
}

}  // namespace
}  // namespace swaplab
