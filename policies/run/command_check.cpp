#include "policies/run/command_check.h"

#include <algorithm>

#include "policies/run/runner.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// What a block needs of an arena that cannot ever give as much.
struct Excess {
    Bytes needed, most;
};

std::optional<Excess> excess(const ArenaPlan& arena, Bytes needed) {
    const Bytes most = arena.slots > 0 ? Bytes{arena.capacity.count / arena.slots} : arena.capacity;
    return needed > most ? std::optional(Excess{needed, most}) : std::nullopt;
}

// A kept block executes from the place that it was given; its other copies pass through the arena.
std::optional<Excess> excess(const DeviceSetup& setup, const JobPlan& plan, const Variant& variant,
                             Bytes block, bool fixed) {
    if (plan.path == SwapPath::resident) return std::nullopt;
    const std::uint32_t copies =
        peak_copies(plan.path, setup.platform.node(plan.node).compute) - (fixed ? 1 : 0);
    if (fixed && variant.staging) return excess(*variant.staging, block);
    if (!variant.staging) return excess(variant.arena, copies * block);
    const auto staged = excess(*variant.staging, block);
    return staged ? staged : excess(variant.arena, block);
}

}  // namespace

CommandCheck::CommandCheck(const DeviceSetup& setup, const Workload& workload, std::string policy)
    : setup_(setup), workload_(workload), policy_(std::move(policy)), jobs_(setup.facts.size()) {
    for (const JobId j : jobs_.ids()) {
        const JobPlan& plan = setup.deployment.jobs[j];
        jobs_[j].home = plan.node;
        jobs_[j].passes = passes_of(setup.facts[j]);
        std::uint32_t number = 0;
        for (const Variant& variant : plan.variants) {
            for (const BlockId b : variant.blocks()) {
                const BlockFacts& block = setup.facts[j][b];
                BlockState& state = jobs_[j].blocks.emplace_back();
                state.submitted = state.observed = BlockLife(block.steps);
                state.fits =
                    !excess(setup, plan, variant, block.held_bytes, variant.fixed && plan.keeps(b));
                state.first = block.units.first;
                state.last = variant.ends_with(b) ? 0 : block.units.last;
                state.variant = number;
            }
            ++number;
        }
    }
}

void CommandCheck::blame(const Action& command, const std::string& what) const {
    std::string block = text("block {}", command.block.index);
    std::string model = text("job {}", command.job.index);
    if (jobs_.contains(command.job)) {
        const Model& known = *workload_.jobs[command.job].model;
        model = known.name();
        if (setup_.facts[command.job].contains(command.block)) {
            const Block units = facts(command).units;
            block += text(" ({}..{})", known.name_of(UnitId{units.first}),
                          known.name_of(UnitId{units.last - 1}));
        }
    }
    throw PolicyError(text("policy {}: {} of {} of {}, request {}: {}", policy_,
                           name_of(command.verb), block, model, command.request.index, what));
}

void CommandCheck::check_ids(const Command& command, Ticket next) const {
    const bool known =
        jobs_.contains(command.job) && jobs_[command.job].blocks.contains(command.block) &&
        command.node == jobs_[command.job].home && command.lane == lane_of(command.verb) &&
        (command.copy == 0 || swaps_in(command.verb));
    if (!known) [[unlikely]]
        blame_ids(command);
    for (const Ticket before : command.after)
        if (before >= next)
            blame(command, text("it waits for ticket {}, which does not exist; the next is {}",
                                before.index, next.index));
}

void CommandCheck::blame_ids(const Command& command) const {
    if (!jobs_.contains(command.job))
        blame(command, text("unknown job {}, the run has {}", command.job.index, jobs_.size()));
    if (!jobs_[command.job].blocks.contains(command.block))
        blame(command, text("unknown block {}, its deployment has {}", command.block.index,
                            jobs_[command.job].blocks.size()));
    if (command.node.index >= setup_.platform.nodes.size())
        blame(command, text("unknown node {}, the platform has {}", command.node.index,
                            setup_.platform.nodes.size()));
    const NodeId home = jobs_[command.job].home;
    if (command.node != home)
        blame(command,
              text("node {}, its deployment is on node {}", command.node.index, home.index));
    if (command.lane == lane_of(command.verb))
        blame(command, text("copy {} of what is no step of a swap-in", command.copy));
    blame(command, text("lane {} does not do that; it runs on lane {}",
                        static_cast<int>(command.lane), name_of(lane_of(command.verb))));
}

