// A process beside the run that keeps memory hot, so that the machine is under pressure.
#pragma once

#include <sys/types.h>

#include <atomic>

#include "profiles/base/units.h"

namespace swaplab {

// A child process that holds `bytes` and touches every page of them again and again: every 10 ms,
// or as often as a twentieth of a core allows. It dies with the thread that made it, at the latest.
//
// Make it before other threads are started (fork), and before memory of any size is allocated,
// which it would keep a copy of.
class MemoryHog {
  public:
    // Returns when every page has been touched. Throws `UnsupportedError` naming the bytes where
    // the machine does not have them.
    // `stop`: earlier, where it is set meanwhile.
    explicit MemoryHog(Bytes bytes, const std::atomic<bool>* stop = nullptr);
    // Ends the child and waits for that.
    ~MemoryHog();
    MemoryHog(const MemoryHog&) = delete;
    MemoryHog& operator=(const MemoryHog&) = delete;

    Bytes bytes() const { return bytes_; }
    // False once somebody else has ended it: the kernel, where memory ran out.
    bool alive() const;
    pid_t process() const { return child_; }

  private:
    Bytes bytes_;
    pid_t child_ = -1;
};

}  // namespace swaplab
