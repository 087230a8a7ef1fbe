// The calls of the CUDA runtime that are used, as one table: the plugin fills it with CUDA's own,
// tests with a fake that records them. No header of CUDA's is needed to call it.
#pragma once

#include <cstddef>
#include <cstdint>

struct CUstream_st;  // CUDA's own names of what its handles point to
struct CUevent_st;

namespace swaplab {

using CudaStatus = int;  // a cudaError_t
inline constexpr CudaStatus kCudaSuccess = 0;
inline constexpr CudaStatus kCudaInvalidValue = 1;
inline constexpr CudaStatus kCudaOutOfMemory = 2;
inline constexpr CudaStatus kCudaInvalidDevice = 101;
inline constexpr CudaStatus kCudaIllegalAddress = 700;  // sticky: every later call returns it, too

using StreamHandle = CUstream_st*;
using EventHandle = CUevent_st*;

// The numbers are CUDA's (cudaDeviceAttr); the plugin checks them when it is compiled.
enum class CudaAttribute : int {
    multiprocessors = 16,
    integrated = 18,
    can_map_host_memory = 19,
    copy_engines = 40,
    capability_major = 75,
    capability_minor = 76,
    managed_memory = 83,
    pageable_memory_access = 88,
    concurrent_managed_access = 89,
    can_use_host_pointer = 91,
    host_register_supported = 99,
};

// Who may touch managed memory (cudaMemAttach*).
enum class Attach : unsigned { global = 1, host = 2, single = 4 };
enum class MemoryAt : std::uint8_t { host, device };
enum class HostTouch : std::uint8_t { read, begin_write, end_write };

// All calls but those that name or forget an error return a status. They concern device 0.
struct CudaApi {
    void* context = nullptr;  // handed to every call

    CudaStatus (*device_count)(void*, int* count);
    CudaStatus (*versions)(void*, int* driver, int* runtime);
    CudaStatus (*device_name)(void*, char* name, std::size_t bytes);
    CudaStatus (*device_memory)(void*, std::size_t* total);
    CudaStatus (*attribute)(void*, CudaAttribute which, int* value);
    const char* (*error_text)(void*, CudaStatus status);
    // What the runtime remembers of an error is forgotten; it forgets nothing that is sticky.
    void (*forget_error)(void*);

    CudaStatus (*stream_create)(void*, StreamHandle* stream);  // waits for no other stream
    CudaStatus (*stream_destroy)(void*, StreamHandle stream);
    CudaStatus (*stream_synchronize)(void*, StreamHandle stream);
    CudaStatus (*stream_wait_event)(void*, StreamHandle stream, EventHandle event);
    CudaStatus (*event_create)(void*, EventHandle* event);
    CudaStatus (*event_destroy)(void*, EventHandle event);
    CudaStatus (*event_record)(void*, EventHandle event, StreamHandle stream);
    CudaStatus (*event_synchronize)(void*, EventHandle event);
    CudaStatus (*event_elapsed)(void*, EventHandle from, EventHandle to, float* milliseconds);

    CudaStatus (*device_allocate)(void*, void** at, std::size_t bytes);
    CudaStatus (*managed_allocate)(void*, void** at, std::size_t bytes, Attach attach);
    CudaStatus (*device_free)(void*, void* at);                       // of managed memory, too
    CudaStatus (*host_register)(void*, void* at, std::size_t bytes);  // pinned and mapped
    CudaStatus (*host_unregister)(void*, void* at);
    CudaStatus (*host_device_pointer)(void*, void** device, void* host);

    CudaStatus (*copy_async)(void*, void* to, const void* from, std::size_t bytes,
                             StreamHandle stream);
    CudaStatus (*fill_async)(void*, void* at, int value, std::size_t bytes, StreamHandle stream);
    // `bytes`: 0 or all of the allocation; CUDA attaches no part of one.
    CudaStatus (*attach_async)(void*, StreamHandle stream, void* at, std::size_t bytes,
                               Attach attach);
    CudaStatus (*prefetch_async)(void*, const void* at, std::size_t bytes, MemoryAt where,
                                 StreamHandle stream);
    // The device may read the pages from afar where they are not on it.
    CudaStatus (*advise_accessed_by_device)(void*, const void* at, std::size_t bytes);

    // Kernels of our own (hw/cuda/kernels). `sum` is a word of the device's memory.
    CudaStatus (*launch_checksum)(void*, const void* at, std::size_t bytes, std::uint64_t* sum,
                                  StreamHandle stream);
    CudaStatus (*launch_spin)(void*, std::int64_t flops, std::uint64_t* sink, StreamHandle stream);

    // Tells who watches (a fake does; null: nobody) what the host does to these bytes.
    void (*host_touch)(void*, const void* at, std::size_t bytes, HostTouch how);
};

}  // namespace swaplab