void CommandCheck::on_submit(const Command& command, Ticket next, Time now) {
    check_ids(command, next);
    if (!takes_time(command.verb)) {
        if (command.at < now)
            blame(command,
                  text("it is set for {} ns, now is {} ns", count_ns(command.at), count_ns(now)));
        return;
    }
    JobState& job = jobs_[command.job];
    BlockState& block = job.blocks[command.block];
    if (command.request.index >= job.arrived)
        blame(command, text("the request has not arrived; {} have", job.arrived));
    if (!swaps_out(command.verb) && job.is_gone(command.request)) [[unlikely]]
        blame(command, "the request was given up");
    ++job.outstanding;
    if (uses(command.verb)) job.executing.push_back(command.request);
    if (uses(command.verb)) return submit_execute(command, job, block);
    if (!block.submitted.swaps()) blame(command, "the block has nothing to swap, only execution");
    if (swaps_out(command.verb)) {
        check_unused(command, job);
        return submit_release(command, block);
    }
    submit_step(command, block);
}

void CommandCheck::submit_step(const Action& command, BlockState& block) const {
    if (!block.submitted.is_next(step_of(command))) blame_step(command, block.submitted);
    if (block.submitted.absent() && !block.fits) blame_size(command);
    block.submitted.advance();
}

// Parameters of a block that stays may be those of later blocks too.
void CommandCheck::check_unused(const Action& command, const JobState& job) const {
    if (setup_.deployment.jobs[command.job].bridged) return;  // it may go on by another row
    const std::uint32_t last = command.block.index + facts(command).used_for;
    if (job.next_block <= command.block || job.next_block.index > last) return;
    if (job.is_gone(command.request) || std::ranges::count(job.expiring, command.request) > 0)
        return;
    blame(command, text("block {} uses its parameters and has not executed", last));
}

void CommandCheck::submit_release(const Action& command, BlockState& block) const {
    if (!block.submitted.may_leave()) blame(command, "the block is not resident");
    block.before_release = block.submitted;
    block.submitted.leave();
}

void CommandCheck::blame_step(const Action& command, const BlockLife& life) const {
    if (life.begins_with(step_of(command))) blame(command, "the block is resident already");
    const auto named = [](SwapStep step) {
        return step.copy > 0 ? text("{} {}", name_of(step.verb), step.copy)
                             : std::string(name_of(step.verb));
    };
    std::string steps;
    for (const SwapStep step : life.steps())
        steps += text("{}{}", steps.empty() ? "" : ", ", named(step));
    blame(command, text("it is not the next step of its swap-in ({}), of which {} are done: {}",
                        steps, life.done(), named(step_of(command))));
}

// The block is again as before the command, which must be the last that was submitted for it.
void CommandCheck::on_cancel(const Action& command) {
    if (!takes_time(command.verb)) return;
    JobState& job = job_of(command);
    BlockState& block = job.blocks[command.block];
    --job.outstanding;
    if (uses(command.verb)) {
        job.executing.pop_back();
        return cancel_use(command, job, block);
    }
    const bool releases = swaps_out(command.verb);
    const bool last =
        releases ? block.submitted.absent() : block.submitted.last_done() == step_of(command);
    if (!last) blame_cancel(command);
    if (releases)
        block.submitted = block.before_release;
    else
        block.submitted.take_back();
}

void CommandCheck::blame_cancel(const Action& command) const {
    blame(command, "it is taken back although a later command stands behind it");
}

void CommandCheck::cancel_use(const Action& command, JobState& job, const BlockState& block) const {
    const bool between = job.next_unit == 0;
    const bool of_request = between && job.next_pass == 0;
    RequestId request = job.next_request;
    if (of_request) do
            --request.index;
        while (job.is_gone(request));
    const std::uint32_t pass =
        of_request ? passes(command.job, request) - 1 : job.next_pass - std::uint32_t{between};
    if (block.last != job.next_unit || command.request != request || command.pass != pass)
        blame_cancel(command);
    job.next_unit = block.first;
    job.next_block = command.block;
    job.next_pass = pass;
    job.next_request = request;
}

void CommandCheck::blame_size(const Action& command) const {
    const JobPlan& plan = setup_.deployment.jobs[command.job];
    const std::uint32_t variant = jobs_[command.job].blocks[command.block].variant;
    const Variant& row = plan.variants[variant];
    const auto much = excess(setup_, plan, row, facts(command).held_bytes,
                             row.fixed && plan.keeps(command.block));
    blame(command, text("it needs {} bytes of an arena that gives at most {}", much->needed.count,
                        much->most.count));
}

