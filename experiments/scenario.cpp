#include "experiments/scenario.h"

#include <algorithm>
#include <cmath>

#include "experiments/backends.h"
#include "experiments/cli/console.h"
#include "experiments/cli/interrupt.h"
#include "experiments/cli/spec.h"
#include "experiments/cli/traces.h"
#include "policies/registry.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Quoted for a shell where needed, so that the line of a certificate can be run again.
std::string quoted(const std::string& argument) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+.,:/@%^";
    if (!argument.empty() && argument.find_first_not_of(plain) == std::string::npos)
        return argument;
    std::string quoted = "'";
    for (const char c : argument) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

std::string command_line(const Options& options) {
    std::string line = "swaplab";
    for (const std::string& argument : options.arguments) line += ' ' + quoted(argument);
    return line;
}

// A whole number from `least` to `most` (a RequestId and a replication hold 32 bits).
std::int64_t parse_whole(std::string_view flag, std::int64_t least, const std::string& given,
                         std::int64_t most = 0xFFFFFFFF) {
    const std::optional<double> number = parse_number(given);
    if (number && *number >= static_cast<double>(least) && *number <= static_cast<double>(most) &&
        *number == std::floor(*number))
        return static_cast<std::int64_t>(*number);
    throw InputError(text("{}: expected a whole number from {} to {}, found '{}'", flag, least,
                          most == 0xFFFFFFFF ? "2^32-1" : std::to_string(most), given));
}

ArrivalMode parse_mode(const std::string& name) {
    require_known("mode", name, {"cold", "stream"});
    return name == "cold" ? ArrivalMode::cold : ArrivalMode::stream;
}

Account parse_account(const std::string& name) {
    require_known("account", name, {"all", "parameters"});
    return name == "all" ? Account::all : Account::parameters;
}

std::optional<SwapPath> parse_path(const std::string& name) {
    if (name.empty()) return std::nullopt;
    require_known("swap path", name, {"zero-copy", "staged", "standard"});
    return swap_path_named(name);
}

Job job_of(const ModelChoice& choice, const Scenario& scenario) {
    Job job;
    job.model = choice.model;
    job.mode = scenario.mode;
    job.requests = scenario.requests;
    job.deadline = choice.deadline;
    job.weight = choice.weight;
    if (!choice.period) return job;
    job.mode = ArrivalMode::listed;
    if (*choice.period > Duration::max() / scenario.requests)
        throw InputError(text("model '{}': {} requests of that period end beyond 2^63-1 ns",
                              choice.spec, scenario.requests));
    for (std::int64_t i = 0; i < scenario.requests; ++i)
        job.arrivals.push_back(kStart + i * *choice.period);
    return job;
}

// --arrivals says when, how many and until when.
void list_requests(Scenario& scenario, const Options& options) {
    if (options.requests != "1" || options.mode != "cold")
        throw InputError("--arrivals lists all requests: leave out --requests and --mode");
    const std::vector<ListedRequests> listed = load_arrivals(options.arrivals, scenario.models);
    for (std::uint32_t j = 0; j < listed.size(); ++j) {
        if (scenario.models[j].period)
            throw InputError(text("model '{}': --arrivals lists all requests: leave out period=",
                                  scenario.models[j].spec));
        Job& job = scenario.workload.jobs[{j}];
        job.mode = ArrivalMode::listed;
        job.arrivals = listed[j].arrivals;
        job.requests = static_cast<std::int64_t>(job.arrivals.size());
        for (const std::optional<Duration>& due : listed[j].deadlines)
            job.deadlines.push_back(due ? due : job.deadline);
        scenario.listed += job.requests;
    }
    scenario.arrivals_file = options.arrivals;
}

void require_executable_models(const Scenario& scenario) {
    if (!executes_models(scenario.backend)) return;
    for (const ModelChoice& choice : scenario.models)
        require_whole_layers(*choice.model, text("backend '{}'", scenario.backend));
    if (scenario.backend == "cpu" && scenario.platform.memory_kind)
        throw UnsupportedError("backend 'cpu' has no kinds of memory: leave out memory=");
    if (!scenario.workload.mode_changes.empty())
        throw UnsupportedError(
            text("backend '{}' cannot change its mode: leave out --mode-trace", scenario.backend));
    if (scenario.noise)
        throw InputError(
            text("--noise and --replications draw durations, which backend '{}' "
                 "measures: repeat with --requests, or with validate --repeats",
                 scenario.backend));
    for (const ModelChoice& choice : scenario.models) {
        if (choice.pack) continue;
        const std::string& name = choice.model->name();
        throw InputError(text(
            "backend '{}' executes real models, and '{}' is {} only: export it as {}.pt "
            "(experiments/export.py, or torch.jit.save), pack it with `swaplab pack {}.pt -o {}`, "
            "and pass -m {}/",
            scenario.backend, choice.spec,
            choice.builtin ? "built in as an architecture" : "a description", name, name, name,
            name));
    }
}

}  // namespace

BackendSetup backend_setup(const Options& options, const Scenario& scenario) {
    const ReadSpec& read = scenario.platform.nodes.front().read;
    BackendSetup setup = hardware_setup(options);
    for (const ModelChoice& choice : scenario.models) setup.packs.push_back(choice.pack);
    if (!setup.request_bytes) setup.request_bytes = read.cost.request_bytes;
    if (!setup.depth && read.depth) setup.depth = static_cast<std::uint32_t>(*read.depth);
    return setup;
}

Duration LatenessBound::of(Duration mean_latency) const {
    return time.value_or(
        Duration{std::llround(share * static_cast<double>(count_ns(mean_latency)))});
}

