// Who removes a cgroup when the process that made it has been killed.
#pragma once

#include <sys/types.h>

#include <string>

namespace swaplab {

// Empties the group of its processes into `home` and removes it; true where it is gone. With
// `controller`, home's children lose the memory controller before (version 2 has processes in
// leaves only). Async-signal-safe but for what it reads.
struct CgroupPlace {
    std::string home;
    std::string folder;
};
bool remove_cgroup(const CgroupPlace& place, bool controller);

// A child process in a session of its own: no signal that ends the parent, or its whole group, ends
// it. When the parent is gone, however that came about, it removes the group, in which it may
// itself be, and ends. Make it before other threads are started (fork).
class CgroupWarden {
  public:
    explicit CgroupWarden(const CgroupPlace& place);
    // Lets it look once more, and waits for its end.
    ~CgroupWarden();
    CgroupWarden(const CgroupWarden&) = delete;
    CgroupWarden& operator=(const CgroupWarden&) = delete;

    pid_t process() const { return child_; }  // -1 where none could be made
    // The parent has enabled the controller below home.
    void note_controller();

  private:
    pid_t child_ = -1;
    int parent_end_ = -1;
};

// When the process began, in ticks since the system did (proc(5), stat): with its number it names
// one process for good. Empty where there is no such process.
std::string start_of_process(pid_t process);

}  // namespace swaplab