void CommandCheck::submit_execute(const Action& command, JobState& job, BlockState& block) {
    while (job.next_request < command.request && std::ranges::count(job.expiring, job.next_request))
        on_drop(command.job, job.next_request);
    if (block.first != job.next_unit || command.request != job.next_request ||
        command.pass != job.next_pass)
        blame(command, text("out of order; block {} of request {}{} is next", job.next_block.index,
                            job.next_request.index,
                            job.passes > 1 ? text(", pass {},", job.next_pass) : ""));
    if (!block.submitted.in_place()) blame(command, "the block is not assembled");
    job.next_unit = block.last;
    job.next_block = {command.block.index + 1};
    if (block.last > 0) return;
    job.next_block = {setup_.deployment.jobs[command.job].variants[block.variant].first};
    if (++job.next_pass < passes(command.job, command.request)) return;
    begin_next(job);
}

// Between requests.
void CommandCheck::begin_next(JobState& job) {
    job.next_block = {};
    job.next_unit = 0;
    job.next_pass = 0;
    do ++job.next_request.index;
    while (job.is_gone(job.next_request));
}

// Those of which executions are left to be submitted.
bool CommandCheck::end_expiry(JobId id, RequestId request) {
    JobState& job = jobs_[id];
    std::erase(job.expiring, request);
    if (!job.is_gone(request) && job.next_request <= request) on_drop(id, request);
    return job.is_gone(request);
}

void CommandCheck::on_drop(JobId id, RequestId request) {
    JobState& job = jobs_[id];
    job.gone.insert(std::ranges::upper_bound(job.gone, request), request);
    if (job.next_request == request) begin_next(job);
}

// Variants have arenas of their own, which share one memory.
void CommandCheck::check_variant(const Completion& span, JobState& job,
                                 const BlockState& block) const {
    if (job.resident > 0 || span.start < job.release_end)
        blame(span.command, text("it began at {} ns, when blocks of variant {} of its job were "
                                 "still resident; it belongs to variant {}",
                                 count_ns(span.start), job.variant, block.variant));
    job.variant = block.variant;
}

void CommandCheck::on_step(const Completion& span) {
    JobState& job = job_of(span.command);
    --job.outstanding;
    BlockState& block = job.blocks[span.command.block];
    if (block.observed.begins_with(step_of(span.command)))
        begin_stay(span, job, block);
    else if (!block.observed.is_next(step_of(span.command)) || span.start < block.step_end)
        blame(span.command, text("it began at {} ns, before the step of the swap-in that it needs "
                                 "had ended",
                                 count_ns(span.start)));
    block.observed.advance();
    block.step_end = span.end;
}

void CommandCheck::begin_stay(const Completion& span, JobState& job, BlockState& block) const {
    if (!block.observed.absent() || span.start < block.release_end)
        blame(span.command,
              text("it began at {} ns, when the block was still resident", count_ns(span.start)));
    if (block.variant != job.variant) [[unlikely]]
        check_variant(span, job, block);
    ++job.resident;
}

void CommandCheck::on_use(const Completion& span) {
    JobState& job = job_of(span.command);
    --job.outstanding;
    job.executing.pop_front();
    BlockState& block = job.blocks[span.command.block];
    const Action& command = span.command;
    if (block.observed.swaps() && (!block.observed.in_place() || span.start < block.step_end))
        blame(command,
              text("it began at {} ns, when the block was not assembled, or was released before it "
                   "ended",
                   count_ns(span.start)));
    if (span.start < job.execute_end)
        blame(command, text("it began at {} ns, before the execution of the block before it ended "
                            "at {} ns",
                            count_ns(span.start), count_ns(job.execute_end)));
    block.execute_end = job.execute_end = span.end;
}

void CommandCheck::on_release(const Completion& span) {
    JobState& job = job_of(span.command);
    --job.outstanding;
    BlockState& block = job.blocks[span.command.block];
    const bool in_use =
        block.observed.absent() || span.start < block.step_end || span.start < block.execute_end;
    if (in_use)
        blame(span.command,
              text("it began at {} ns, when the block was in use", count_ns(span.start)));
    block.observed.leave();
    block.release_end = job.release_end = span.end;
    --job.resident;
}

}  // namespace swaplab
