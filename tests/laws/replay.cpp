#include "tests/laws/replay.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace swaplab::laws {
namespace {

bool is_gpu(const Platform& platform) { return platform.nodes[0].compute == ComputeKind::gpu; }

oracle::Path path_of(const Platform& platform, const JobPlan& job) {
    switch (job.path) {
        case SwapPath::staged: return oracle::Path::staged;
        case SwapPath::standard:
            return is_gpu(platform) ? oracle::Path::standard_gpu : oracle::Path::standard_cpu;
        default: return oracle::Path::zero_copy;
    }
}

// A block of a job: durations, bytes, activations.
struct BlockNumbers {
    oracle::Item item;
    std::int64_t charge = 0, live_after = 0;
};

BlockNumbers numbers_of(const RunFacts& run, JobId job, BlockId block) {
    const Model& model = *run.workload.jobs[job].model;
    const JobPlan& plan = run.deployment.jobs[job];
    const UnitRange layers = plan.blocks[block];
    const oracle::Tensors tensors = tensors_of(model);
    return {item_of(CostModel(model, run.platform), layers, plan.path == SwapPath::standard),
            oracle::activation_peak(tensors, layers.first, layers.last),
            oracle::live_across(tensors, layers.last)};
}

// Parameters that are resident before and during the run.
std::int64_t resident_bytes(const RunFacts& run) {
    std::int64_t bytes = 0;
    for (const JobId j : run.deployment.jobs.ids()) {
        const JobPlan& plan = run.deployment.jobs[j];
        for (const BlockId b : plan.blocks.ids())
            bytes +=
                plan.resident_copies * static_cast<std::int64_t>(numbers_of(run, j, b).item.bytes);
    }
    return bytes;
}

oracle::ArenaRules rules_of(const ArenaPlan& plan) {
    using Kind = oracle::ArenaRules::Kind;
    Kind kind = Kind::counter;
    if (plan.kind == ArenaKind::two_ended) kind = Kind::two_ended;
    if (plan.kind == ArenaKind::ring) kind = Kind::ring;
    if (plan.kind == ArenaKind::slots) kind = Kind::slots;
    return {kind, plan.capacity.count, static_cast<std::int64_t>(plan.slots)};
}

// Builds the oracle's tasks, holdings and submissions out of the decision log.
class ReplayBuilder {
  public:
    explicit ReplayBuilder(const RunFacts& run) : run_(run) {
        for (const JobPlan& plan : run.deployment.jobs) {
            arenas_.push_back(rules_of(plan.at_start().arena));
            const auto& staging = plan.at_start().staging;
            arenas_.push_back(staging ? rules_of(*staging) : oracle::ArenaRules{});
        }
        for (const testing::RecordedDecision& d : run.simulation.record.decisions) {
            if (d.commands.empty()) continue;
            EXPECT_EQ(d.first_ticket.index, tasks_.size()) << "tickets are consecutive";
            const std::size_t first = tasks_.size();
            for (const Command& c : d.commands) add(c);
            submissions_.push_back({count_ns(d.at), first, tasks_.size()});
        }
        add_holdings();
    }

    oracle::NodeReplay replay() const {
        return {rules_of_node(run_.platform, run_.deployment.parallel_reads), arenas_, tasks_,
                holdings_, submissions_};
    }

  private:
    struct Swap {  // the tasks of one block's stay
        std::size_t read = oracle::Task::npos, copies[2] = {read, read}, assemble = read,
                    release = read;
    };

