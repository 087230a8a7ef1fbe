// What the operating system says about this process (proc(5)); 0 or nothing where it says nothing.
#pragma once

#include <optional>

#include "policies/port/device.h"
#include "policies/port/evidence.h"
#include "profiles/base/units.h"

namespace swaplab {

struct ProcessMemory {
    Bytes resident;       // VmRSS
    Bytes resident_peak;  // VmHWM
};
ProcessMemory process_memory();
// VmHWM starts anew from what is resident now. False where the kernel does not allow it.
bool reset_resident_peak();
// /proc/self/io, read_bytes: what this process fetched from storage. Nothing where it is not told.
std::optional<Bytes> bytes_read_from_storage();
// The highest memory use of this process's cgroup (v2: memory.peak; v1: max_usage_in_bytes).
std::optional<Bytes> cgroup_memory_peak();
// What the machine could give to programs now (/proc/meminfo, MemAvailable). Nothing where it is
// not told.
std::optional<Bytes> memory_available();

// Gives the heap's free memory back to the system (glibc).
void trim_heap();

// What this process takes from the moment it is made, for the evidence of a run.
class ProcessWatch {
  public:
    ProcessWatch();
    // What has been read so far was not the run's.
    void begin_reading() { read_before_ = bytes_read_from_storage(); }
    // Fills in `read_from_storage`, `resident_growth` and `cgroup_peak`.
    void tell(Evidence& evidence) const;

  private:
    std::optional<Bytes> resident_before_;  // absent where the peak cannot be reset
    std::optional<Bytes> read_before_;      // absent where the system does not tell
};

}  // namespace swaplab
