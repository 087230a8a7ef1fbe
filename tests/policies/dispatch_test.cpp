// Dispatchers: golden timelines of two DNNs by hand, the choices themselves, and bad specs.
#include <gtest/gtest.h>

#include <map>

#include "profiles/base/error.h"
#include "tests/support/chain.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

// A block: read 10 ns, assemble `assemble`, execute 20, release `release`.
Platform board(double assemble, double release) {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = {1 << 20};
    node.read.cost.per_byte = 1;
    node.cost(Activity::assemble).per_tensor = assemble;
    node.execute.other.per_layer = 20;
    node.cost(Activity::release).per_tensor = release;
    return platform;
}

Job job_of(ModelPtr model, std::vector<std::int64_t> arrivals, double weight = 1,
           std::optional<Duration> deadline = {}) {
    Job job;
    job.model = std::move(model);
    job.mode = ArrivalMode::listed;
    job.requests = static_cast<std::int64_t>(arrivals.size());
    for (const std::int64_t at : arrivals) job.arrivals.push_back(at_ns(at));
    job.weight = weight;
    job.deadline = deadline;
    return job;
}

// "A0 0..20" for every execution, in order of start.
std::vector<std::string> executions(const Simulation& run) {
    std::map<Time, std::string> lines;
    for (const Completion& span : run.record.spans)
        if (span.command.verb == Verb::execute)
            lines[span.start] =
                text("{}{} {}..{}", "AB"[span.command.job.index], span.command.block.index,
                     count_ns(span.start), count_ns(span.end));
    std::vector<std::string> sorted;
    for (const auto& [start, line] : lines) sorted.push_back(line);
    return sorted;
}

std::vector<std::string> executions_of(const Workload& workload, const Platform& platform,
                                       const std::string& policy, const std::string& dispatch) {
    Options options;
    options.budget = Bytes{1000};
    options.dispatch = dispatch;
    const Simulation run = simulate(platform, workload, policy, options);
    EXPECT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    return executions(run);
}

using Lines = std::vector<std::string>;

// on-demand: every block takes 10 + 1 + 20 + 2 = 33 ns, one after the other; its execution is from
// the 11th to the 31st. Two DNNs of two blocks that arrive together.
TEST(DispatchGolden, OneAtATime) {
    Workload workload;
    workload.jobs = {job_of(chain("a", 2), {0}), job_of(chain("b", 2), {0}, 2)};
    const Platform platform = board(1, 2);
    const auto lines = [&](const std::string& dispatch) {
        return executions_of(workload, platform, "on-demand", dispatch);
    };
    EXPECT_EQ(lines("fcfs"), (Lines{"A0 11..31", "A1 44..64", "B0 77..97", "B1 110..130"}));
    EXPECT_EQ(lines("round-robin"), (Lines{"A0 11..31", "B0 44..64", "A1 77..97", "B1 110..130"}));
    EXPECT_EQ(lines("round-robin:quantum=2"), lines("fcfs"));
    EXPECT_EQ(lines("round-robin:quantum=request"), lines("fcfs"));
    EXPECT_EQ(lines("priority"), (Lines{"B0 11..31", "B1 44..64", "A0 77..97", "A1 110..130"}));
    EXPECT_EQ(lines("edf"), lines("fcfs")) << "without deadlines";
    workload.jobs[{1}].deadline = nanoseconds(500);
    EXPECT_EQ(lines("edf"), lines("priority")) << "who has no deadline comes last";
    workload.jobs[{0}].deadline = nanoseconds(499);
    EXPECT_EQ(lines("edf"), lines("fcfs"));
}

// Two requests of A and two of B, all there at 0: with a request per turn A, B, A, B; with a block
// per turn the jobs alternate block by block, and the requests of one job stay in order.
TEST(DispatchGolden, TurnsOfRequests) {
    Workload workload;
    workload.jobs = {job_of(chain("a", 2), {0, 0}), job_of(chain("b", 1), {0, 0})};
    const Platform platform = board(1, 2);
    EXPECT_EQ(executions_of(workload, platform, "on-demand", "round-robin:quantum=request"),
              (Lines{"A0 11..31", "A1 44..64", "B0 77..97", "A0 110..130", "A1 143..163",
                     "B0 176..196"}));
    EXPECT_EQ(executions_of(workload, platform, "on-demand", "round-robin"),
              (Lines{"A0 11..31", "B0 44..64", "A1 77..97", "B0 110..130", "A0 143..163",
                     "A1 176..196"}));
}

