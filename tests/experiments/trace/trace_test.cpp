// Timelines against the run that they show: what stands in the file is read back.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <protozero/varint.hpp>
#include <set>
#include <sstream>

#include "experiments/run/observer_fan.h"
#include "experiments/trace/chrome_writer.h"
#include "experiments/trace/lanes.h"
#include "experiments/trace/perfetto_format.h"
#include "experiments/trace/perfetto_writer.h"
#include "experiments/trace/timeline_observer.h"
#include "experiments/trace/trace_file.h"
#include "policies/registry.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"
#include "sim/sim_device.h"
#include "tests/experiments/fixtures.h"
#include "tests/experiments/trace/perfetto_trace.h"
#include "tests/support/random.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 12 : 60;
constexpr std::array kPolicies{"swapnet:allocator=ratio",        "demand-layering", "on-demand",
                               "demand-layering:pipeline=async", "standard-swap",   "load-all"};

// The same model, generating three tokens.
ModelPtr generative(const ModelPtr& model) {
    ModelSpec spec = model->spec();
    spec.tokens = 3;
    spec.prompt_tokens = 4;
    return std::make_shared<const Model>(std::move(spec));
}

// Two random models, sometimes one of them generative, on a random platform.
struct World {
    explicit World(std::uint64_t seed) {
        PlatformShape shape;
        shape.contention = shape.concurrency = seed % 2 == 0;
        shape.most_assemble_lanes = 3;
        platform = random_platform(seed, shape);
        const ModelPtr second = random_model(seed + 1000);
        workload = workload_of({random_model(seed), seed % 4 == 1 ? generative(second) : second},
                               {{}, Account::all, ArrivalMode::stream, 3, {}, {}});
        if (seed % 3 == 0)
            for (Job& job : workload.jobs) job.mode = ArrivalMode::cold;
        for (Job& job : workload.jobs) job.deadline = nanoseconds(2'000'000);
    }
    Platform platform;
    Workload workload;
};

struct Traced {
    RunResult result;
    SpanRecorder record;
    std::string perfetto, chrome;
    PerfettoTrace trace;
    std::optional<Time> stopped_at;
};

Traced traced(const World& world, std::string_view policy, const TimelineBounds& bounds = {}) {
    Traced t;
    std::ostringstream perfetto;
    std::ostringstream chrome;
    PerfettoWriter perfetto_writer(perfetto);
    ChromeWriter chrome_writer(chrome);
    TimelineObserver to_perfetto(perfetto_writer, bounds);
    TimelineObserver to_chrome(chrome_writer, bounds);
    ObserverFan fan;
    fan.add(&t.record);
    fan.add(&to_perfetto);
    fan.add(&to_chrome);
    const RunRequest request{world.platform, world.workload,   Bytes{std::int64_t{1} << 40},
                             Account::all,   &make_sim_device, fan.get()};
    t.result = run(request, make_policy(policy));
    perfetto_writer.finish();
    chrome_writer.finish();
    t.stopped_at = to_perfetto.stopped_at();
    t.perfetto = perfetto.str();
    t.chrome = chrome.str();
    t.trace = read_perfetto(t.perfetto);
    return t;
}

std::string name_of_job(const World& world, JobId job) {
    return world.workload.jobs[job].model->name();
}

// "read random-7 #2 request 1 pass 0: 10..20", the pass where there are several, for comparing as a
// set with repetitions.
std::multiset<std::string> spans_of(const World& world, const Traced& t) {
    std::multiset<std::string> lines;
    for (const Completion& s : t.record.spans)
        if (s.command.verb != Verb::wake_at) {
            const bool passes = world.workload.jobs[s.command.job].model->passes() > 1;
            lines.insert(text("{} {} #{} request {}{}: {}..{}", name_of(s.command.verb),
                              name_of_job(world, s.command.job), s.command.block.index,
                              s.command.request.index,
                              passes ? text(" pass {}", s.command.pass) : "", count_ns(s.start),
                              count_ns(s.end)));
        }
    return lines;
}

std::multiset<std::string> slices_of(const std::vector<TracedSlice>& slices) {
    std::multiset<std::string> lines;
    for (const TracedSlice& s : slices) {
        if (s.category == "stall" || s.category == "request") continue;
        const std::string block = s.name.substr(0, s.name.rfind(' '));  // without the layers
        const auto pass = s.arguments.find("pass");
        lines.insert(
            text("{} {} request {}{}: {}..{}", s.category, block, s.arguments.at("request"),
                 pass == s.arguments.end() ? "" : text(" pass {}", pass->second), s.from, s.to));
    }
    return lines;
}

