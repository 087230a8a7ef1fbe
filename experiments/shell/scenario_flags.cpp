#include "experiments/shell/scenario_flags.h"

#include "experiments/request/words.h"
#include "experiments/shell/values.h"
#include "experiments/text/layout.h"
#include "policies/registry.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr FlagGroup kWhat = FlagGroup::what;
constexpr FlagGroup kHow = FlagGroup::how;

// The one workload of a command line.
WorkloadChoice& workload_of(Experiment& asked) {
    if (asked.workloads.empty()) asked.workloads.emplace_back();
    return asked.workloads.front();
}

Take whole_into(std::optional<std::int64_t>& target, const char* flag) {
    return into(target, [flag](const std::string& given) { return parse_whole(flag, 1, given); });
}

void declare_requests(Flags& flags, Experiment& asked) {
    flags.once(kHow, "--requests", "N",
               "requests per model (default 1; with --duration as many as there is time for)",
               [&asked](const std::string& given) {
                   workload_of(asked).requests = parse_whole("--requests", 1, given);
               });
    flags.once(kHow, "--duration", "TIME", "nothing arrives from then on: 10s",
               [&asked](const std::string& given) {
                   workload_of(asked).duration = parse_positive_time("--duration", given);
               });
    flags.once(kHow, "--mode", "MODE",
               "cold (default): each request starts from empty memory; stream: all are queued at "
               "time 0, each latency counts from the end of the model's request before; of models "
               "without arrivals of their own",
               [&asked](const std::string& given) {
                   workload_of(asked).mode = parse_arrival_mode(given);
               });
}

void declare_noise(Flags& flags, Experiment& asked) {
    flags.on(kHow, "--noise",
             "draw durations around their means, as noisy as the device's profile says",
             asked.noise);
    flags.once(kHow, "--replications", "N",
               "runs with other draws, put together (default 1; more imply --noise)",
               whole_into(asked.replications, "--replications"));
    flags.once(kHow, "--seed", "N", "of --noise (default 0): all policies see the same draws",
               [&asked](const std::string& given) {
                   asked.seeds = {static_cast<std::uint64_t>(parse_whole("--seed", 0, given))};
               });
}

void declare_traces(Flags& flags, Experiment& asked) {
    flags.once(kHow, "--arrivals", "ARRIVALS",
               "of all models without their own: periodic:period=33ms[,offset=,jitter=], "
               "poisson:rate=30/s, bursts:rate=30/s,on=1s,off=4s (means) or "
               "closed:clients=4,think=100ms, seed=N with each; or a FILE that lists all requests: "
               "CSV with a header [model,]arrival_ns[,deadline_ns], then sorted rows, deadlines from "
               "the arrival, of two -m resnet101 the first is resnet101#1; Azure's LLM inference "
               "trace; Mooncake's JSON lines",
               [&asked](const std::string& given) {
                   choose_arrivals(workload_of(asked), given);
               });
    flags.often(kHow, "--source", "MODEL:KEYS",
                "further requests to one -m, which share its parameters with those that it has: "
                "vgg19:arrivals=poisson,rate=5/s,deadline=50ms, or period=; requests=N",
                [&asked](const std::string& given) {
                    workload_of(asked).sources.push_back(choose_source(given));
                });
    flags.once(kHow, "--budget-trace", "FILE",
               "CSV with the header time_ns,budget_bytes: the budget from then on (plain "
               "numbers), taken up between requests through lookup tables",
               [&asked](const std::string& given) { workload_of(asked).budget_trace = given; });
    flags.once(kHow, "--mode-trace", "FILE",
               "CSV with the header time_ns,mode: the mode of the device from then on, empty for "
               "its own; what runs keeps its pace, the first execution that starts afterwards "
               "takes the mode's switch_ns longer, and plans stay those of the mode at the start",
               [&asked](const std::string& given) { workload_of(asked).mode_trace = given; });
}

// The backends of this build with what they do.
std::vector<std::string> described_backends(bool with_simulation) {
    std::vector<std::string> parts;
    for (const Backend& backend : backends()) {
        const bool simulates = &backend == &simulation();
        if (backend.make == nullptr || (simulates && !with_simulation)) continue;
        std::string part(backend.name);
        if (simulates) part += " (default)";
        if (!backend.help.empty()) part += text(": {}", backend.help);
        parts.push_back(std::move(part));
    }
    return parts;
}

}  // namespace

