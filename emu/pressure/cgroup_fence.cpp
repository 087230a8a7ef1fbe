#include "emu/pressure/cgroup_fence.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::string_view kPrefix = "swaplab-";

std::vector<std::string> words(const std::string& line) {
    std::istringstream stream(line);
    return {std::istream_iterator<std::string>(stream), {}};
}

bool has_word(std::string list, const std::string& word) {
    std::ranges::replace(list, ',', ' ');
    const std::vector<std::string> all = words(list);
    return std::ranges::find(all, word) != all.end();
}

// Where `path` of a hierarchy lies: below the first mount of it that shows it.
std::optional<std::string> folder_of(const std::string& path, std::istream& mounts, int version) {
    for (std::string line; std::getline(mounts, line);) {
        const std::vector<std::string> all = words(line);
        const auto dash = std::ranges::find(all, "-");
        if (all.end() - dash < 4 || dash - all.begin() < 6) continue;
        if (dash[1] != (version == 1 ? "cgroup" : "cgroup2")) continue;
        if (version == 1 && !has_word(dash[3], "memory")) continue;
        const std::string& root = all[3];
        const std::string below = root == "/" ? "" : root;
        if (!path.starts_with(below)) continue;
        const std::string rest = path.substr(below.size());
        if (!rest.empty() && rest.front() != '/') continue;
        return all[4] + (rest == "/" ? "" : rest);
    }
    return std::nullopt;
}

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The reason where it did not work.
std::optional<std::string> write_to(const std::string& path, const std::string& value) {
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    const bool good =
        file >= 0 && write(file, value.data(), value.size()) == static_cast<ssize_t>(value.size());
    const int error = errno;
    if (file >= 0) close(file);
    if (good) return std::nullopt;
    return text("cannot write {} to {}: {}", value, path, std::strerror(error));
}

}  // namespace

std::optional<MemoryCgroup> memory_cgroup(std::istream& groups, std::istream& mounts,
                                          std::string& why) {
    // Lines are ID:CONTROLLERS:PATH. One hierarchy has the memory controller: version 1 names it.
    std::optional<std::string> path;
    int version = 2;
    for (std::string line; std::getline(groups, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const bool is_memory = has_word(controllers, "memory");
        if (is_memory || (version == 2 && line.starts_with("0::"))) path = line.substr(second + 1);
        if (is_memory) version = 1;
    }
    const auto folder = path ? folder_of(*path, mounts, version) : std::nullopt;
    if (folder) return MemoryCgroup{*folder, version};
    why = path ? text("the cgroup hierarchy of {} is not mounted", *path)
               : "this process is in no cgroup";
    return std::nullopt;
}

CgroupFence::CgroupFence(const MemoryCgroup& home)
    : home_(home),
      folder_(text("{}/{}{}-{}", home.folder, kPrefix, getpid(), start_of_process(getpid()))) {}

// Version 2 has processes in leaves only, so the controller can be had below us only when we have
// gone there and nobody else is where we were (the root is exempt).
std::optional<std::string> CgroupFence::enable_controller() {
    const std::string below = home_.folder + "/cgroup.subtree_control";
    if (has_word(content_of(below), "memory")) return std::nullopt;
    if (!has_word(content_of(home_.folder + "/cgroup.controllers"), "memory"))
        return text("the memory controller is not available in {}", home_.folder);
    if (const auto error = write_to(below, "+memory"))
        return text(
            "{} (if other processes are in that group: start in one of your own, as by "
            "systemd-run --user --scope -p Delegate=yes)",
            *error);
    enabled_ = true;
    warden_->note_controller();
    return std::nullopt;
}

std::optional<std::string> CgroupFence::close_in(Bytes limit) {
    if (mkdir(folder_.c_str(), 0755) != 0)
        return text("cannot create {}: {}", folder_, std::strerror(errno));
    made_ = true;
    warden_.emplace(CgroupPlace{home_.folder, folder_});
    if (warden_->process() < 0) return text("no process to remove it: {}", std::strerror(errno));
    // It comes along: where version 2 is to limit memory, nobody may be where we were.
    if (auto error = write_to(folder_ + "/cgroup.procs", std::to_string(warden_->process())))
        return error;
    const std::string bytes = std::to_string(limit.count);
    if (home_.version == 1) {
        if (auto error = write_to(folder_ + "/memory.limit_in_bytes", bytes)) return error;
        // Where swap is not counted, there is no such file.
        (void)write_to(folder_ + "/memory.memsw.limit_in_bytes", bytes);
        return write_to(folder_ + "/cgroup.procs", std::to_string(getpid()));
    }
    if (auto error = write_to(folder_ + "/cgroup.procs", std::to_string(getpid()))) return error;
    if (auto error = enable_controller()) return error;
    (void)write_to(folder_ + "/memory.swap.max", "0");
    return write_to(folder_ + "/memory.max", bytes);
}

CgroupFence::~CgroupFence() {
    if (made_) remove_cgroup({home_.folder, folder_}, enabled_);
}

std::optional<Bytes> CgroupFence::peak() const {
    std::istringstream peak(
        content_of(folder_ + (home_.version == 1 ? "/memory.max_usage_in_bytes" : "/memory.peak")));
    std::int64_t bytes = 0;
    return peak >> bytes ? std::optional(Bytes{bytes}) : std::nullopt;
}

// Whose process is gone: "swaplab-PID-START". A number alone may be another process's by now.
bool is_left_behind(const std::string& name) {
    if (!name.starts_with(kPrefix)) return false;
    const std::string process = name.substr(kPrefix.size());
    const std::size_t dash = process.find('-');
    const pid_t number = std::atoi(process.c_str());
    const std::string start = start_of_process(number);
    if (number <= 0) return false;
    return start.empty() || (dash != std::string::npos && process.substr(dash + 1) != start);
}

namespace {

// An empty group only, as rmdir has it.
void remove_stale_fences(const std::string& folder) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
        if (is_left_behind(entry.path().filename().string())) rmdir(entry.path().c_str());
}

}  // namespace

std::unique_ptr<CgroupFence> make_cgroup_fence(Bytes limit, std::string& why) {
    std::ifstream groups("/proc/self/cgroup");
    std::ifstream mounts("/proc/self/mountinfo");
    const auto home = memory_cgroup(groups, mounts, why);
    if (!home) return nullptr;
    remove_stale_fences(home->folder);
    std::unique_ptr<CgroupFence> fence(new CgroupFence(*home));
    const auto error = fence->close_in(limit);
    if (!error) return fence;
    why = *error;
    return nullptr;
}

}  // namespace swaplab