class OverWorlds : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Policies, OverWorlds, ::testing::ValuesIn(kPolicies));

TEST_P(OverWorlds, SlicesAreTheSpansOfTheRun) {
    for (std::uint64_t seed = 0; seed < kWorlds; ++seed) {
        const World world(seed);
        const Traced t = traced(world, GetParam());
        ASSERT_EQ(t.result.verdict == Verdict::infeasible, false);
        EXPECT_EQ(slices_of(t.trace.slices), spans_of(world, t)) << seed;
        EXPECT_EQ(t.trace.processes, std::vector<std::string>{world.platform.name});
    }
}

TEST_P(OverWorlds, StallsAddUpToTheResults) {
    for (std::uint64_t seed = 0; seed < kWorlds; ++seed) {
        const Traced t = traced(World(seed), GetParam());
        std::int64_t total = 0;
        std::set<std::string> reasons;
        for (const TracedSlice& s : t.trace.slices)
            if (s.category == "stall") {
                total += s.to - s.from;
                reasons.insert(s.name);
            }
        // Each gap by its largest cause; where no request is there, nothing is drawn.
        const Stalls& stalls = t.result.stalls;
        EXPECT_EQ(total, count_ns(stalls.sum() - stalls[StallReason::idle])) << seed;
        EXPECT_FALSE(reasons.contains("idle"));
        if (total > 0) {
            EXPECT_TRUE(std::ranges::any_of(reasons, [&](const std::string& name) {
                return std::ranges::any_of(kAllStallReasons, [&](StallReason reason) {
                    return name == name_of(reason) && stalls[reason] > Duration::zero();
                });
            })) << seed;
        }
    }
}

TEST_P(OverWorlds, CountersEndAtTheLedgersValuesAndAddUp) {
    for (std::uint64_t seed = 0; seed < kWorlds; ++seed) {
        const Traced t = traced(World(seed), GetParam());
        std::map<std::int64_t, std::int64_t> change;  // of the sum of all categories, by time
        for (std::size_t c = 0; c < kCategories; ++c) {
            const auto& values =
                t.trace.counters.find(std::string(name_of(static_cast<Category>(c))));
            if (values == t.trace.counters.end()) {
                EXPECT_EQ(t.result.memory.by_category[c].count, 0);
                continue;
            }
            EXPECT_EQ(values->second.back().value, t.result.memory.by_category[c].count) << seed;
            std::int64_t before = 0;
            for (const TracedValue& v : values->second)
                change[v.at] += v.value - std::exchange(before, v.value);
        }
        std::int64_t sum = 0;
        std::map<std::int64_t, std::int64_t> in_use;
        for (const auto& [at, by] : change) in_use[at] = sum += by;
        std::int64_t highest = 0;
        for (const TracedValue& v : t.trace.counters.at("in use")) {
            EXPECT_EQ(in_use.at(v.at), v.value) << seed;
            highest = std::max(highest, v.value);
        }
        EXPECT_EQ(sum, t.result.memory.in_use.count);
        EXPECT_LE(highest, t.result.memory.peak.count);
        EXPECT_GT(highest, 0);
    }
}

TEST_P(OverWorlds, FlowsTieTheStepsOfOneBlock) {
    for (std::uint64_t seed = 0; seed < kWorlds; ++seed) {
        const Traced t = traced(World(seed), GetParam());
        std::map<std::uint64_t, std::vector<TracedSlice>> flows;
        for (const TracedSlice& s : t.trace.slices)
            if (s.flow != 0) flows[s.flow].push_back(s);
        std::size_t reads = 0;
        for (const Completion& s : t.record.spans)
            reads += static_cast<std::size_t>(s.command.verb == Verb::read);
        EXPECT_EQ(flows.size(), reads);
        for (auto& [flow, steps] : flows) {
            EXPECT_EQ(steps.front().category, "read");
            for (std::size_t i = 1; i < steps.size(); ++i) {
                EXPECT_NE(steps[i].category, "read");
                EXPECT_EQ(steps[i].name, steps[0].name);
                EXPECT_GE(steps[i].from, steps[i - 1].to);
                EXPECT_EQ(steps[i].ends_flow, steps[i].category == "release");
            }
        }
    }
}

