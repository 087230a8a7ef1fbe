#include "hw/host/process.h"

#include <malloc.h>

#include <fstream>
#include <sstream>
#include <string>

namespace swaplab {

namespace {

constexpr std::int64_t kKib = 1024;

// The number behind `key` in a file of lines "key: value ..."; nothing if it is not there.
std::optional<std::int64_t> number_of(const char* path, const std::string& key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(key)) continue;
        std::istringstream rest(line.substr(key.size()));
        std::int64_t value = 0;
        if (rest >> value) return value;
    }
    return std::nullopt;
}

std::optional<Bytes> content_of(const std::string& path) {
    std::ifstream file(path);
    std::int64_t value = 0;
    if (file >> value) return Bytes{value};
    return std::nullopt;
}

}  // namespace

ProcessMemory process_memory() {
    const auto bytes = [](const char* key) {
        return Bytes{number_of("/proc/self/status", key).value_or(0) * kKib};
    };
    return {bytes("VmRSS:"), bytes("VmHWM:")};
}

bool reset_resident_peak() {
    std::ofstream file("/proc/self/clear_refs");
    file << "5" << std::flush;
    return file.good();
}

std::optional<Bytes> bytes_read_from_storage() {
    const auto bytes = number_of("/proc/self/io", "read_bytes:");
    return bytes ? std::optional(Bytes{*bytes}) : std::nullopt;
}

std::optional<Bytes> cgroup_memory_peak() {
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        if (line.starts_with("0::"))
            if (const auto peak = content_of("/sys/fs/cgroup" + line.substr(3) + "/memory.peak"))
                return peak;
        const std::size_t at = line.find(":memory:");
        if (at == std::string::npos) continue;
        const std::string group = line.substr(at + 8);
        return content_of("/sys/fs/cgroup/memory" + group + "/memory.max_usage_in_bytes");
    }
    return std::nullopt;
}

std::optional<Bytes> memory_available() {
    const auto kib = number_of("/proc/meminfo", "MemAvailable:");
    return kib ? std::optional(Bytes{*kib * kKib}) : std::nullopt;
}

void trim_heap() { malloc_trim(0); }

ProcessWatch::ProcessWatch() {
    trim_heap();
    if (reset_resident_peak()) resident_before_ = process_memory().resident;
    begin_reading();
}

void ProcessWatch::tell(Evidence& evidence) const {
    const std::optional<Bytes> read = bytes_read_from_storage();
    if (read && read_before_) evidence.read_from_storage = *read - *read_before_;
    if (resident_before_)
        evidence.resident_growth = process_memory().resident_peak - *resident_before_;
    evidence.cgroup_peak = cgroup_memory_peak();
}

}  // namespace swaplab
