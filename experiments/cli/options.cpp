#include "experiments/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "experiments/cli/help.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr const char* kWhat = "What is run";
constexpr const char* kHow = "How";
constexpr const char* kOutput = "Output";

std::string environment_name(const std::string& flag) {
    std::string name = "SWAPLAB_";
    for (const char c : flag)
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

// Adds options to one command; `names` is as CLI11 takes it: "-d,--device".
class Adder {
  public:
    Adder(CLI::App& app, const char* group) : app_(app), group_(group) {}

    template <class Target>
    void value(const std::string& names, Target& target, const char* value_name,
               const std::string& help) {
        finish(
            app_.add_option(names, target, help)->type_name(value_name)->allow_extra_args(false));
    }
    void flag(const std::string& names, bool& target, const std::string& help) {
        finish(app_.add_flag(names, target, help));
    }

  private:
    void finish(CLI::Option* option) {
        option->group(group_)->envname(environment_name(option->get_lnames().front()));
    }
    CLI::App& app_;
    const char* group_;
};

void add_scenario(CLI::App& app, Options& options) {
    Adder what(app, kWhat);
    what.value("-m,--model", options.models, "MODEL",
               "NAME or FILE, with :key=value,...: of a built-in model input=N (pixels "
               "or tokens), dtype=float16, batch=N and tokens=N (to generate); of any period=33ms, "
               "deadline=33ms, weight=2; give it several times to run several DNNs");
    what.value("-d,--device", options.device, "DEVICE",
               "NAME or FILE, with :mode=15W, or memory= one of register, staged, managed-attach "
               "and managed-prefetch (default: none is modelled; `swaplab show device NAME` says "
               "what they cost)");
    Adder how(app, kHow);
    how.value("--account", options.account, "WHICH",
              "what the budget bounds: all (default) or parameters (bytes that hold weights)");
    how.value("--swap-path", options.swap_path, "PATH",
              "zero-copy, staged or standard (default: the policy's own; with memory=staged, "
              "staged instead of zero-copy)");
}

void add_backend(CLI::App& app, Options& options) {
    Adder(app, kHow).value(
        "--backend", options.backend, "BACKEND",
        "sim (default); emu: the device's pace, memory and rules in real time, on "
        "this machine; or cpu: this machine itself, executing packed models");
}

void add_workload(CLI::App& app, Options& options) {
    Adder how(app, kHow);
    how.value("--requests", options.requests, "N", "requests per model (default 1)");
    how.value("--mode", options.mode, "MODE",
              "cold (default): each request starts from empty memory; stream: all are queued at "
              "time 0, each latency counts from the end of the model's request before; models with "
              "a period arrive by it");
    how.flag("--noise", options.noise,
             "draw durations around their means, as noisy as the device's profile says");
    how.value("--replications", options.replications, "N",
              "runs with other draws, put together (default 1; more imply --noise)");
    how.value("--seed", options.seed, "N",
              "of --noise (default 0): all policies see the same draws");
    how.value(
        "--dispatch", options.dispatch, "NAME",
        "whose block is next among several DNNs: fcfs (default), round-robin (:quantum=N blocks "
        "or :quantum=request), priority (the largest weight= first) or edf (by deadline=)");
    how.value("--arrivals", options.arrivals, "FILE",
              "CSV of all requests instead of --requests and --mode: a header "
              "model,arrival_ns[,deadline_ns], then sorted rows; deadlines count from the arrival; "
              "of two -m resnet101 the first is resnet101#1");
}

void add_single_policy(CLI::App& app, Options& options) {
    Adder what(app, kWhat);
    what.value("-p,--policy", options.policies, "POLICY", "NAME[:key=value,...]");
    what.value("-b,--budget", options.budgets, "BUDGET",
               "843MiB, 0.4x of the parameter bytes of all -m, or min of this policy");
}

void add_records(CLI::App& app, Options& options) {
    Adder output(app, kOutput);
    output.value("--trace", options.trace, "FILE",
                 "the timeline: .pftrace (open it with ui.perfetto.dev; at most 4 million slices), "
                 ".json (Chrome trace events; 1 million) or .svg (a drawing; 20 thousand)");
    output.value("--trace-window", options.trace_window, "FROM..TO",
                 "the part of the timeline to write: 10ms..50ms, ..50ms, 10ms..");
    output.value("--decisions", options.decisions, "FILE", "the decision log, as JSON lines");
}

void add_output(CLI::App& app, Options& options) {
    Adder output(app, kOutput);
    output.flag("--json", options.json, "write JSON to standard output");
    output.flag("-q,--quiet", options.quiet, "no notes and no progress");
    output.flag("-v,--verbose", options.verbose, "progress as plain lines, too");
    output.flag("--no-color", options.no_color, "no escape codes (so does NO_COLOR)");
}

void add_comparison(CLI::App& app, Options& options) {
    Adder what(app, kWhat);
    what.value("-p,--policy", options.policies, "POLICY",
               "NAME[:key=value,...]; give it several times (default: all policies)");
    what.value("-b,--budget", options.budgets, "B1,B2,...",
               "budgets: 843MiB, 0.4x, min (default 0.2x to 1.0x in steps of 0.1x)");
    Adder output(app, kOutput);
    output.value("--metric", options.metric, "METRIC",
                 "what the table shows: latency (default), slowdown, peak or energy");
    output.value("--csv", options.csv, "FILE", "one row per cell, all metrics in base units");
    output.value("--plot", options.plot, "FILE", "latency against budget, as SVG");
}

void add_validation(CLI::App& app, Options& options) {
    app.add_option("experiment", options.experiment);
    Adder what(app, kWhat);
    what.value("-p,--policy", options.policies, "POLICY", "NAME[:key=value,...]; once or more");
    what.value("-b,--budget", options.budgets, "B1,B2,...", "budgets: 843MiB, 0.4x, min");
    what.flag("--together", options.together,
              "all -m run at once; else each is a study of its own, one after the other");
    Adder how(app, kHow);
    how.value("--against", options.against, "BACKEND",
              "what is measured: emu (the device emulated in real time), cpu or cuda");
    how.value("--repeats", options.repeats, "N",
              "measured runs of each configuration, interleaved (default 5), after one round that "
              "is not recorded");
    how.value(
        "--gate", options.gates, "GATES",
        "exit with 4 if one is missed, of median=3%,p95=7% (error of latency), "
        "overhead=1.5 and overhead-p95=4 (points), tau=0.95, regret=1%, skill=0.7, floor=2, "
        "noisy=10% (configurations that vary more than 3 %), peak=1%, reads=1%, outputs=1 "
        "(the share that is equal), memory=1 (the share within the budget), worst=1% (error of "
        "latency), bytes=1 and order=1 (the share with exactly the same bytes, and decisions "
        "and completions in the same order, as in simulation)");
    Adder output(app, kOutput);
    output.value("--csv", options.csv, "FILE", "one row per configuration and repeat");
    output.value("--plot", options.plot, "FILE", "predicted against measured, as SVG");
    output.value("--trace", options.trace, "FILE",
                 "the first configuration's simulation and measurement in one timeline: .pftrace, "
                 ".json or .svg");
}

void add_fit(CLI::App& app, Options& options) {
    app.add_option("measurements", options.measurements);
    Adder what(app, kWhat);
    what.value("--name", options.name, "NAME",
               "of the device (default: what the file says, else the stem of -o)");
    what.value("--own-mode", options.own_mode, "NAME",
               "the operating mode whose rows are the device's own (default: rows without a mode)");
    what.value("--anchor", options.anchor, "MODEL.json",
               "a model file that gets how long it executes as a whole, as an anchor: the mean of "
               "the execute rows labelled with the model's name, which then feed no line");
    what.value("--layers", options.layers, "MODEL",
               "a model file or a pack whose model gets how long each of its layers executes, from "
               "the rows labelled with their names, and that it was measured on this device");
    Adder(app, kOutput)
        .value("-o,--output", options.output, "DEVICE.json",
               "the device file to write (default: none, the report only)");
}

// How real storage and real models are used.
void add_hardware(CLI::App& app, Options& options) {
    Adder how(app, kHow);
    how.value("--threads", options.threads, "N",
              "threads of one operator (default: the library's)");
    how.value("--request-bytes", options.request_bytes, "SIZE",
              "of one request to storage (default: the device's, else 1MiB)");
    how.value("--depth", options.depth, "N",
              "requests of one read in flight (default: the device's, else 8)");
}

// How a device is emulated in real time.
void add_emulation(CLI::App& app, Options& options) {
    Adder how(app, kHow);
    how.value("--time-scale", options.time_scale, "N",
              "of emu: so many times as slow as the device; auto (default): as fast as this host's "
              "storage can while it reads 1.5 times what the profile asks for, and not faster "
              "than real time");
    how.value(
        "--lateness", options.lateness, "BOUND",
        "of emu: a run in which more than 5 % of a lane's activities end later than this, in the "
        "device's time, is invalid: a share of the mean latency (default 1%), or 500us");
    how.flag("--page-cache", options.page_cache,
             "of emu: reads go through the host's page cache and stay in it");
    how.value(
        "--execute", options.execute, "HOW",
        "of emu: model (default) keeps the time that the profile gives; torch really executes "
        "a packed model within it");
    how.value("--memory-hog", options.memory_hog, "SIZE",
              "of emu: another program that takes and touches so much memory meanwhile");
    how.value("--memory-fence", options.memory_fence, "SIZE",
              "of emu: a cgroup's limit, as a second fence around the run");
    how.value("--pack-cache", options.pack_cache, "DIR",
              "of emu: where packs made for models without one are kept (default "
              "~/.cache/swaplab/packs)");
}

void add_frozen(CLI::App& app, Options& options) {
    Adder(app, kHow).flag("--frozen", options.frozen,
                          "compare latencies with LibTorch's frozen, optimised model too, loaded "
                          "whole afterwards (takes the model's memory twice; cpu only)");
}

void add_pack(CLI::App& app, Options& options) {
    app.add_option("script", options.script);
    Adder what(app, kWhat);
    what.flag("--synthetic", options.synthetic,
              "of a model's sizes, with pseudo-random bytes: for reads that are real where weights "
              "do not matter");
    what.value("--seed", options.seed, "N", "of these bytes (default 0)");
    what.value("--name", options.name, "NAME", "of the model (default: the file's stem)");
    what.value("--input", options.inputs, "SHAPE",
               "1x3x224x224, or 1x128:int64 (default type float32); once per input (default: what "
               "the file says itself)");
    Adder(app, kHow).flag("--verify", options.verify, "read everything again and check it");
    Adder(app, kOutput).value("-o,--output", options.output, "DIR", "the pack, a new folder");
}

void add_profile(CLI::App& app, Options& options) {
    Adder what(app, kWhat);
    what.value("-m,--model", options.models, "DIR", "a pack");
    what.value("-b,--budget", options.budgets, "SIZE",
               "how much memory parameters may take (default: the model's size, half of what is "
               "free at most)");
    what.value("-d,--device", options.device, "DEVICE",
               "with --backend sim only: the device that is measured");
    what.value("--name", options.name, "NAME",
               "of this device (default: what fit is told, or the stem of its -o)");
    Adder how(app, kHow);
    how.value("--backend", options.measured, "BACKEND", "cpu (default), or sim for a rehearsal");
    how.value("--error", options.error, "SHARE",
              "measure until what every line adds to the error of a request is less (default 2%)");
    how.value("--time-limit", options.time_limit, "TIME", "... or this has passed (default 120s)");
    how.flag("--noise", options.noise, "with --backend sim: draw durations");
    how.value("--seed", options.seed, "N", "of --noise (default 0)");
    add_hardware(app, options);
    Adder(app, kOutput)
        .value("-o,--output", options.output, "FILE.csv",
               "the measurements (default measurements.csv)");
}

void add_options(CommandKind command, CLI::App& app, Options& options) {
    switch (command) {
        case CommandKind::list: app.add_option("what", options.what); break;
        case CommandKind::show:
            app.add_option("what", options.what);
            app.add_option("name", options.name);
            Adder(app, kOutput).flag("--all", options.all, "all layers of a model");
            break;
        case CommandKind::reproduce: app.add_option("name", options.name); break;
        case CommandKind::plan:
            add_single_policy(app, options);
            add_scenario(app, options);
            add_backend(app, options);
            Adder(app, kOutput)
                .flag("--table", options.table,
                      "the lookup table of every model, over all budgets, instead of one plan");
            break;
        case CommandKind::run:
            add_single_policy(app, options);
            add_scenario(app, options);
            add_backend(app, options);
            add_workload(app, options);
            Adder(app, kHow).value(
                "--budget-trace", options.budget_trace, "FILE",
                "CSV with the header time_ns,budget_bytes: the budget from then on (plain "
                "numbers), taken up between requests through lookup tables");
            Adder(app, kHow).value(
                "--mode-trace", options.mode_trace, "FILE",
                "CSV with the header time_ns,mode: the mode of the device from then on, empty for "
                "its own; what runs keeps its pace, the first execution that starts afterwards "
                "takes the mode's switch_ns longer, and plans stay those of the mode at the start");
            add_hardware(app, options);
            add_emulation(app, options);
            add_frozen(app, options);
            Adder(app, kHow).flag("--verify", options.verify, "check the packs' checksums first");
            add_records(app, options);
            break;
        case CommandKind::compare:
            add_scenario(app, options);
            add_backend(app, options);
            add_comparison(app, options);
            add_workload(app, options);
            add_emulation(app, options);
            break;
        case CommandKind::fit: add_fit(app, options); break;
        case CommandKind::pack: add_pack(app, options); break;
        case CommandKind::profile: add_profile(app, options); break;
        case CommandKind::validate:
            add_scenario(app, options);
            add_validation(app, options);
            add_workload(app, options);
            add_hardware(app, options);
            add_emulation(app, options);
            add_frozen(app, options);
            break;
        case CommandKind::replay: app.add_option("log", options.name); break;
    }
    add_output(app, options);
}

std::string shown_names(const CLI::Option& option) {
    std::string names = option.get_name(false, true);
    if (const std::size_t comma = names.find(','); comma != std::string::npos)
        names.insert(comma + 1, " ");
    if (option.get_items_expected_max() > 0 && !option.get_type_name().empty())
        names += ' ' + option.get_type_name();
    return names;
}

// The options of a command by group, in the order in which a reader needs them.
std::vector<OptionGroup> groups_of(const CLI::App& app) {
    std::vector<OptionGroup> groups;
    for (const char* title : {kWhat, kHow, kOutput}) {
        OptionGroup group{title, {}};
        for (const CLI::Option* option : app.get_options())
            if (option->get_group() == title)
                group.options.push_back({shown_names(*option), option->get_description()});
        if (!group.options.empty()) groups.push_back(std::move(group));
    }
    groups.back().options.push_back({"-h, --help", "this text"});
    return groups;
}

std::vector<std::string> flags_of(const CLI::App& app) {
    std::vector<std::string> flags;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    return flags;
}

[[noreturn]] void refuse(const std::string& command, const std::string& message) {
    const std::string name = command.empty() ? "swaplab" : "swaplab " + command;
    throw InputError(text("{}; see `{} --help`", message, name));
}

void refuse_leftover(const CLI::App& app, const std::string& argument) {
    if (argument.size() > 1 && argument.front() == '-') {
        const std::string flag = argument.substr(0, argument.find('='));
        refuse(app.get_name(), text("unknown flag '{}'{}", flag, suggestion(flag, flags_of(app))));
    }
    if (app.get_parent() != nullptr)
        refuse(app.get_name(), text("unexpected argument '{}'", argument));
    std::vector<std::string> names;
    for (const CommandHelp& command : commands()) names.emplace_back(command.name);
    refuse("", text("unknown command '{}'{}", argument, suggestion(argument, names)));
}

// What CLI11 says about a wrong number of values, in words.
std::string mismatch(const CLI::ArgumentMismatch& error) {
    const std::string message = error.what();
    const std::string flag = message.substr(0, message.find(':'));
    if (message.find("missing") != std::string::npos) return flag + " needs a value";
    if (message.find("received") != std::string::npos) return flag + " may be given once only";
    return message;
}

bool negative_number(const std::string& argument) {
    return argument.size() > 1 && argument[0] == '-' &&
           std::isdigit(static_cast<unsigned char>(argument[1])) != 0;
}

// Two spellings that CLI11 does not take for what people mean: "-b -5", where it sees a flag
// instead of a value whose own message ("must be positive") helps more; and "-b=0.4x".
std::vector<std::string> respelled(const std::vector<std::string>& arguments) {
    std::vector<std::string> respelled;
    for (std::string argument : arguments) {
        const bool short_flag = argument.size() > 2 && argument[0] == '-' && argument[1] != '-';
        if (short_flag && argument[2] == '=') argument.erase(2, 1);
        const bool after_flag = !respelled.empty() && respelled.back().starts_with('-') &&
                                respelled.back().find('=') == std::string::npos;
        if (!negative_number(argument) || !after_flag)
            respelled.push_back(std::move(argument));
        else if (respelled.back().starts_with("--"))
            respelled.back() += '=' + argument;
        else
            respelled.back() += argument;
    }
    return respelled;
}

// The options of the command that was given.
Parsed options_of(const CLI::App& app, const std::vector<Options>& of_commands,
                  const std::vector<std::string>& arguments) {
    const std::vector<CLI::App*> chosen = app.get_subcommands();
    if (const auto left = app.remaining(); !left.empty()) refuse_leftover(app, left.front());
    if (chosen.empty())
        refuse("",
               "a command is needed: list, show, plan, run, compare, fit, pack, profile, validate, "
               "replay or reproduce");
    if (const auto left = chosen.front()->remaining(); !left.empty())
        refuse_leftover(*chosen.front(), left.front());
    Options options;
    for (std::size_t i = 0; i < of_commands.size(); ++i) {
        if (commands()[i].name != chosen.front()->get_name()) continue;
        options = of_commands[i];
        options.command = commands()[i].command;
    }
    options.arguments = arguments;
    return options;
}

}  // namespace