void declare_scenario(Flags& flags, Experiment& asked) {
    flags.often(kWhat, "-m,--model", "MODEL",
                "NAME or FILE, with :key=value,...: of a built-in model input=N (pixels "
                "or tokens), dtype=float16, batch=N and tokens=N (to generate); of any "
                "period=33ms (offset=, jitter=) or arrivals= as --arrivals has them "
                "(arrivals=poisson,rate=30/s), deadline=33ms, weight=2; give it several times to "
                "run several DNNs",
                one_more_of(asked.models, choose_model));
    flags.often(kWhat, "-d,--device", "DEVICE",
                "NAME or FILE, with :mode=15W; memory= one of register, staged, managed-attach and "
                "managed-prefetch (default: none is modelled; `swaplab show device NAME` says what "
                "they cost); read=2x, execute=0.5x, ...: as many times as fast",
                one_more_of(asked.devices, choose_device));
    flags.once(kHow, "--account", "WHICH",
               "what the budget bounds: all (default) or parameters (bytes that hold weights)",
               into(asked.account, parse_account));
    flags.once(kHow, "--swap-path", "PATH",
               "zero-copy, staged or standard (default: the policy's own; with memory=staged, "
               "staged instead of zero-copy)",
               into(asked.path, parse_swap_path));
}

std::string measuring_backends_help() { return alternatives(described_backends(false), "; "); }

std::string measuring_backend_names() {
    std::vector<std::string> names;
    for (const Backend& backend : backends())
        if (backend.make != nullptr && &backend != &simulation()) names.emplace_back(backend.name);
    return alternatives(names, ", ");
}

void declare_backend(Flags& flags, Experiment& asked) {
    flags.once(kHow, "--backend", "BACKEND", alternatives(described_backends(true), "; "),
               into(asked.backend, [](const std::string& name) { return &backend_named(name); }));
}

void declare_workload(Flags& flags, Experiment& asked) {
    declare_requests(flags, asked);
    declare_noise(flags, asked);
    flags.once(
        kHow, "--dispatch", "NAME",
        "whose block is next among several DNNs: fcfs (default), round-robin (:quantum=N blocks "
        "or :quantum=request), priority (the largest weight= first) or edf (by deadline=)",
        [&asked](const std::string& given) { asked.dispatches = {make_dispatch(given)}; });
    flags.once(
        kHow, "--overrun", "RULE",
        "none (default); skip drops a request that arrives while one of its model has not "
        "ended, queue:N those beyond N that wait; abort takes back at its deadline what has "
        "not started",
        [&asked](const std::string& given) { workload_of(asked).overrun = parse_overrun(given); });
    declare_traces(flags, asked);
}

void declare_one_policy(Flags& flags, Experiment& asked) {
    flags.often(kWhat, "-p,--policy", "POLICY", "NAME[:key=value,...]",
                one_more_of(asked.policies, choose_policy));
    flags.often(kWhat, "-b,--budget", "BUDGET",
                "843MiB, 0.4x of the parameter bytes of all -m, or min of this policy",
                [&asked](const std::string& given) { add_budgets(asked.budgets, given); });
}

void declare_policies(Flags& flags, Experiment& asked, std::string_view policies,
                      std::string_view budgets) {
    flags.often(kWhat, "-p,--policy", "POLICY", text("NAME[:key=value,...]; {}", policies),
                one_more_of(asked.policies, choose_policy));
    flags.often(kWhat, "-b,--budget", "B1,B2,...", text("budgets: 843MiB, 0.4x, min{}", budgets),
                [&asked](const std::string& given) { add_budgets(asked.budgets, given); });
}

void declare_hardware(Flags& flags, BackendSetup& setup) {
    constexpr std::int64_t most = 1024;
    flags.once(kHow, "--threads", "N", "threads of one operator (default: the library's)",
               into(setup.threads, [](const std::string& given) {
                   return static_cast<int>(parse_whole("--threads", 1, given, most));
               }));
    flags.once(kHow, "--request-bytes", "SIZE",
               "of one request to storage (default: the device's, else 1MiB)",
               into(setup.request_bytes, [](const std::string& given) {
                   return parse_positive_size("--request-bytes", given);
               }));
    flags.once(kHow, "--depth", "N",
               "requests of one read in flight (default: the device's, else 8)",
               into(setup.depth, [](const std::string& given) {
                   return static_cast<std::uint32_t>(parse_whole("--depth", 1, given, most));
               }));
}

void declare_verify(Flags& flags, BackendSetup& setup) {
    flags.on(kHow, "--verify", "check the packs' checksums first", setup.verify);
}

void declare_frozen(Flags& flags, bool& frozen) {
    flags.on(kHow, "--frozen",
             "compare latencies with LibTorch's frozen, optimised model too, loaded whole "
             "afterwards (takes the model's memory twice; cpu only)",
             frozen);
}

}  // namespace swaplab
