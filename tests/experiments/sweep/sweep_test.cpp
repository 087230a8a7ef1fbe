// Sweeps: records that are whole or absent, tables that do not depend on what happened, points that
// are what `compare` says. What whole processes survive is in tests/sweep/survives.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <sstream>

#include "experiments/request/experiment_file.h"
#include "experiments/sweep/folder.h"
#include "experiments/sweep/points.h"
#include "experiments/sweep/records/record_file.h"
#include "experiments/sweep/records/sorted_records.h"
#include "experiments/sweep/references.h"
#include "experiments/text/layout.h"
#include "profiles/base/error.h"
#include "profiles/document/csv.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;
using testing::cli;
using testing::CliResult;
using testing::TemporaryFolder;

std::vector<std::string> records_in(const std::string& path) {
    std::vector<std::string> records;
    read_records(path, [&](std::string_view payload) { records.emplace_back(payload); });
    return records;
}

// --- Records ------------------------------------------------------------------------------------

TEST(Records, AreWholeOrAbsentWhereverAFileEnds) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.records");
    const std::vector<std::string> written{"first", "", "with\nnewline", std::string(300, 'x')};
    std::vector<std::int64_t> ends{0};
    {
        RecordWriter writer(path);
        for (const std::string& payload : written) {
            writer.append(payload);
            ends.push_back(static_cast<std::int64_t>(fs::file_size(path)));
        }
    }
    const std::string content = testing::read_file(path);
    for (std::size_t size = 0; size <= content.size(); ++size) {
        testing::write_file(path, content.substr(0, size));
        const auto whole =
            std::ranges::upper_bound(ends, static_cast<std::int64_t>(size)) - ends.begin() - 1;
        EXPECT_EQ(records_in(path), std::vector(written.begin(), written.begin() + whole)) << size;
        const RecordWriter again(path);
        EXPECT_EQ(again.cut_off(),
                  static_cast<std::int64_t>(size) - ends[static_cast<std::size_t>(whole)]);
        EXPECT_EQ(static_cast<std::int64_t>(fs::file_size(path)),
                  ends[static_cast<std::size_t>(whole)]);
    }
}

TEST(Records, AFlippedByteIsNoticed) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.records");
    { RecordWriter(path).append("payload"); }
    const std::string content = testing::read_file(path);
    for (std::size_t at = 0; at < content.size(); ++at) {
        std::string damaged = content;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        // Blanks between the parts say nothing.
        if (content[at] == ' ') continue;
        testing::write_file(path, damaged);
        EXPECT_TRUE(records_in(path).empty()) << at;
    }
}

TEST(Records, AFileHasOneWriter) {
    const TemporaryFolder folder;
    const RecordWriter writer(folder.file("a.records"));
    EXPECT_THROW(RecordWriter(folder.file("a.records")), InputError);
}

TEST(Records, SortBeyondMemoryAsInIt) {
    const TemporaryFolder folder;
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<KeyedRecord> all;
    SortedRecords sorted(folder.path().string(), 2000);
    for (int i = 0; i < 1000; ++i) {
        all.push_back({std::to_string(random() % 500), std::string(random() % 50, 'x')});
        sorted.add(all.back());
    }
    std::ranges::sort(all);
    std::vector<KeyedRecord> got;
    sorted.for_each([&](const KeyedRecord& record) { got.push_back(record); });
    EXPECT_EQ(got, all);
    EXPECT_TRUE(fs::is_empty(folder.path().string()));
}