    void add(const Command& c) {
        const BlockNumbers numbers = numbers_of(run_, c.job, c.block);
        oracle::Task task;
        task.job = c.job.index;
        for (const Ticket t : c.after) task.after.push_back(t.index);
        const std::size_t index = tasks_.size();
        auto& stays = stays_[{c.job.index, c.block.index}];
        switch (c.verb) {
            case Verb::read:
                task.kind = oracle::Kind::read;
                task.work = std::llround(numbers.item.read);
                task.first_byte = std::llround(numbers.item.first_byte);
                stays.emplace_back().read = index;
                break;
            case Verb::copy:
                task.kind = oracle::Kind::copy;
                task.work = std::llround(numbers.item.copy);
                stays.back().copies[c.copy] = index;
                break;
            case Verb::assemble:
                task.kind = oracle::Kind::assemble;
                task.work = std::llround(numbers.item.assemble);
                stays.back().assemble = index;
                break;
            case Verb::execute:
                task.kind = oracle::Kind::execute;
                task.work = std::llround(numbers.item.execute);
                task.charge = numbers.charge;
                task.live_after = numbers.live_after;
                break;
            case Verb::release:
                task.kind = oracle::Kind::release;
                task.work = std::llround(numbers.item.release);
                stays.back().release = index;
                break;
            case Verb::wake_at: ADD_FAILURE() << "alarms are not replayed"; break;
        }
        tasks_.push_back(std::move(task));
    }

    void add_holdings() {
        for (const auto& [block, stays] : stays_) {
            const auto [job, index] = block;
            const auto bytes =
                static_cast<std::int64_t>(numbers_of(run_, {job}, {index}).item.bytes);
            for (const Swap& s : stays) {
                const auto hold = [&](std::size_t arena, std::size_t from, std::size_t until) {
                    holdings_.push_back({arena, bytes, from, until});
                };
                switch (path_of(run_.platform, run_.deployment.jobs[{job}])) {
                    case oracle::Path::zero_copy: hold(2 * job, s.read, s.release); break;
                    case oracle::Path::staged:
                        hold(2 * job + 1, s.read, s.copies[0]);
                        hold(2 * job, s.copies[0], s.release);
                        break;
                    case oracle::Path::standard_gpu:
                        hold(2 * job, s.read, s.assemble);
                        [[fallthrough]];
                    case oracle::Path::standard_cpu:
                        hold(2 * job, s.read, s.copies[0]);
                        hold(2 * job, s.read, s.release);
                        hold(2 * job, s.read, s.assemble);
                        break;
                }
            }
        }
    }

    RunFacts run_;
    std::vector<oracle::ArenaRules> arenas_;
    std::vector<oracle::Task> tasks_;
    std::vector<oracle::Holding> holdings_;
    std::vector<oracle::Submission> submissions_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Swap>> stays_;  // by job, block
};

}  // namespace

oracle::NodeRules rules_of_node(const Platform& platform, std::uint32_t parallel_reads) {
    const Node& node = platform.nodes[0];
    oracle::NodeRules rules;
    rules.width = {parallel_reads, 1, node.assemble_lanes, 1, 0};
    rules.concurrency = node.read.concurrency;
    rules.host_ns = count_ns(node.host_per_command);
    rules.fresh_ns_per_byte = node.memory.fresh_ns_per_byte;
    if (node.read.after_idle)
        rules.after_idle = {count_ns(node.read.after_idle->gap),
                            count_ns(node.read.after_idle->extra)};
    constexpr std::array kinds{Activity::read, Activity::copy, Activity::assemble,
                               Activity::execute, Activity::release};
    for (std::size_t a = 0; a < kinds.size(); ++a)
        for (std::size_t b = 0; b < kinds.size(); ++b)
            rules.stretch[a][b] = node.contention[static_cast<std::size_t>(kinds[a])]
                                                 [static_cast<std::size_t>(kinds[b])];
    return rules;
}

