// Records of requests, why deadlines were missed, and the part of a timeline around a miss.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "profiles/document/csv.h"
#include "profiles/document/document.h"
#include "tests/experiments/fixtures.h"

namespace swaplab::testing {
namespace {

using Row = std::map<std::string, std::string>;

// Two models whose requests get into each other's way, some behind their deadlines.
std::vector<std::string> two_models(std::vector<std::string> more) {
    std::vector<std::string> all{"run",
                                 "-m",
                                 "resnet101:period=60ms,deadline=70ms",
                                 "-m",
                                 "yolov3:arrivals=poisson,rate=4/s,seed=3",
                                 "-d",
                                 "jetson-xavier-nx",
                                 "-p",
                                 "on-demand",
                                 "-b",
                                 "0.7x",
                                 "--requests",
                                 "12"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

std::vector<Row> rows_of(const std::string& path) {
    const Csv csv = load_csv(path);
    std::vector<Row> rows;
    for (const CsvRow& cells : csv.rows) {
        Row& row = rows.emplace_back();
        for (std::size_t c = 0; c < cells.size(); ++c) row[csv.header[c].text] = cells[c].text;
    }
    return rows;
}

TEST(Explain, PartsAddUpInBothFormats) {
    const TemporaryFolder folder;
    ASSERT_EQ(cli(two_models({"-q", "--requests-out", folder.file("r.csv")})).code, 0);
    ASSERT_EQ(cli(two_models({"-q", "--requests-out", folder.file("r.json")})).code, 0);
    const std::vector<Row> rows = rows_of(folder.file("r.csv"));
    ASSERT_EQ(rows.size(), 24U);
    const Document json = load_document(folder.file("r.json"));
    Fields root(Field::root(json));
    EXPECT_EQ(root.required("schema").as_string(), "swaplab/requests/1");
    const std::vector<Field> objects = root.required("requests").as_array();
    ASSERT_EQ(objects.size(), rows.size());
    std::int64_t blocked = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        Row row = rows[i];
        const auto ns = [&](const char* name) { return std::stoll(row[name]); };
        EXPECT_EQ(ns("compute_ns") + ns("reads_ns") + ns("copies_ns") + ns("assemblies_ns") +
                      ns("blocked_ns") + ns("other_ns"),
                  ns("end_ns") - ns("arrival_ns"));
        EXPECT_EQ(ns("latency_ns"), ns("turn_ns") + ns("waiting_ns"));
        EXPECT_LE(ns("arrival_ns"), ns("start_ns"));
        EXPECT_LT(ns("start_ns"), ns("end_ns"));
        EXPECT_EQ(row["model"], row["job"] == "0" ? "resnet101" : "yolov3");
        EXPECT_EQ(row["deadline_ns"].empty(), row["job"] == "1");
        EXPECT_EQ(row["missed"] == "true",
                  row["job"] == "0" && ns("end_ns") > std::stoll("0" + row["deadline_ns"]));
        Fields object(objects[i]);
        for (const char* name : {"job", "request", "arrival_ns", "end_ns", "compute_ns",
                                 "reads_ns", "blocked_ns", "other_ns"})
            EXPECT_EQ(object.required(name).as_count(), ns(name)) << name;
        std::int64_t sum = 0;
        for (const Field& blocker : object.required("blocked_by").as_array()) {
            Fields one(blocker);
            sum += one.required("ns").as_positive();
            EXPECT_LE(one.required("first_block").as_count(), one.required("last_block").as_count());
        }
        EXPECT_EQ(sum, ns("blocked_ns"));
        blocked += sum;
    }
    EXPECT_GT(blocked, 0);
}

TEST(Explain, TheTextSaysWhyADeadlineWasMissed) {
    const CliResult run = cli(two_models({}));
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find("resnet101 request "), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("missed by "), std::string::npos);
    EXPECT_NE(run.out.find("own compute "), std::string::npos);
}

struct Event {
    std::string name, category, phase;
    double at = 0, length = 0;
};

std::vector<Event> events_of(const std::string& path) {
    const Document document = load_document(path);
    Fields root(Field::root(document));
    std::vector<Event> events;
    for (const Field& field : root.required("traceEvents").as_array()) {
        Fields fields(field);
        Event event;
        event.phase = fields.required("ph").as_string();
        if (event.phase != "X" && event.phase != "i") continue;
        event.name = fields.required("name").as_string();
        event.category = fields.required("cat").as_string();
        event.at = fields.required("ts").as_number();
        if (event.phase == "X") event.length = fields.required("dur").as_number();
        events.push_back(event);
    }
    return events;
}

// The window begins with the arrival of the request and ends a sixteenth behind its end; all that
// reaches into it is there as in the whole timeline.
TEST(Explain, TheTimelineAroundAMiss) {
    const TemporaryFolder folder;
    const std::string all = folder.file("all.json"), part = folder.file("part.json");
    const std::string records = folder.file("r.csv");
    ASSERT_EQ(cli(two_models({"-q", "--trace", all, "--requests-out", records})).code, 0);
    const CliResult second = cli(two_models({"-q", "--trace", part, "--trace-window", "miss:2"}));
    ASSERT_EQ(second.code, 0) << second.err;
    std::vector<Row> missed = rows_of(records);
    std::erase_if(missed, [](const Row& row) { return row.at("missed") == "false"; });
    ASSERT_GE(missed.size(), 2U);
    std::ranges::stable_sort(missed, {}, [](const Row& row) { return std::stoll(row.at("end_ns")); });
    const double from = std::stod(missed[1]["arrival_ns"]) / 1000;
    const double end = std::stod(missed[1]["end_ns"]) / 1000;
    const double to = end + (end - from) / 16;
    std::multimap<std::tuple<double, double, std::string>, std::string> expected, found;
    for (const Event& event : events_of(all)) {
        // Neighbours are joined; a deadline is drawn with its bar only.
        if (event.category == "stall" || event.name.ends_with("deadline")) continue;
        const bool inside = event.at < to && (event.at >= from || event.at + event.length > from);
        if (inside) expected.insert({{event.at, event.length, event.name}, event.category});
    }
    std::set<std::string> names;
    for (const Event& event : events_of(part)) {
        names.insert(event.name);
        if (event.category != "stall" && !event.name.ends_with("deadline"))
            found.insert({{event.at, event.length, event.name}, event.category});
    }
    EXPECT_TRUE(found == expected);
    EXPECT_TRUE(names.contains("resnet101 request"));
    EXPECT_TRUE(names.contains("resnet101 missed deadline"));
    EXPECT_LT(found.size(), events_of(all).size());
}

TEST(Explain, WithoutSuchAMissNothingIsWritten) {
    const TemporaryFolder folder;
    const CliResult run = cli({"run", "-m", "vgg19:period=9s,deadline=8s", "-d", "jetson-xavier-nx",
                               "-p", "direct", "--requests", "2", "--trace", folder.file("t.svg"),
                               "--trace-window", "miss:1"});
    EXPECT_EQ(run.code, 0);
    EXPECT_NE(run.err.find("0 deadlines were missed"), std::string::npos) << run.err;
    EXPECT_FALSE(std::filesystem::exists(folder.file("t.svg")));
    EXPECT_EQ(cli(two_models({"--trace", folder.file("t.svg"), "--trace-window", "miss:0"})).code,
              2);
    EXPECT_EQ(cli(two_models({"--requests-out", folder.file("r.txt")})).code, 2);
}

}  // namespace
}  // namespace swaplab::testing
