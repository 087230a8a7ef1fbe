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

// How much freed heap stays resident for reuse (glibc). Operators' scratch is as large as their
// weights; getting it from the system anew at every call costs more than many of them take.
enum class HeapPolicy {
    retain,     // as much as fits into the allocator's limits
    give_back,  // next to nothing
};
void set_heap_policy(HeapPolicy policy);
// Gives back what is free now.
void trim_heap();

}  // namespace swaplab
