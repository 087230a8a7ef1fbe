// What the operating system says about this process (proc(5)); 0 or nothing where it says nothing.
#pragma once

#include <optional>

#include "profiles/units.h"

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

}  // namespace swaplab