// Whatever order records come in: the run that did not fail, else the last attempt.
TEST(PointStates, AreThoseOfTheRecordsThatSayMost) {
    const auto record = [](char id, std::int64_t attempt, bool failed, const std::string& reason) {
        PointRecord made{std::string(32, id), attempt, failed, {}};
        made.fields.resize(study_columns().size());
        made.fields[study_column("verdict")] = failed ? "stuck" : "ok";
        made.fields[study_column("reason")] = reason;
        return made;
    };
    std::vector<PointRecord> records{record('a', 1, true, "first"), record('a', 3, true, "third"),
                                     record('a', 2, true, "second"), record('b', 2, true, "late"),
                                     record('b', 1, false, ""),      record('c', 1, false, "")};
    records.back().fields[study_column("verdict")] = "infeasible";
    std::mt19937 random(5);
    for (int i = 0; i < 50; ++i) {
        std::ranges::shuffle(records, random);
        PointStates states;
        for (const PointRecord& one : records) states.add(one);
        states.finish();
        ASSERT_EQ(states.all().size(), 3U);
        const PointState* const a = states.find(std::string(32, 'a'));
        ASSERT_TRUE(a != nullptr && a->failed());
        EXPECT_EQ(a->attempt, 3);
        EXPECT_EQ(states.reason_of(*a), "third");
        EXPECT_EQ(states.find(std::string(32, 'b'))->end, PointEnd::ran);
        EXPECT_EQ(states.find(std::string(32, 'c'))->end, PointEnd::infeasible);
        EXPECT_EQ(states.find(std::string(32, 'd')), nullptr);
    }
}

// --- Whole sweeps -------------------------------------------------------------------------------

constexpr const char* kSmall = R"(schema: swaplab/experiment/1
models: [resnet101]
devices: [jetson-xavier-nx]
policies: [direct, swapnet, {name: demand-layering, pipeline: [async, sync]}]
budgets: [1KiB, 0.5x, 1.1x]
noise: true
seeds: [1, 2]
)";

struct Study {
    TemporaryFolder folder;
    std::string experiment = folder.file("study.yaml");
    std::string records = folder.file("study");

    explicit Study(const std::string& text) { testing::write_file(experiment, text); }
    CliResult sweep(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments{"sweep", experiment, "-o", records};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return cli(arguments);
    }
    std::string merged() const {
        const CliResult result = cli({"merge", records, "-o", folder.file("table.csv")});
        EXPECT_EQ(result.code, 0) << result.err;
        return testing::read_file(folder.file("table.csv"));
    }
    Csv table() const { return parse_csv(merged(), "table.csv"); }
};

std::vector<std::string> column(const Csv& csv, const std::string& name) {
    const std::size_t at = CsvColumns(csv).required(name);
    std::vector<std::string> values;
    for (const CsvRow& row : csv.rows) values.push_back(row[at].text);
    return values;
}

TEST(Sweep, GoesOnWhereItsRecordsEnd) {
    const Study study(kSmall);
    const CliResult first = study.sweep({"--jobs", "2"});
    EXPECT_EQ(first.code, 0) << first.err;
    EXPECT_NE(first.out.find("20 points, 14 ran, 6 infeasible, 0 failed, 0 missing"),
              std::string::npos)
        << first.out;
    const std::string wanted = study.merged();
    const std::string records = study.records + "/1-of-1.records";
    const std::string content = testing::read_file(records);
    for (const std::size_t size : {content.size() / 3, content.size() - 1, std::size_t{0}}) {
        testing::write_file(records, content.substr(0, size));
        EXPECT_NE(cli({"status", study.records}).out.find("missing"), std::string::npos);
        EXPECT_EQ(study.sweep().code, 0);
        EXPECT_EQ(study.merged(), wanted) << size;
    }
    const CliResult again = study.sweep();
    EXPECT_NE(again.err.find("0 new points"), std::string::npos) << again.err;
}