TEST_P(OverWorlds, ArrivalsAndMissesAreInstants) {
    for (std::uint64_t seed = 0; seed < kWorlds; ++seed) {
        const World world(seed);
        const Traced t = traced(world, GetParam());
        std::map<std::string, std::int64_t> count;
        for (const TracedSlice& i : t.trace.instants) ++count[i.name];
        for (std::uint32_t j = 0; j < world.workload.jobs.size(); ++j) {
            const std::string name = world.workload.jobs[{j}].model->name();
            EXPECT_EQ(count[name + " arrives"], world.workload.jobs[{j}].requests);
            EXPECT_EQ(count[name + " misses its deadline"], t.result.jobs[j].deadline_misses);
        }
    }
}

// Slices (X), arrows (s and f) and samples (C) of a Chrome trace.
struct ChromeTrace {
    std::vector<TracedSlice> slices, instants;
    std::map<std::int64_t, std::pair<std::string, std::string>> arrows;  // "lane time" of both ends
    std::map<std::string, std::vector<TracedValue>> counters;
};

// Microseconds with three decimals, exactly.
std::int64_t ns_of(const Field& field) {
    const std::string written = field.value().scalar;
    const std::size_t dot = written.find('.');
    EXPECT_EQ(written.size() - dot, 4U) << written;
    return std::stoll(written.substr(0, dot)) * 1000 + std::stoll(written.substr(dot + 1));
}

ChromeTrace read_chrome(const std::string& json) {
    const Document document = parse_json(json, "trace.json");
    Fields root(Field::root(document));
    EXPECT_EQ(root.required("displayTimeUnit").as_string(), "ns");
    ChromeTrace trace;
    std::map<std::int64_t, std::string> lanes;
    for (const Field& item : root.required("traceEvents").as_array()) {
        Fields event(item);
        const std::string phase = event.required("ph").as_string();
        const std::string name = event.required("name").as_string();
        EXPECT_EQ(event.required("pid").as_integer(), 1);
        const std::int64_t lane = event.required("tid").as_integer();
        if (phase == "M") {
            Fields args(event.required("args"));
            if (name == "thread_name") lanes[lane] = args.required("name").as_string();
            continue;
        }
        TracedSlice slice;
        slice.lane = lanes[lane];
        slice.name = name;
        slice.from = slice.to = ns_of(event.required("ts"));
        if (phase == "s" || phase == "f") {
            auto& arrow = trace.arrows[event.required("id").as_integer()];
            (phase == "s" ? arrow.first : arrow.second) = text("{} {}", slice.lane, slice.from);
            continue;
        }
        Fields args(event.required("args"));
        if (phase == "C") {
            for (const auto& [key, value] : args.rest())
                trace.counters[key].push_back({slice.from, value.as_integer()});
            continue;
        }
        slice.category = event.required("cat").as_string();
        for (const auto& [key, value] : args.rest()) slice.arguments[key] = value.as_integer();
        if (phase == "X") slice.to = slice.from + ns_of(event.required("dur"));
        (phase == "X" ? trace.slices : trace.instants).push_back(std::move(slice));
    }
    return trace;
}

TEST_P(OverWorlds, ChromeHoldsTheSameAsPerfetto) {
    for (std::uint64_t seed = 0; seed < kWorlds; ++seed) {
        const Traced t = traced(World(seed), GetParam());
        const ChromeTrace chrome = read_chrome(t.chrome);
        ASSERT_EQ(chrome.slices.size(), t.trace.slices.size());
        std::map<std::uint64_t, std::string> tails;
        std::int64_t arrows = 0;
        for (std::size_t i = 0; i < chrome.slices.size(); ++i) {
            const TracedSlice& a = chrome.slices[i];
            const TracedSlice& b = t.trace.slices[i];
            EXPECT_EQ(std::tie(a.lane, a.name, a.category, a.from, a.to, a.arguments),
                      std::tie(b.lane, b.name, b.category, b.from, b.to, b.arguments));
            if (b.flow == 0) continue;
            const std::string here = text("{} {}", b.lane, b.from);
            if (tails.contains(b.flow)) {
                EXPECT_EQ(chrome.arrows.at(++arrows), std::pair(tails[b.flow], here));
            }
            tails[b.flow] = here;
        }
        EXPECT_EQ(chrome.arrows.size(), static_cast<std::size_t>(arrows));
        EXPECT_EQ(chrome.instants.size(), t.trace.instants.size());
        for (const auto& [name, values] : t.trace.counters) {
            if (name == "in use") continue;  // the sum is the viewer's
            auto changes = chrome.counters.at(name);
            std::int64_t before = 0;  // outside: algorithms may copy what they call
            std::erase_if(changes, [&before](const TracedValue& v) {
                return std::exchange(before, v.value) == v.value;
            });
            EXPECT_EQ(changes, values) << name;
        }
    }
}

