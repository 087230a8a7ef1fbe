#include "tests/faults/mutants/seeds.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "profiles/base/text.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"
#include "tests/faults/mutants/command.h"
#include "tests/support/divided_model.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/sharing_model.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::faults {

namespace {

namespace fs = std::filesystem;
using namespace swaplab::testing;

constexpr std::size_t kMostBytes = 9000;  // of a seed: planning goes by layers

const fs::path kFrozen = fs::path(SWAPLAB_SOURCE_DIR) / "tests/frozen";

// Names in the order of the alphabet, so that seeds are the same everywhere.
std::vector<fs::path> frozen(const std::string& folder, const std::string& ending) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(kFrozen / folder))
        if (entry.path().extension() == ending) paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
}

Node parsed(const std::string& json) { return tree_of(parse_json(json, "seed").root); }

std::vector<Node> frozen_documents(const std::string& folder, std::size_t most_bytes) {
    std::vector<Node> documents;
    for (const fs::path& path : frozen(folder, ".json"))
        if (fs::file_size(path) <= most_bytes) documents.push_back(parsed(read_file(path)));
    return documents;
}

std::vector<Node> models() {
    std::vector<Node> models = frozen_documents("models", kMostBytes);
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const ModelShape shape{.scale = seed % 3 == 0 ? 9 : std::int64_t{1} << 20,
                               .percent_grouped = seed % 2 == 0 ? 30 : 0,
                               .percent_stored = 20};
        models.push_back(parsed(write_model(*random_model(seed, shape))));
        models.push_back(parsed(write_model(*sharing_model(seed, seed % 2 == 0 ? 3 : 0))));
        models.push_back(parsed(write_model(*divided_model(seed, 5, 5000, seed % 4).divided)));
    }
    return models;
}

std::vector<Node> devices() {
    std::vector<Node> devices = frozen_documents("devices", kMostBytes);
    for (const std::string& name : builtin_device_names())
        devices.push_back(parsed(write_device(*builtin_device(name))));
    for (std::uint64_t seed = 1; seed <= 24; ++seed) {
        const PlatformShape shape{.fractional = seed % 2 == 0,
                                  .contention = seed % 3 == 0,
                                  .speed_ups = seed % 6 == 0,
                                  .concurrency = true,
                                  .read_table = true,
                                  .fresh = true,
                                  .after_idle = seed % 4 == 0,
                                  .host_time = true,
                                  .most_assemble_lanes = 3};
        devices.push_back(parsed(write_device(random_platform(seed, shape))));
    }
    return devices;
}

constexpr std::string_view kExperiments[] = {
    R"({"schema": "swaplab/experiment/1", "models": ["one.json"], "devices": ["device.json"],
        "policies": ["on-demand", {"name": "demand-layering", "pipeline": ["two-stage", "async"]}],
        "budgets": {"from": "1.1x", "to": "1.3x", "steps": 3},
        "workloads": [{"mode": "stream", "requests": 2}, {"requests": 1}],
        "dispatch": ["fcfs", {"name": "round-robin", "quantum": "request"}], "replications": 2,
        "seed": 7})",
    R"({"schema": "swaplab/experiment/1", "models": ["one.json:period=33ms,deadline=40ms",
        {"name": "two.json", "weight": 2}], "together": true, "devices": [{"name": "device.json",
        "mode": "slow"}], "policies": ["swapnet:blocks=3", "pipeload"],
        "budgets": ["min", "2x", 400000],
        "workload": {"arrivals": "arrivals.csv", "budget_trace": "budgets.csv"},
        "noise": true, "seeds": [1, 2], "dispatch": "edf"})"};

std::vector<std::string> tables(const std::string& folder, const std::string& part) {
    std::vector<std::string> tables;
    for (const fs::path& path : frozen(folder, ".csv")) {
        const std::string name = path.stem();
        if (name.find("bad") == std::string::npos && name.find(part) != std::string::npos)
            tables.push_back(read_file(path));
    }
    return tables;
}

std::vector<std::string> arrivals() {
    std::vector<std::string> lists;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        Rng random(seed);
        std::string list = "model,arrival_ns,deadline_ns\n";
        for (std::int64_t at = 0, i = 0; i < 8; ++i, at += random.between(0, 3000000))
            list += text("{},{},{}\n", i % 2 == 0 || random.chance(30) ? "one" : "two", at,
                         random.chance(50) ? std::to_string(random.between(1, 5000000)) : "");
        lists.push_back(list);
    }
    return lists;
}

std::vector<std::string> budget_traces() {
    return {"time_ns,budget_bytes\n0,900000\n2000000,300000\n5000000,600000\n",
            "time_ns,budget_bytes\n50000,500000\n700000,450000\n", "time_ns,budget_bytes\n"};
}

std::vector<Node> lines_of(const std::string& log) {
    std::vector<Node> lines;
    std::istringstream stream(log);
    for (std::string line; std::getline(stream, line);) lines.push_back(parsed(line));
    return lines;
}