TEST(Sweep, AChangedExperimentRunsWhatIsNewAndForgetsWhatIsGone) {
    Study study(kSmall);
    study.sweep();
    const Study fresh(R"(schema: swaplab/experiment/1
models: [resnet101]
devices: [jetson-xavier-nx]
policies: [swapnet]
budgets: [0.5x, 0.6x]
noise: true
seeds: [2]
)");
    testing::write_file(study.experiment, testing::read_file(fresh.experiment));
    const CliResult changed = study.sweep();
    EXPECT_NE(changed.err.find("1 new point "), std::string::npos) << changed.err;
    EXPECT_NE(changed.out.find("19 more points of the experiment as it was before"),
              std::string::npos)
        << changed.out;
    fresh.sweep();
    EXPECT_EQ(study.merged(), fresh.merged());
}

TEST(Sweep, PointsThatFailKeepTheirReasonAndAreTriedAgainOnRequest) {
    const Study study(R"(schema: swaplab/experiment/1
models: [resnet101]
devices: ["jetson-orin-nano:memory=staged"]
policies: [pipeload, swapnet]
budgets: [0.9x]
)");
    const CliResult swept = study.sweep();
    EXPECT_EQ(swept.code, 0) << swept.err;
    EXPECT_NE(swept.out.find("1 ran, 0 infeasible, 1 failed"), std::string::npos) << swept.out;
    const Csv table = study.table();
    EXPECT_EQ(column(table, "verdict"), (std::vector<std::string>{"refused", "ok"}));
    EXPECT_NE(column(table, "reason")[0].find("memory=staged"), std::string::npos);
    EXPECT_NE(study.sweep().err.find("0 new points"), std::string::npos);
    EXPECT_NE(study.sweep({"--retry-failed"}).err.find("1 new point "), std::string::npos);
    EXPECT_EQ(study.table().rows.size(), 2U);
}

TEST(Sweep, EveryPointInfeasibleIsCode3) {
    const Study study(R"(schema: swaplab/experiment/1
models: [resnet101]
devices: [jetson-xavier-nx]
policies: [swapnet]
budgets: [1KiB]
)");
    EXPECT_EQ(study.sweep().code, 3);
    EXPECT_EQ(column(study.table(), "minimum_budget_bytes").size(), 1U);
}

TEST(Sweep, NoPointThatRanIsCode1) {
    const Study study(R"(schema: swaplab/experiment/1
models: [resnet101]
devices: ["jetson-orin-nano:memory=staged"]
policies: [pipeload]
budgets: [0.9x]
)");
    EXPECT_EQ(study.sweep().code, 1);
    EXPECT_EQ(column(study.table(), "verdict"), std::vector<std::string>{"refused"});
}

TEST(Sweep, ItsTableIsThatOfMerge) {
    const Study study(kSmall);
    const std::string table = study.folder.file("own.csv");
    EXPECT_EQ(study.sweep({"--csv", table, "--dry-run"}).code, 0);
    EXPECT_FALSE(fs::exists(table));
    const CliResult swept = study.sweep({"--csv", table});
    EXPECT_EQ(swept.code, 0) << swept.err;
    EXPECT_NE(swept.err.find("own.csv: 20 rows"), std::string::npos) << swept.err;
    EXPECT_EQ(testing::read_file(table), study.merged());

    EXPECT_EQ(study.sweep({"--csv", study.experiment}).code, 2);
    EXPECT_EQ(study.sweep({"--csv", study.folder.file("own.svg")}).code, 2);
    EXPECT_EQ(study.sweep({"--csv", study.folder.file("no/own.csv")}).code, 2);
}

// So that no reader of tables leaves a row out of groups.
TEST(Sweep, WhatTellsPointsIsAlwaysSaid) {
    const Study study(kSmall);
    study.sweep();
    const Csv table = study.table();
    for (const std::string& name : identity_columns()) {
        const std::vector<std::string> values = column(table, name);
        EXPECT_EQ(std::ranges::count(values, ""), name == "budget_bytes" ? 2 : 0) << name;
    }
    EXPECT_EQ(std::ranges::count(column(table, "budget"), "none"), 2);  // direct
}