// swapnet with two blocks each, assembly and release free. Round robin: the reads A0 0-10, B0
// 10-20, A1 20-30, B1 30-40 follow one another; so do all executions from 10 on, 20 ns each.
TEST(DispatchGolden, Swapnet) {
    Workload workload;
    workload.jobs = {job_of(chain("a", 2), {0}), job_of(chain("b", 2), {0})};
    EXPECT_EQ(executions_of(workload, board(0, 0), "swapnet:blocks=2", "round-robin"),
              (Lines{"A0 10..30", "B0 30..50", "A1 50..70", "B1 70..90"}));
    EXPECT_EQ(executions_of(workload, board(0, 0), "swapnet:blocks=2", "fcfs"),
              (Lines{"A0 10..30", "A1 30..50", "B0 50..70", "B1 70..90"}));
}

// A request that arrives at 40 comes before all that has not started: the read of A1, 33-43, ends,
// what follows of A1 is taken back. B0 comes in at once behind it, 43-53, and when it has been
// released, at 76, A1 goes on with its assembly.
TEST(DispatchGolden, PriorityPreemptsBetweenBlocks) {
    Workload workload;
    workload.jobs = {job_of(chain("a", 5), {0}), job_of(chain("b", 1), {40}, 2)};
    const Platform platform = board(1, 2);
    EXPECT_EQ(executions_of(workload, platform, "on-demand", "priority"),
              (Lines{"A0 11..31", "B0 54..74", "A1 77..97", "A2 110..130", "A3 143..163",
                     "A4 176..196"}));
    EXPECT_EQ(executions_of(workload, platform, "on-demand", "fcfs").back(), "B0 176..196");
}

// Deadlines of single requests stand instead of the job's.
TEST(Dispatch, DeadlinesOfRequests) {
    Workload workload;
    workload.jobs = {job_of(chain("a", 1), {0, 0}, 1, nanoseconds(1000)),
                     job_of(chain("b", 1), {0}, 1, nanoseconds(100))};
    workload.jobs[{0}].deadlines = {nanoseconds(50), std::nullopt};
    Options options;
    options.budget = Bytes{1000};
    options.dispatch = "edf";
    const Simulation run = simulate(board(1, 2), workload, "on-demand", options);
    EXPECT_EQ(executions(run), (Lines{"A0 11..31", "B0 44..64", "A0 77..97"}));
    EXPECT_EQ(run.result.verdict, Verdict::ok);
    workload.jobs[{0}].deadlines = {nanoseconds(30), nanoseconds(63)};  // they end at 31 and 64
    EXPECT_EQ(simulate(board(1, 2), workload, "on-demand", options).result.jobs[0].deadline_misses,
              2);
}

TEST(Dispatch, BadSpecsAreNamed) {
    const auto refusal = [](const std::string& spec) {
        try {
            make_dispatch(spec);
        } catch (const InputError& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    EXPECT_EQ(refusal("priorty").find("unknown dispatcher 'priorty'"), 0U) << refusal("priorty");
    EXPECT_NE(refusal("priorty").find("did you mean"), std::string::npos) << refusal("priorty");
    EXPECT_EQ(refusal("fcfs:quantum=1"), "dispatcher fcfs has no parameters, found 'quantum'");
    EXPECT_EQ(refusal("round-robin:"), "dispatcher round-robin: expected key=value after ':'");
    for (const char* bad : {"0", "-1", "1.5", "4294967296", "blocks"})
        EXPECT_NE(refusal(text("round-robin:quantum={}", bad)).find("quantum: expected request"),
                  std::string::npos)
            << bad;
}

}  // namespace
}  // namespace swaplab::testing
