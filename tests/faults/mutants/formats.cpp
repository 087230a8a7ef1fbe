#include "tests/faults/mutants/formats.h"

#include <array>
#include <stdexcept>

#include "experiments/replay/recorded_log.h"
#include "experiments/request/catalog.h"
#include "experiments/request/experiment_file.h"
#include "experiments/request/traces.h"
#include "hw/storage/pack.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/measured/measurements.h"
#include "profiles/model/model_file.h"
#include "tests/faults/mutants/command.h"
#include "tests/faults/mutants/mutate_command.h"
#include "tests/faults/mutants/mutate_table.h"
#include "tests/faults/mutants/mutate_tree.h"
#include "tests/faults/mutants/tame.h"

namespace swaplab::faults {

namespace {

constexpr int kPercentDamaged = 5;  // whose bytes are damaged after all else

enum class Order { any, by_time };

std::string finished(std::string text, Rng& random) {
    if (random.chance(kPercentDamaged)) damage(text, random);
    return text;
}

std::string mutated(const std::vector<Node>& seeds, Rng& random,
                    std::string (*write)(const Node&)) {
    Node document = one_of(seeds, random);
    mutate_tree(document, seeds, random);
    tame(document);
    return finished(write(document), random);
}

std::string mutated(const std::vector<std::string>& seeds, Rng& random, Order order) {
    Table table = table_of(one_of(seeds, random));
    mutate_table(table, random);
    if (order == Order::by_time && random.chance(80)) sort_by_time(table);
    return finished(to_csv(table), random);
}

std::string flat(const Node& document) { return to_json(document); }

// --- Commands that go deep ----------------------------------------------------------------------

constexpr std::string_view kPolicies[] = {"direct",
                                          "load-all",
                                          "standard-swap",
                                          "on-demand",
                                          "swapnet",
                                          "swapnet:delta=0.2,blocks=3",
                                          "demand-layering",
                                          "demand-layering:pipeline=async,buffer=min",
                                          "demand-layering:pipeline=sync",
                                          "pipeload",
                                          "pipeload:agents=3",
                                          "pipeswitch",
                                          "pipeswitch:group=2"};
constexpr std::string_view kBudgets[] = {"min", "0.5x", "1x", "2x", "100000", "64MiB", "5x"};
constexpr std::string_view kCommands[] = {
    "show model @/model.json --json",
    "show device @/device.json --json",
    "plan -m @/model.json -d @/device.json --json -p POLICY -b BUDGET",
    "plan -m @/model.json -d @/device.json -p swapnet --table --json",
    "run -m @/model.json -d @/device.json --json -p POLICY -b BUDGET --requests 2 --mode stream",
    "run -m @/model.json -d @/device.json -p POLICY -b BUDGET --trace @/t.svg --decisions "
    "@/l.jsonl",
    "run -m @/model.json -d @/device.json --json -p POLICY -b BUDGET --noise --replications 3 "
    "--seed 5",
    "run -m @/model.json:period=2ms,deadline=3ms -m @/model.json:weight=2 -d @/device.json --json "
    "-p POLICY -b BUDGET --dispatch edf --requests 3 --trace @/t.json",
    "run -m @/model.json -m @/model.json -d @/device.json -p POLICY -b BUDGET --dispatch "
    "round-robin "
    "--account parameters --trace @/t.pftrace",
    "compare -m @/model.json -d @/device.json -b min,1x,3x --json --csv @/c.csv --plot @/c.svg",
    "compare -m @/model.json -d @/device.json -p POLICY -p POLICY --csv @/c.csv",
    "profile --backend sim -m @/model.json -d @/device.json -o @/p.csv --json --time-limit 1s",
    "pack @/model.json --synthetic -o @/pack --json"};

// One that reads the file.
std::vector<std::string> command_on(std::string_view file, Rng& random) {
    std::string_view chosen;
    while (chosen.find(file) == std::string_view::npos) chosen = one_of(kCommands, random);
    std::vector<std::string> command = words(std::string(chosen));
    for (std::string& word : command) {
        if (word == "POLICY") word = one_of(kPolicies, random);
        if (word == "BUDGET") word = one_of(kBudgets, random);
    }
    return command;
}

// --- Mutants ------------------------------------------------------------------------------------

Mutant model_mutant(const Seeds& seeds, Rng& random) {
    return {
        {{"model.json", mutated(seeds.models, random, flat)},
         {"device.json", random.chance(50) ? plain_device() : flat(one_of(seeds.devices, random))}},
        command_on("model.json", random)};
}

Mutant device_mutant(const Seeds& seeds, Rng& random) {
    return {{{"device.json", mutated(seeds.devices, random, flat)},
             {"model.json", flat(one_of(seeds.models, random))}},
            command_on("device.json", random)};
}

Mutant lists_mutant(const Seeds& seeds, Rng& random) {
    Mutant mutant{
        {{"one.json", plain_model("one")},
         {"two.json", plain_model("two")},
         {"device.json", plain_device()},
         {"arrivals.csv", one_of(seeds.arrivals, random)},
         {"budgets.csv", one_of(seeds.budget_traces, random)},
         {"modes.csv", one_of(seeds.mode_traces, random)}},
        words("run -m @/one.json -m @/two.json -d @/device.json --arrivals @/arrivals.csv "
              "--budget-trace @/budgets.csv --mode-trace @/modes.csv --json -b 3x -p")};
    mutant.command.emplace_back(one_of(kPolicies, random));
    switch (random.between(0, 2)) {
        case 0:
            mutant.files["arrivals.csv"] = mutated(seeds.arrivals, random, Order::by_time);
            break;
        case 1:
            mutant.files["budgets.csv"] = mutated(seeds.budget_traces, random, Order::by_time);
            break;
        default:
            mutant.files["modes.csv"] = mutated(seeds.mode_traces, random, Order::by_time);
            break;
    }
    return mutant;
}

Mutant measurements_mutant(const Seeds& seeds, Rng& random) {
    Mutant mutant{{{"m.csv", mutated(seeds.measurements, random, Order::any)}},
                  words("fit @/m.csv -o @/fitted.json --json")};
    if (random.chance(20)) {
        mutant.files["model.json"] = flat(one_of(seeds.models, random));
        mutant.command.insert(mutant.command.end(),
                              {random.chance(50) ? "--layers" : "--anchor", "@/model.json"});
    }
    return mutant;
}

Mutant experiment_mutant(const Seeds& seeds, Rng& random) {
    return {
        {{"e.yaml", mutated(seeds.experiments, random, to_yaml)},
         {"one.json", plain_model("one")},
         {"two.json", plain_model("two")},
         {"device.json", plain_device()},
         {"arrivals.csv", "model,arrival_ns\none,0\ntwo,50\none,9000000\n"},
         {"budgets.csv", seeds.budget_traces.front()}},
        words("validate @/e.yaml --against emu --time-scale 0.01 --repeats 1 --json --pack-cache "
              "@/packs")};
}

Mutant log_mutant(const Seeds& seeds, Rng& random) {
    std::vector<Node> lines = one_of(seeds.logs, random);
    const bool bare = random.chance(80);  // a digest would give every other edit away
    if (bare)
        for (Node& line : lines)
            std::erase_if(line.children, [](const Node& node) { return node.key == "\"digest\""; });
    const std::vector<Node> donors = lines;
    mutate_tree(one_of(lines, random), donors, random);
    if (random.chance(10)) std::swap(one_of(lines, random), one_of(lines, random));
    if (random.chance(10))
        lines.resize(static_cast<std::size_t>(random.between(1, std::ssize(lines))));
    std::string log;
    for (const Node& line : lines) log += to_json(line) + '\n';
    return {{{"log.jsonl", finished(log, random)},
             {"one.json", plain_model("one")},
             {"two.json", plain_model("two")},
             {"device.json", plain_device()}},
            words("replay @/log.jsonl --json")};
}

Mutant pack_mutant(const Seeds& seeds, Rng& random) {
    Files files{{"device.json", plain_device()}};
    for (const auto& [name, content] : one_of(seeds.packs, random)) files["pack/" + name] = content;
    const std::string which = random.chance(60) ? "pack/index.json" : "pack/model.json";
    Node document = tree_of(parse_json(files[which], which).root);
    if (random.chance(85)) {
        mutate_tree(document, {document}, random);
        tame(document);
        files[which] = finished(to_json(document), random);
    } else {
        damage(files["pack/parameters.bin"], random);
    }
    constexpr std::string_view kUses[] = {
        "run -m @/pack -d @/device.json -p on-demand -b 2x --backend emu --time-scale 0.01 --json",
        "run -m @/pack -d @/device.json -p swapnet -b 2x --backend emu --time-scale 0.01 --verify",
        "run -m @/pack -d @/device.json -p swapnet -b 2x --backend cpu",
        "show model @/pack --json",
        "run -m @/pack -d @/device.json -p pipeload -b 2x --json",
        "plan -m @/pack -d @/device.json -p swapnet -b 2x --json",
        "profile -m @/pack -o @/p.csv"};
    return {files, words(std::string(one_of(kUses, random)))};
}

Mutant command_mutant(const Seeds& seeds, Rng& random) {
    std::vector<std::string> command = one_of(seeds.commands, random);
    mutate_command(command, one_of(seeds.commands, random), random);
    tame(command);
    Files files = frozen_inputs(command);
    return {std::move(files), std::move(command)};
}

// --- Readers ------------------------------------------------------------------------------------

void read_lists(const std::string& folder, const Mutant&) {
    const std::vector<ModelChoice> models{choose_model(folder + "/one.json"),
                                          choose_model(folder + "/two.json")};
    load_arrivals(folder + "/arrivals.csv", models);
    load_budget_trace(folder + "/budgets.csv");
    load_mode_trace(folder + "/modes.csv", load_device(folder + "/device.json"));
}

void read_log(const std::string& folder, const Mutant&) {
    RecordedLog log(folder + "/log.jsonl");
    while (log.next()) {
    }
}

// Of a command line: what comes of it decides.
void read_command(const std::string&, const Mutant&) {}

constexpr std::array kFormats{
    Format{"model", 26, model_mutant,
           [](const std::string& folder, const Mutant&) { load_model(folder + "/model.json"); }},
    Format{"device", 22, device_mutant,
           [](const std::string& folder, const Mutant&) { load_device(folder + "/device.json"); }},
    Format{"lists", 10, lists_mutant, read_lists},
    Format{"measurements", 14, measurements_mutant,
           [](const std::string& folder, const Mutant&) { load_measurements(folder + "/m.csv"); }},
    Format{"experiment", 2, experiment_mutant,
           [](const std::string& folder, const Mutant&) { load_experiment(folder + "/e.yaml"); }},
    Format{"log", 8, log_mutant, read_log},
    Format{"pack", 6, pack_mutant,
           [](const std::string& folder, const Mutant&) { Pack pack(folder + "/pack"); }},
    Format{"command", 12, command_mutant, read_command},
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

Numbered mutant_of(const Seeds& seeds, std::uint64_t seed, std::uint64_t number,
                   std::string_view only) {
    Rng random(seed * 1000003 + number);
    int shares = 0;
    for (const Format& format : kFormats)
        if (only.empty() || format.name == only) shares += format.share;
    if (shares == 0) throw std::invalid_argument(text("no format '{}'", only));
    std::int64_t at = random.between(0, shares - 1);
    for (const Format& format : kFormats) {
        if (!only.empty() && format.name != only) continue;
        at -= format.share;
        if (at < 0) return {&format, format.mutate(seeds, random)};
    }
    throw std::logic_error("shares do not add up");
}

}  // namespace swaplab::faults
