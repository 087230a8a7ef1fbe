#include "experiments/measure/machine.h"

#include <sys/utsname.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace swaplab {

namespace {

// The value behind "key :" in a file of lines "key : value"; empty if it is not there.
std::string value_in(const std::string& file, std::string_view key) {
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);) {
        const std::size_t colon = line.find(':');
        if (!line.starts_with(key) || colon == std::string::npos) continue;
        const std::size_t from = line.find_first_not_of(" \t", colon + 1);
        return from == std::string::npos ? "" : line.substr(from);
    }
    return "";
}

Bytes memory_in(std::string_view key) {
    std::int64_t kib = 0;
    std::istringstream(value_in("/proc/meminfo", key)) >> kib;
    return {kib << 10};
}

std::string first_line(const std::string& file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return line;
}

}  // namespace

HostMachine this_machine() {
    HostMachine machine;
    machine.memory = memory_in("MemTotal");
    machine.available = memory_in("MemAvailable");
    machine.cores = std::thread::hardware_concurrency();
    utsname names{};
    if (uname(&names) == 0) {
        machine.conditions["kernel"] = std::string(names.sysname) + ' ' + names.release;
        machine.conditions["machine"] = names.machine;
    }
    const std::string governor =
        first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    machine.conditions["governor"] = governor.empty() ? "unknown" : governor;
    if (const std::string cpu = value_in("/proc/cpuinfo", "model name"); !cpu.empty())
        machine.conditions["cpu"] = cpu;
    return machine;
}

Platform unmeasured_platform(const HostMachine& machine, const std::string& name) {
    Platform platform;
    platform.name = name;
    Node& node = platform.nodes.emplace_back();
    node.name = name;
    node.compute = ComputeKind::cpu;
    node.memory.capacity = machine.memory;
    node.memory.unified = true;
    node.memory.alignment = Bytes{4096};  // what packs and direct I/O are made for
    node.host_cores = machine.cores;
    return platform;
}

}  // namespace swaplab