TEST(Sweep, ListsOfPointsAreRunAgain) {
    const Study all(kSmall);
    all.sweep();
    const Study some(kSmall);
    testing::write_file(some.folder.file("list.csv"), "policy,seed\nswapnet,2\n");
    EXPECT_EQ(some.sweep({"--points", some.folder.file("list.csv")}).code, 0);
    const Csv table = some.table();
    EXPECT_EQ(column(table, "policy"), std::vector<std::string>(3, "swapnet"));
    EXPECT_EQ(column(table, "seed"), std::vector<std::string>(3, "2"));

    testing::write_file(some.folder.file("ids.csv"),
                        "point\n" + column(all.table(), "point")[0] + "\n");
    const CliResult dry = some.sweep({"--points", some.folder.file("ids.csv"), "--dry-run"});
    EXPECT_NE(dry.out.find("1 point, "), std::string::npos) << dry.out;

    testing::write_file(some.folder.file("none.csv"), "policy\nswapnet\nnothing\n");
    const CliResult none = some.sweep({"--points", some.folder.file("none.csv")});
    EXPECT_EQ(none.code, 2);
    EXPECT_NE(none.err.find("none.csv:3:1"), std::string::npos) << none.err;
    testing::write_file(some.folder.file("other.csv"), "latency_mean_ns\n1\n");
    EXPECT_EQ(some.sweep({"--points", some.folder.file("other.csv")}).code, 2);
}

// More draws than a task has: groups of draws are run one after another, and cannot be seen.
TEST(Sweep, ManyDrawsAreTheSameInAnyParts) {
    constexpr const char* kMany = R"(schema: swaplab/experiment/1
models: [vgg19]
devices: [jetson-xavier-nx]
policies: [direct, on-demand]
budgets: [0.5x, 1.1x]
noise: true
seeds: [1, 2]
replications: 70
)";
    const Study one(kMany), threads(kMany), shards(kMany), some(kMany);
    ASSERT_GT(StudyPoints(load_experiment(one.experiment)).draws(), 2 * kDrawsOfATask);
    EXPECT_EQ(one.sweep({"--jobs", "1"}).code, 0);
    EXPECT_EQ(threads.sweep({"--jobs", "4"}).code, 0);
    for (const char* shard : {"2/3", "3/3", "1/3"}) shards.sweep({"--shard", shard});
    const std::string wanted = one.merged();
    EXPECT_EQ(threads.merged(), wanted);
    EXPECT_EQ(shards.merged(), wanted);

    // Alone, a draw is what it is among all.
    testing::write_file(some.folder.file("list.csv"),
                        "seed,replication\n1,63\n1,64\n1,65\n2,57\n2,58\n2,69\n");
    EXPECT_EQ(some.sweep({"--points", some.folder.file("list.csv")}).code, 0);
    std::istringstream lines(some.merged());
    std::size_t rows = 0;
    for (std::string line; std::getline(lines, line); ++rows)
        EXPECT_NE(wanted.find(line + '\n'), std::string::npos) << line;
    EXPECT_EQ(rows, 1U + 6 * 3);
}

TEST(Sweep, ADryRunWritesNothing) {
    const Study study(kSmall);
    const CliResult dry = study.sweep({"--dry-run"});
    EXPECT_EQ(dry.code, 0) << dry.err;
    EXPECT_NE(dry.out.find("20 points, 0 recorded already, 20 to run: about "), std::string::npos)
        << dry.out;
    EXPECT_FALSE(fs::exists(study.records));
}