// --- What is left out ---------------------------------------------------------------------------

TEST_P(OverWorlds, WindowsKeepWhatReachesIntoThem) {
    for (std::uint64_t seed = 0; seed < kWorlds; ++seed) {
        const World world(seed);
        const Traced whole = traced(world, GetParam());
        const Time from = kStart + whole.result.makespan / 3;
        const Time to = kStart + whole.result.makespan / 2;
        if (from >= to) continue;
        const Traced part = traced(world, GetParam(), {from, to});
        std::vector<TracedSlice> expected;
        for (const TracedSlice& s : whole.trace.slices)
            if (s.from < count_ns(to) && (s.to > count_ns(from) || s.from >= count_ns(from)))
                expected.push_back(s);
        EXPECT_EQ(slices_of(part.trace.slices), slices_of(expected)) << seed;
        const auto& inside = part.trace.counters.at("in use");
        std::int64_t at_from = 0;
        for (const TracedValue& v : whole.trace.counters.at("in use"))
            if (v.at <= count_ns(from)) at_from = v.value;
        EXPECT_EQ(inside.front(), (TracedValue{count_ns(from), at_from}));
        EXPECT_LT(inside.back().at, count_ns(to));
    }
}

TEST(TraceBounds, NothingIsWrittenBehindTheLastSlice) {
    const World world(4);
    const Traced whole = traced(world, "on-demand");
    const Traced part = traced(world, "on-demand", {kStart, Time::max(), 10});
    EXPECT_EQ(whole.stopped_at, std::nullopt);
    EXPECT_EQ(part.trace.slices.size() + part.trace.instants.size(), 10U);
    ASSERT_TRUE(part.stopped_at);
    for (const auto& [name, values] : part.trace.counters)
        EXPECT_LE(values.back().at, count_ns(*part.stopped_at)) << name;
}

// Intervals of which at most k overlap, told in order of their ends, take at most k lanes.
TEST(Lanes, NeverMoreThanOverlap) {
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        Rng rng(seed);
        std::vector<std::pair<std::int64_t, std::int64_t>> spans;  // (end, start)
        const std::int64_t servers = rng.between(1, 4);
        for (std::int64_t server = 0; server < servers; ++server) {
            std::int64_t at = 0;
            for (int i = 0; i < 12; ++i) {
                const std::int64_t start = at + rng.between(0, 5);
                at = start + rng.between(1, 6);
                spans.emplace_back(at, start);
            }
        }
        std::ranges::sort(spans);
        std::ostringstream out;
        PerfettoWriter writer(out);
        const ProcessId process = writer.add_process("p");
        Slots slots(writer, {process, "storage", slice_of(Verb::read), 0}, 4);
        const NameId name = writer.add_name({"n", 0, "g", {}});
        std::set<std::uint32_t> used;
        for (const auto& [end, start] : spans) {
            const LaneId lane = slots.lane_for(at_ns(start), at_ns(end));
            writer.slice({lane, name, at_ns(start), at_ns(end), {}, 0, false});
            used.insert(lane.index);
        }
        writer.finish();
        EXPECT_LE(std::ssize(used), servers) << seed;
        EXPECT_EQ(read_perfetto(out.str()).slices.size(), spans.size());
    }
}

TEST(VarintColumn, ReadsBackAsItWasWritten) {
    perfetto::VarintColumn column;
    Rng rng(1);
    std::vector<std::uint64_t> numbers{0, 127, 128, 1, 16383, 16384, (std::uint64_t{1} << 56U) - 1};
    for (int i = 0; i < 1000; ++i)
        numbers.push_back(static_cast<std::uint64_t>(rng.between(0, std::int64_t{1} << 50)));
    for (const std::uint64_t number : numbers) {
        std::array<char, 16> bytes{};
        const char* const end = column.put(bytes.data(), number);
        const char* at = bytes.data();
        EXPECT_EQ(protozero::decode_varint(&at, end), number);
        EXPECT_EQ(at, end);
    }
}