// One per policy, of two models, a mode trace and a budget trace.
std::vector<std::vector<Node>> logs(const std::string& scratch) {
    write_file(scratch + "/one.json", plain_model("one"));
    write_file(scratch + "/two.json", plain_model("two"));
    write_file(scratch + "/device.json", plain_device());
    write_file(scratch + "/budgets.csv", budget_traces().front());
    std::vector<std::vector<Node>> logs;
    for (const char* policy : {"load-all", "on-demand", "swapnet", "demand-layering:pipeline=async",
                               "pipeload", "pipeswitch", "standard-swap"}) {
        const std::string log = scratch + "/log.jsonl";
        std::vector<std::string> command = words(
            "run -m @/one.json -m @/two.json:period=3ms -d @/device.json -b 3x --requests 2 "
            "--mode stream -q --decisions @/log.jsonl -p");
        command.emplace_back(policy);
        if (logs.size() % 2 == 1)
            command.insert(command.end(), {"--budget-trace", "@/budgets.csv"});
        if (run_command(placed(command, scratch)).code == 0)
            logs.push_back(lines_of(read_file(log)));
    }
    return logs;
}

std::vector<Files> packs(const std::string& scratch, const std::vector<Node>& models) {
    std::vector<Files> packs;
    for (const Node& model : models) {
        write_file(scratch + "/source.json", to_json(model));
        const std::string folder = scratch + "/pack" + std::to_string(packs.size());
        const std::vector<std::string> command{
            "pack", scratch + "/source.json", "--synthetic", "-o", folder, "-q"};
        if (run_command(command).code != 0) continue;
        Files files;
        for (const char* name : {"index.json", "model.json", "parameters.bin"})
            files[name] = read_file(folder + "/" + name);
        if (files["parameters.bin"].size() < (1 << 18)) packs.push_back(files);
        if (packs.size() == 6) break;
    }
    return packs;
}

// Of tests/digests those that are quick: on small files, with nothing that is paced or piped.
std::vector<std::vector<std::string>> commands() {
    std::vector<std::vector<std::string>> commands;
    std::istringstream lines(read_file(kFrozen / "../digests/commands.txt"));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line.front() == '#' || line.find("&&") != std::string::npos) continue;
        std::vector<std::string> command = words(line);
        command.erase(command.begin());
        for (std::string& word : command) word = with_frozen_paths(word);
        const Files inputs = frozen_inputs(command);
        const bool small = std::ranges::all_of(
            inputs, [](const auto& file) { return file.second.size() <= kMostBytes; });
        if (small && !inputs.empty()) commands.push_back(command);
    }
    return commands;
}

}  // namespace

std::string plain_model(const std::string& name) {
    return R"({"schema": "swaplab/model/1", "name": ")" + name +
           R"(", "input_bytes": 4096, "layers": [
  {"name": "a", "op": "conv2d", "parameter_bytes": 40960, "parameter_tensors": 2,
   "macs": 200000, "output_bytes": 8192},
  {"name": "b", "op": "conv2d", "parameter_bytes": 61440, "parameter_tensors": 2,
   "macs": 300000, "output_bytes": 8192, "workspace_bytes": 4096},
  {"name": "c", "op": "elementwise", "inputs": ["a", "b"], "parameter_bytes": 0,
   "other_ops": 4096, "output_bytes": 8192},
  {"name": "d", "op": "linear", "parameter_bytes": 102400, "parameter_tensors": 1,
   "macs": 51200, "output_bytes": 400}]})";
}

std::string plain_device() {
    return R"({"schema": "swaplab/device/1", "name": "plain", "compute": "cpu",
 "memory": {"capacity_bytes": 1073741824, "unified": true},
 "read": {"ns_per_byte": 1.0, "ns_per_request": 2000, "request_bytes": 65536,
          "concurrency": [1.0, 1.5]},
 "assemble": {"ns_per_tensor": 2000, "lanes": 2}, "release": {"ns_per_tensor": 500},
 "execute": {"*": {"ns_per_flop": 0.5, "ns_per_layer": 2000}},
 "contention": {"execute": {"read": 1.05}, "read": {"execute": 1.02}},
 "noise": {"read_cv": 0.03, "execute_cv": 0.01},
 "power": {"idle_w": 2.0, "execute_w": 3.0},
 "modes": [{"name": "slow", "execute_scale": 2.0, "read_scale": 1.5},
           {"name": "fast", "execute_scale": 0.5}]})";
}

Seeds make_seeds(const std::string& scratch) {
    Seeds seeds;
    seeds.models = models();
    seeds.devices = devices();
    for (const std::string_view experiment : kExperiments)
        seeds.experiments.push_back(parsed(std::string(experiment)));
    seeds.measurements = tables("measurements", "");
    seeds.arrivals = arrivals();
    seeds.budget_traces = budget_traces();
    seeds.mode_traces = {"time_ns,mode\n100000,slow\n1500000,fast\n3000000,\n",
                         "time_ns,mode\n0,fast\n900000,slow\n"};
    seeds.logs = logs(scratch);
    std::vector<Node> small = seeds.models;
    small.insert(small.begin(), parsed(plain_model("one")));
    seeds.packs = packs(scratch, small);
    seeds.commands = commands();
    return seeds;
}

}  // namespace swaplab::faults