Parsed parse_options(int argc, const char* const* argv) {
    // One of each command: what the environment says to one that was not given is not for the one
    // that was, above whose flags it would stand.
    std::vector<Options> options(commands().size());

    CLI::App app("swaplab");
    app.allow_extras()->require_subcommand(0, 1);
    app.set_version_flag("--version", std::string("swaplab ") + SWAPLAB_VERSION + "\n");
    for (std::size_t i = 0; i < options.size(); ++i) {
        const CommandHelp& command = commands()[i];
        CLI::App& sub = *app.add_subcommand(std::string(command.name));
        sub.allow_extras();
        add_options(command.command, sub, options[i]);
    }

    const std::vector<std::string> given(argv + std::min(argc, 1), argv + argc);
    std::vector<std::string> arguments = respelled(given);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 parses from the back
    const auto chosen = [&]() -> const CommandHelp* {
        for (const CommandHelp& command : commands())
            if (app.got_subcommand(std::string(command.name))) return &command;
        return nullptr;
    };
    try {
        app.parse(arguments);
    } catch (const CLI::CallForVersion& version) {
        return std::string(version.what());
    } catch (const CLI::CallForHelp&) {
        if (chosen() == nullptr) return general_help();
        return help_of(*chosen(), groups_of(*app.get_subcommand(std::string(chosen()->name))));
    } catch (const CLI::ArgumentMismatch& error) {
        refuse(chosen() == nullptr ? "" : std::string(chosen()->name), mismatch(error));
    } catch (const CLI::ParseError& error) {
        refuse(chosen() == nullptr ? "" : std::string(chosen()->name), error.what());
    }
    return options_of(app, options, given);
}

}  // namespace swaplab