oracle::Peaks peaks_from_spans(const RunFacts& run) {
    std::vector<std::vector<oracle::BlockSpans>> jobs(run.deployment.jobs.size());
    std::vector<oracle::Path> paths;
    for (std::uint32_t j = 0; j < jobs.size(); ++j) {
        const std::size_t n = run.deployment.jobs[{j}].blocks.size();
        paths.push_back(path_of(run.platform, run.deployment.jobs[{j}]));
        jobs[j].resize(n * static_cast<std::size_t>(run.workload.jobs[{j}].requests));
        for (std::size_t p = 0; p < jobs[j].size(); ++p) {
            const BlockNumbers numbers = numbers_of(run, {j}, {static_cast<std::uint32_t>(p % n)});
            jobs[j][p].bytes = static_cast<std::int64_t>(numbers.item.bytes);
            jobs[j][p].charge = numbers.charge;
            jobs[j][p].live_after = numbers.live_after;
        }
    }
    for (const Completion& span : run.simulation.record.spans) {
        const Action& c = span.command;
        if (c.verb == Verb::wake_at) continue;
        const std::size_t n = run.deployment.jobs[c.job].blocks.size();
        oracle::BlockSpans& block = jobs[c.job.index][c.request.index * n + c.block.index];
        const std::pair interval{count_ns(span.start), count_ns(span.end)};
        switch (c.verb) {
            case Verb::read: block.read = interval; break;
            case Verb::copy: (c.copy == 0 ? block.copy0 : block.copy1) = interval; break;
            case Verb::assemble: block.assemble = interval; break;
            case Verb::execute: block.execute = interval; break;
            case Verb::release: {  // ends the stay that a read of this or an earlier request began
                std::size_t stay = c.request.index;
                while (!jobs[c.job.index][stay * n + c.block.index].read) --stay;
                jobs[c.job.index][stay * n + c.block.index].release = interval;
                break;
            }
            case Verb::wake_at: break;
        }
    }
    oracle::Peaks peaks = oracle::replay_bytes(jobs, paths);
    const std::int64_t resident = resident_bytes(run);
    peaks.weights += resident;
    peaks.all += resident + run.platform.nodes[0].memory.reserved.count;
    return peaks;
}

void expect_replay(const RunFacts& whole, Account account) {
    const testing::Simulation ended{whole.simulation.result,
                                    whole.simulation.record.of_what_ended()};
    const RunFacts run{whole.platform, whole.workload, whole.deployment, ended};
    oracle::NodeReplay replay = ReplayBuilder(run).replay();
    replay.run();
    const std::vector<Completion> spans = run.simulation.record.by_ticket();
    ASSERT_EQ(spans.size(), replay.tasks().size()) << "every command that was submitted ended";
    for (std::size_t i = 0; i < spans.size(); ++i) {
        const oracle::Task& task = replay.tasks()[i];
        const Action& c = spans[i].command;
        const auto where = ::testing::Message() << "ticket " << i << ": " << name_of(c.verb)
                                                << " of block " << c.block.index << ", request "
                                                << c.request.index << ", job " << c.job.index;
        ASSERT_TRUE(task.end) << where << " never ends in the replay";
        ASSERT_EQ(count_ns(spans[i].start), *task.start) << where;
        ASSERT_EQ(count_ns(spans[i].end), *task.end) << where;
    }
    std::uint64_t events = 0;  // completed activities of non-zero duration, and arrivals
    for (const oracle::Task& task : replay.tasks()) events += *task.end > *task.start ? 1 : 0;
    for (const auto& decision : run.simulation.record.decisions) events += decision.arrivals.size();
    EXPECT_EQ(run.simulation.result.events, events);
    const std::int64_t resident = resident_bytes(run);
    const std::int64_t reserved = run.platform.nodes[0].memory.reserved.count;
    EXPECT_EQ(run.simulation.result.memory.peak.count, account == Account::all
                                                           ? replay.peak_all() + resident + reserved
                                                           : replay.peak_weights() + resident);
    if (resident == 0 && replay.peak_weights() > 0) {
        EXPECT_EQ(
            run.simulation.result.memory.largest_hole.count,
            account == Account::all ? replay.hole_at_peak_all() : replay.hole_at_peak_weights());
    }
}

}  // namespace swaplab::laws
