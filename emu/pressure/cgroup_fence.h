// A memory limit that the kernel keeps: what our own accounting missed is stopped there.
#pragma once

#include <istream>
#include <memory>
#include <optional>
#include <string>

#include "emu/pressure/cgroup_warden.h"
#include "profiles/base/units.h"

namespace swaplab {

// The group of this process that the memory controller knows: its folder, and which cgroup version
// it is of (1 or 2).
struct MemoryCgroup {
    std::string folder;
    int version;
};
// From /proc/self/cgroup and /proc/self/mountinfo (cgroups(7), proc(5)). Nothing, with the reason
// in `why`, where no hierarchy that is mounted can limit memory.
std::optional<MemoryCgroup> memory_cgroup(std::istream& groups, std::istream& mounts,
                                          std::string& why);

// While one lives, this process is in a group of its own below the one that it was in, whose limits
// still hold. Memory counts that this process, or a child of it, allocates from now on, the page
// cache of the files that it reads included. Beyond the limit the kernel first takes page cache
// away, then kills (SIGKILL): a second fence, not the one that a run should meet. However the
// process ends, its warden removes the group, named swaplab-PID-START; where that was killed, too,
// the next fence does.
class CgroupFence {
  public:
    ~CgroupFence();  // everything in the group goes back to where we were
    CgroupFence(const CgroupFence&) = delete;
    CgroupFence& operator=(const CgroupFence&) = delete;

    // The most that the group used at once; nothing where the kernel does not tell (version 2
    // before Linux 5.19).
    std::optional<Bytes> peak() const;
    const std::string& folder() const { return folder_; }

  private:
    friend std::unique_ptr<CgroupFence> make_cgroup_fence(Bytes limit, std::string& why);
    explicit CgroupFence(const MemoryCgroup& home);
    std::optional<std::string> close_in(Bytes limit);
    std::optional<std::string> enable_controller();

    MemoryCgroup home_;
    std::string folder_;
    std::optional<CgroupWarden> warden_;
    bool made_ = false;
    bool enabled_ = false;  // the controller below home_, by us
};

// Whether a group of this name (`swaplab-PID-START`) was left by a process that is gone.
bool is_left_behind(const std::string& name);

// Nothing, with the reason in `why`, where this machine does not allow it. Before threads are
// started (fork).
std::unique_ptr<CgroupFence> make_cgroup_fence(Bytes limit, std::string& why);

}  // namespace swaplab