// --- Who is asked -------------------------------------------------------------------------------

class Deaf final : public Observer {
  public:
    Interests interests() const override { return {false, false, false}; }
    void on_span(const Completion&) override { ++calls; }
    void on_decision(const Decision&) override { ++calls; }
    void on_arrival(const Arrival&) override { ++calls; }
    void on_request_end(const RequestEnd&) override { ++calls; }
    void on_stall(const Stall&) override { ++calls; }
    void on_memory(const MemoryChange&) override { ++calls; }
    int calls = 0;
};

TEST(Observers, HearOnlyWhatTheyListenTo) {
    const World world(2);
    Deaf alone;
    Deaf beside;
    SpanRecorder record;
    ObserverFan fan;
    fan.add(&beside);
    fan.add(&record);
    for (Observer* observer : std::initializer_list<Observer*>{&alone, fan.get()})
        run({world.platform, world.workload, Bytes{std::int64_t{1} << 40}, Account::all,
             &make_sim_device, observer},
            make_policy("swapnet:allocator=ratio"));
    EXPECT_EQ(alone.calls + beside.calls, 0);
    EXPECT_FALSE(record.spans.empty());
}

// --- The command line ---------------------------------------------------------------------------

std::vector<std::string> run_with(std::vector<std::string> more) {
    std::vector<std::string> arguments{"run", "-m",        "resnet101", "-d",  "jetson-xavier-nx",
                                       "-p",  "on-demand", "-b",        "0.5x"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

TEST(TraceOption, TheEndingSaysTheFormat) {
    const TemporaryFolder folder;
    for (const char* name : {"t.pftrace", "t.json", "t.svg"})
        EXPECT_EQ(cli(run_with({"--trace", folder.file(name)})).code, 0);
    EXPECT_FALSE(read_perfetto(read_file(folder.file("t.pftrace"))).slices.empty());
    EXPECT_FALSE(read_chrome(read_file(folder.file("t.json"))).slices.empty());
    EXPECT_NE(read_file(folder.file("t.svg")).find("resnet101 on jetson-xavier-nx"),
              std::string::npos);
    const CliResult refused = cli(run_with({"--trace", folder.file("t.trace")}));
    EXPECT_EQ(refused.code, 2);
    for (const char* named : {".pftrace", ".json", ".svg", "t.trace"})
        EXPECT_NE(refused.err.find(named), std::string::npos) << refused.err;
    EXPECT_EQ(folder.names(), (std::vector<std::string>{"t.json", "t.pftrace", "t.svg"}));
}

TEST(TraceOption, WindowsAreChecked) {
    EXPECT_EQ(parse_trace_window("").to, Time::max());
    EXPECT_EQ(parse_trace_window("1ms..2ms").from, at_ns(1'000'000));
    EXPECT_EQ(parse_trace_window("1ms..2ms").to, at_ns(2'000'000));
    EXPECT_EQ(parse_trace_window("..5").to, at_ns(5));
    EXPECT_EQ(parse_trace_window("7us..").to, Time::max());
    for (const char* bad : {"5ms", "5..5", "9..5", "x..", "-1..5", "1..2..3"})
        EXPECT_THROW(parse_trace_window(bad), InputError) << bad;
    EXPECT_EQ(cli(run_with({"--trace-window", "0..1ms"})).code, 2);
}

TEST(TraceOption, LongRunsAreCutWithANote) {
    const TemporaryFolder folder;
    const auto arguments = run_with({"--requests", "100", "--trace", folder.file("t.svg")});
    const CliResult result = cli(arguments);
    EXPECT_EQ(result.code, 0);
    EXPECT_NE(result.err.find("holds the first 20000 slices; from "), std::string::npos)
        << result.err;
}

TEST(TraceOption, ATraceChangesNoResultAndNoDecision) {
    const TemporaryFolder folder;
    const CliResult plain = cli(run_with({"--decisions", folder.file("plain.jsonl")}));
    const CliResult both = cli(
        run_with({"--decisions", folder.file("both.jsonl"), "--trace", folder.file("t.pftrace")}));
    EXPECT_EQ(plain.out, both.out);
    EXPECT_EQ(read_file(folder.file("plain.jsonl")), read_file(folder.file("both.jsonl")));
}

}  // namespace
}  // namespace swaplab::testing