TEST(Sweep, WrongUsageIsCode2) {
    const Study study(kSmall);
    EXPECT_EQ(study.sweep({"--shard", "4/3"}).code, 2);
    EXPECT_EQ(study.sweep({"--shard", "0/3"}).code, 2);
    EXPECT_EQ(study.sweep({"--shard", "3"}).code, 2);
    EXPECT_EQ(study.sweep({"--jobs", "0"}).code, 2);
    EXPECT_EQ(cli({"sweep"}).code, 2);
    EXPECT_EQ(cli({"sweep", study.experiment}).code, 2);
    EXPECT_EQ(cli({"status", study.folder.file("nowhere")}).code, 2);
    EXPECT_EQ(cli({"merge", study.folder.path().string(), "-o", study.folder.file("x.csv")}).code,
              2);
    EXPECT_EQ(cli({"merge", study.records, "-o", study.folder.file("x.txt")}).code, 2);
}

// Every figure of the example study is the one that `compare` has for the same cell.
TEST(Sweep, TheExampleIsWhatCompareSays) {
    TemporaryFolder folder;
    const std::string experiment = SWAPLAB_SOURCE_DIR "/experiments/study.yaml";
    const CliResult swept = cli({"sweep", experiment, "-o", folder.file("study")});
    EXPECT_EQ(swept.code, 0) << swept.err;
    EXPECT_EQ(StudyPoints(load_experiment(experiment)).size(), 3U * 2 * 4 * 12 * 5);
    ASSERT_EQ(cli({"merge", folder.file("study"), "-o", folder.file("study.csv")}).code, 0);
    const Csv table = load_csv(folder.file("study.csv"));
    ASSERT_EQ(table.rows.size(), 1440U);
    const std::vector<std::string> all_budgets = column(table, "budget");
    const std::set<std::string> different(all_budgets.begin(), all_budgets.end());
    const std::string budgets = join({different.begin(), different.end()}, ",");
    const CliResult compared = cli({"compare",
                                    "-m",
                                    "vit-base",
                                    "-d",
                                    "jetson-orin-nano",
                                    "-p",
                                    "on-demand",
                                    "-p",
                                    "swapnet",
                                    "-p",
                                    "demand-layering",
                                    "-p",
                                    "pipeload",
                                    "-b",
                                    budgets,
                                    "--mode",
                                    "stream",
                                    "--requests",
                                    "4",
                                    "--noise",
                                    "--seed",
                                    "3",
                                    "--csv",
                                    folder.file("compared.csv")});
    ASSERT_EQ(compared.code, 0) << compared.err;
    const Csv comparison = load_csv(folder.file("compared.csv"));
    ASSERT_EQ(comparison.rows.size(), 48U);
    std::size_t compared_figures = 0;
    CsvColumns in_table(table);
    CsvColumns in_comparison(comparison);
    const std::size_t policy = in_comparison.required("policy");
    const std::size_t budget = in_comparison.required("budget");
    for (const CsvRow& row : table.rows) {
        const auto of = [&](const char* name) { return row[in_table.required(name)].text; };
        if (of("model") != "vit-base" || of("device") != "jetson-orin-nano" || of("seed") != "3")
            continue;
        const auto same = std::ranges::find_if(comparison.rows, [&](const CsvRow& other) {
            return other[policy].text == of("policy") && other[budget].text == of("budget");
        });
        ASSERT_NE(same, comparison.rows.end());
        for (std::size_t i = 0; i < comparison.header.size(); ++i) {
            const std::string& name = comparison.header[i].text;
            if (name == "mode") continue;  // of arrivals there, of the device here
            const auto here = std::ranges::find(table.header, name, &CsvText::text);
            if (here == table.header.end()) continue;
            const auto at = static_cast<std::size_t>(here - table.header.begin());
            EXPECT_EQ(row[at].text, (*same)[i].text) << name << " of " << of("policy");
            ++compared_figures;
        }
    }
    EXPECT_GE(compared_figures, 48U * 40);
}

// Opened and not read, as on a bad disk: what cannot be read is no torn end, which would be cut off.
TEST(Records, WhatCannotBeReadIsNotTorn) {
    const testing::TemporaryFolder folder;
    EXPECT_THROW(read_records(folder.path(), [](std::string_view) {}), InputError);
}

}  // namespace
}  // namespace swaplab