std::uint64_t parse_seed(const std::string& given) {
    return static_cast<std::uint64_t>(parse_whole("--seed", 0, given));
}

BackendSetup hardware_setup(const Options& options) {
    constexpr std::int64_t most = 1024;
    BackendSetup setup;
    if (!options.threads.empty())
        setup.threads = static_cast<int>(parse_whole("--threads", 1, options.threads, most));
    if (!options.depth.empty())
        setup.depth = static_cast<std::uint32_t>(parse_whole("--depth", 1, options.depth, most));
    if (!options.request_bytes.empty()) {
        setup.request_bytes = parse_bytes(options.request_bytes);
        if (setup.request_bytes->count <= 0)
            throw InputError(text("--request-bytes: expected a positive size, found '{}'",
                                  options.request_bytes));
    }
    setup.verify = options.verify;
    return setup;
}

Bytes Scenario::parameter_bytes() const {
    Bytes sum;
    for (const ModelChoice& choice : models) {
        const Bytes bytes = choice.model->parameter_bytes();
        if (bytes.count > kMostInTotal - sum.count)
            throw InputError("the parameters of all models add up to more than 2^60 bytes");
        sum += bytes;
    }
    return sum;
}

std::string Scenario::models_text() const {
    std::vector<std::string> names;
    for (const ModelChoice& choice : models) names.push_back(choice.model->name());
    return join(names, " + ");
}

std::string Scenario::device_text() const {
    std::vector<std::string> chosen;
    if (!platform.mode.empty()) chosen.push_back("mode=" + platform.mode);
    if (platform.memory_kind) chosen.push_back(text("memory={}", name_of(*platform.memory_kind)));
    return chosen.empty() ? platform.name : text("{}:{}", platform.name, join(chosen, ","));
}

std::string Scenario::arrival_text() const {
    if (listed > 0) return std::string(name_of(ArrivalMode::listed));
    const auto periodic =
        std::count_if(models.begin(), models.end(),
                      [](const ModelChoice& choice) { return choice.period.has_value(); });
    if (periodic == 0) return std::string(name_of(mode));
    if (periodic == std::ssize(models)) return "periodic";
    return text("{} and periodic", name_of(mode));
}

Scenario resolve_scenario(const Options& options) {
    if (options.models.empty())
        throw InputError("a model is needed: -m NAME|FILE (`swaplab list models` shows the names)");
    if (options.device.empty())
        throw InputError(
            "a device is needed: -d NAME|FILE (`swaplab list devices` shows the names)");
    Scenario scenario;
    scenario.command = command_line(options);
    scenario.mode = parse_mode(options.mode);
    scenario.requests = parse_whole("--requests", 1, options.requests);
    scenario.replications = parse_whole("--replications", 1, options.replications);
    const std::uint64_t seed = parse_seed(options.seed);
    if (options.noise || scenario.replications > 1) scenario.noise = NoiseKey{seed, 0};
    scenario.account = parse_account(options.account);
    scenario.path = parse_path(options.swap_path);
    scenario.dispatch = make_dispatch(options.dispatch);
    for (const std::string& spec : options.models) scenario.models.push_back(choose_model(spec));
    static_cast<void>(scenario.parameter_bytes());  // refuses sums that would overflow, at once
    scenario.device = options.device;
    scenario.platform = choose_device(options.device);
    for (const ModelChoice& choice : scenario.models)
        scenario.workload.jobs.push_back(job_of(choice, scenario));
    if (!options.arrivals.empty()) list_requests(scenario, options);
    scenario.budget_trace_file = options.budget_trace;
    if (!options.budget_trace.empty())
        scenario.workload.budget_changes = load_budget_trace(options.budget_trace);
    scenario.mode_trace_file = options.mode_trace;
    if (!options.mode_trace.empty())
        scenario.workload.mode_changes = load_mode_trace(options.mode_trace, scenario.platform);
    scenario.backend = options.backend;
    require_executable_models(scenario);
    scenario.factory = scenario.backend == "emu"
                           ? backend_named("sim")
                           : backend_named(options.backend, backend_setup(options, scenario));
    if (is_real_time(scenario.backend)) scenario.stop = stop_on_interrupt();
    return scenario;
}

RunRequest request_of(const Scenario& scenario, std::optional<Bytes> budget, Observer* observer) {
    RunRequest request{scenario.platform, scenario.workload,     budget,
                       scenario.account,  scenario.factory,      observer,
                       scenario.noise,    scenario.replications, scenario.dispatch};
    request.stop = scenario.stop;
    return request;
}

Policy resolve_policy(const Options& options, const Scenario& scenario) {
    if (options.policies.empty())
        throw InputError(
            "a policy is needed: -p NAME[:key=value,...] (`swaplab list policies` shows the "
            "names)");
    if (options.policies.size() > 1)
        throw InputError("one -p only; `swaplab compare` takes several policies");
    return make_policy(options.policies.front(), scenario.path, scenario.platform.memory_kind);
}

std::optional<Bytes> resolve_budget(const Options& options, const Scenario& scenario,
                                    const Policy& policy) {
    const std::vector<BudgetChoice> budgets = parse_budgets(options.budgets);
    if (budgets.size() > 1)
        throw InputError("one budget only; `swaplab compare` takes several budgets");
    if (budgets.empty() && policy.needs_budget)
        throw InputError(
            text("policy '{}' needs a budget: -b 843MiB, -b 0.4x or -b min", policy.spec));
    if (budgets.empty()) return std::nullopt;
    const std::optional<Bytes> bytes = resolve(budgets.front(), scenario.parameter_bytes());
    if (!policy.needs_budget) return std::nullopt;
    return bytes ? bytes : minimum_budget(request_of(scenario, std::nullopt), policy);
}

}  // namespace swaplab
