#include "tests/support/simulate.h"

#include <algorithm>

#include "policies/registry.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"

namespace swaplab::testing {
namespace {

RunRequest request_of(const Platform& platform, const Workload& workload, const Options& options,
                      Observer* observer) {
    return {.platform = platform,
            .workload = workload,
            .budget = options.budget,
            .account = options.account,
            .device = &make_sim_device,
            .observer = observer,
            .noise = options.noise,
            .replications = options.replications,
            .dispatch = make_dispatch(options.dispatch),
            .rehearsal = options.rehearse ? DeviceFactory(&make_sim_device) : DeviceFactory()};
}

std::string line_of(const Action& a) {
    return text("{} {}/{}/{} copy {}", name_of(a.verb), a.job.index, a.request.index, a.block.index,
                a.copy);
}

std::string line_of(const Command& c) {
    std::string line =
        text("{} at {} after", line_of(static_cast<const Action&>(c)), count_ns(c.at));
    for (const Ticket t : c.after) line += text(" {}", t.index);
    return line;
}

}  // namespace

void SpanRecorder::on_decision(const Decision& d) {
    decisions.push_back({d.at,
                         {d.arrivals.begin(), d.arrivals.end()},
                         {d.completions.begin(), d.completions.end()},
                         d.memory.in_use,
                         {d.commands.begin(), d.commands.end()},
                         d.first_ticket,
                         {d.cancellations.begin(), d.cancellations.end()}});
}

std::size_t SpanRecorder::taken_back() const {
    std::size_t taken = 0;
    for (const RecordedDecision& d : decisions)
        taken +=
            static_cast<std::size_t>(std::ranges::count_if(d.cancellations, &Cancellation::done));
    return taken;
}

SpanRecorder SpanRecorder::of_what_ended() const {
    const std::vector<Command> all = commands();
    std::vector<bool> taken(all.size());
    for (const RecordedDecision& d : decisions)
        for (const Cancellation& c : d.cancellations)
            if (c.done) taken[c.ticket.index] = true;
    std::vector<Ticket> number(all.size());
    std::uint32_t next = 0;
    for (std::size_t t = 0; t < all.size(); ++t) number[t] = {taken[t] ? next : next++};
    SpanRecorder ended;
    ended.spans = spans;
    for (Completion& span : ended.spans) span.ticket = number[span.ticket.index];
    for (const RecordedDecision& d : decisions) {
        RecordedDecision& kept = ended.decisions.emplace_back(d);
        kept.commands.clear();
        kept.cancellations.clear();
        std::uint32_t ticket = d.first_ticket.index;
        if (ticket < all.size()) kept.first_ticket = number[ticket];
        for (Command command : d.commands) {
            if (taken[ticket++]) continue;
            After after;
            for (const Ticket t : command.after) {
                SWAPLAB_CHECK(!taken[t.index], "ticket {} waited for {}, which was taken back",
                              ticket - 1, t.index);
                after.add(number[t.index]);
            }
            command.after = after;
            kept.commands.push_back(command);
        }
    }
    return ended;
}

std::vector<Completion> SpanRecorder::by_ticket() const {
    std::vector<Completion> sorted = spans;
    std::ranges::sort(sorted, {}, &Completion::ticket);
    return sorted;
}

std::vector<Command> SpanRecorder::commands() const {
    std::vector<Command> all;
    for (const RecordedDecision& d : decisions)
        all.insert(all.end(), d.commands.begin(), d.commands.end());
    return all;
}

std::string SpanRecorder::log() const {
    std::string lines;
    for (const Completion& s : spans)
        lines += text("span {} {}..{} {}\n", s.ticket.index, count_ns(s.start), count_ns(s.end),
                      line_of(s.command));
    for (const RecordedDecision& d : decisions) {
        lines += text("decision {} arrivals {} completions {} memory {} first {}\n", count_ns(d.at),
                      d.arrivals.size(), d.completions.size(), d.memory_in_use.count,
                      d.first_ticket.index);
        for (const Command& c : d.commands) lines += "  " + line_of(c) + "\n";
    }
    return lines;
}

Workload workload_of(const std::vector<ModelPtr>& models, const Options& options) {
    Workload workload;
    for (const ModelPtr& model : models) {
        Job job;
        job.model = model;
        job.mode = options.mode;
        job.requests = options.requests;
        workload.jobs.push_back(std::move(job));
    }
    return workload;
}

Simulation simulate(const Platform& platform, const Workload& workload, std::string_view spec,
                    const Options& options) {
    Simulation simulation;
    const Policy policy = make_policy(spec, options.path);
    simulation.result = run(request_of(platform, workload, options, &simulation.record), policy);
    return simulation;
}

Simulation simulate(const Platform& platform, const ModelPtr& model, std::string_view spec,
                    const Options& options) {
    return simulate(platform, workload_of({model}, options), spec, options);
}

Simulation simulate(const Platform& platform, const Workload& workload,
                    const Deployment& deployment, Scheduler& scheduler, const Options& options,
                    const std::string& name) {
    Simulation simulation;
    simulation.result = run_deployment(request_of(platform, workload, options, &simulation.record),
                                       deployment, scheduler, name);
    return simulation;
}

PlanOutcome plan_of(const Platform& platform, const Workload& workload, std::string_view spec,
                    const Options& options) {
    return plan(request_of(platform, workload, options, nullptr), make_policy(spec, options.path));
}

PlanOutcome plan_of(const Platform& platform, const ModelPtr& model, std::string_view spec,
                    const Options& options) {
    return plan_of(platform, workload_of({model}, options), spec, options);
}

std::optional<Bytes> minimum_of(const Platform& platform, const ModelPtr& model,
                                std::string_view spec, const Options& options) {
    const Workload workload = workload_of({model}, options);
    return minimum_budget(request_of(platform, workload, options, nullptr),
                          make_policy(spec, options.path));
}

}  // namespace swaplab::testing
