// The table, filled with CUDA's own runtime: the one file that includes its headers.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstring>

#include "hw/cuda/kernels/kernels.h"
#include "hw/cuda/plugin/plugin.h"

namespace swaplab {
namespace {

static_assert(static_cast<int>(cudaSuccess) == kCudaSuccess);
static_assert(static_cast<int>(cudaErrorInvalidValue) == kCudaInvalidValue);
static_assert(static_cast<int>(cudaErrorMemoryAllocation) == kCudaOutOfMemory);
static_assert(static_cast<int>(cudaErrorInvalidDevice) == kCudaInvalidDevice);
static_assert(static_cast<int>(cudaErrorIllegalAddress) == kCudaIllegalAddress);
static_assert(cudaMemAttachGlobal == static_cast<unsigned>(Attach::global));
static_assert(cudaMemAttachHost == static_cast<unsigned>(Attach::host));
static_assert(cudaMemAttachSingle == static_cast<unsigned>(Attach::single));

constexpr cudaDeviceAttr attribute_of(CudaAttribute which) {
    return static_cast<cudaDeviceAttr>(which);
}
using A = CudaAttribute;
static_assert(attribute_of(A::multiprocessors) == cudaDevAttrMultiProcessorCount);
static_assert(attribute_of(A::integrated) == cudaDevAttrIntegrated);
static_assert(attribute_of(A::can_map_host_memory) == cudaDevAttrCanMapHostMemory);
static_assert(attribute_of(A::copy_engines) == cudaDevAttrAsyncEngineCount);
static_assert(attribute_of(A::capability_major) == cudaDevAttrComputeCapabilityMajor);
static_assert(attribute_of(A::capability_minor) == cudaDevAttrComputeCapabilityMinor);
static_assert(attribute_of(A::managed_memory) == cudaDevAttrManagedMemory);
static_assert(attribute_of(A::pageable_memory_access) == cudaDevAttrPageableMemoryAccess);
static_assert(attribute_of(A::concurrent_managed_access) == cudaDevAttrConcurrentManagedAccess);
static_assert(attribute_of(A::can_use_host_pointer) ==
              cudaDevAttrCanUseHostPointerForRegisteredMem);
static_assert(attribute_of(A::host_register_supported) == cudaDevAttrHostRegisterSupported);

constexpr int kDevice = 0;

// CUDA 13 takes places where 12 took numbers of devices.
#if CUDART_VERSION >= 13000
cudaMemLocation place(MemoryAt where) {
    cudaMemLocation location{};
    location.type = where == MemoryAt::device ? cudaMemLocationTypeDevice : cudaMemLocationTypeHost;
    location.id = where == MemoryAt::device ? kDevice : 0;
    return location;
}
cudaError_t prefetch(const void* at, std::size_t bytes, MemoryAt where, StreamHandle stream) {
    return cudaMemPrefetchAsync(at, bytes, place(where), 0, stream);
}
#else
int place(MemoryAt where) { return where == MemoryAt::device ? kDevice : cudaCpuDeviceId; }
cudaError_t prefetch(const void* at, std::size_t bytes, MemoryAt where, StreamHandle stream) {
    return cudaMemPrefetchAsync(at, bytes, place(where), stream);
}
#endif

CudaStatus device_name(void*, char* name, std::size_t bytes) {
    cudaDeviceProp properties{};
    const cudaError_t status = cudaGetDeviceProperties(&properties, kDevice);
    if (status != cudaSuccess || bytes == 0) return status;
    const std::size_t length = std::min(bytes - 1, std::strlen(properties.name));
    std::memcpy(name, properties.name, length);
    name[length] = '\0';
    return status;
}

CudaStatus device_memory(void*, std::size_t* total) {
    std::size_t free = 0;
    return cudaMemGetInfo(&free, total);
}

CudaStatus versions(void*, int* driver, int* runtime) {
    const cudaError_t status = cudaDriverGetVersion(driver);
    return status != cudaSuccess ? status : cudaRuntimeGetVersion(runtime);
}

void fill_device(CudaApi& api) {
    api.device_count = [](void*, int* count) -> CudaStatus { return cudaGetDeviceCount(count); };
    api.versions = versions;
    api.device_name = device_name;
    api.device_memory = device_memory;
    api.attribute = [](void*, CudaAttribute which, int* value) -> CudaStatus {
        return cudaDeviceGetAttribute(value, attribute_of(which), kDevice);
    };
    api.error_text = [](void*, CudaStatus status) {
        return cudaGetErrorString(static_cast<cudaError_t>(status));
    };
    api.forget_error = [](void*) { static_cast<void>(cudaGetLastError()); };
}

void fill_streams(CudaApi& api) {
    api.stream_create = [](void*, StreamHandle* stream) -> CudaStatus {
        return cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking);
    };
    api.stream_destroy = [](void*, StreamHandle stream) -> CudaStatus {
        return cudaStreamDestroy(stream);
    };
    api.stream_synchronize = [](void*, StreamHandle stream) -> CudaStatus {
        return cudaStreamSynchronize(stream);
    };
    api.stream_wait_event = [](void*, StreamHandle stream, EventHandle event) -> CudaStatus {
        return cudaStreamWaitEvent(stream, event, 0);
    };
    // Who waits for it sleeps: other lanes have work for the core.
    api.event_create = [](void*, EventHandle* event) -> CudaStatus {
        return cudaEventCreateWithFlags(event, cudaEventBlockingSync);
    };
    api.event_destroy = [](void*, EventHandle event) -> CudaStatus {
        return cudaEventDestroy(event);
    };
    api.event_record = [](void*, EventHandle event, StreamHandle stream) -> CudaStatus {
        return cudaEventRecord(event, stream);
    };
    api.event_synchronize = [](void*, EventHandle event) -> CudaStatus {
        return cudaEventSynchronize(event);
    };
    api.event_elapsed = [](void*, EventHandle from, EventHandle to,
                           float* milliseconds) -> CudaStatus {
        return cudaEventElapsedTime(milliseconds, from, to);
    };
}

void fill_memory(CudaApi& api) {
    api.device_allocate = [](void*, void** at, std::size_t bytes) -> CudaStatus {
        return cudaMalloc(at, bytes);
    };
    api.managed_allocate = [](void*, void** at, std::size_t bytes, Attach attach) -> CudaStatus {
        return cudaMallocManaged(at, bytes, static_cast<unsigned>(attach));
    };
    api.device_free = [](void*, void* at) -> CudaStatus { return cudaFree(at); };
    api.host_register = [](void*, void* at, std::size_t bytes) -> CudaStatus {
        return cudaHostRegister(at, bytes, cudaHostRegisterMapped);
    };
    api.host_unregister = [](void*, void* at) -> CudaStatus { return cudaHostUnregister(at); };
    api.host_device_pointer = [](void*, void** device, void* host) -> CudaStatus {
        return cudaHostGetDevicePointer(device, host, 0);
    };
}

void fill_work(CudaApi& api) {
    api.copy_async = [](void*, void* to, const void* from, std::size_t bytes,
                        StreamHandle stream) -> CudaStatus {
        return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream);
    };
    api.fill_async = [](void*, void* at, int value, std::size_t bytes,
                        StreamHandle stream) -> CudaStatus {
        return cudaMemsetAsync(at, value, bytes, stream);
    };
    api.attach_async = [](void*, StreamHandle stream, void* at, std::size_t bytes,
                          Attach attach) -> CudaStatus {
        return cudaStreamAttachMemAsync(stream, at, bytes, static_cast<unsigned>(attach));
    };
    api.prefetch_async = [](void*, const void* at, std::size_t bytes, MemoryAt where,
                            StreamHandle stream) -> CudaStatus {
        return prefetch(at, bytes, where, stream);
    };
    api.advise_accessed_by_device = [](void*, const void* at, std::size_t bytes) -> CudaStatus {
        return cudaMemAdvise(at, bytes, cudaMemAdviseSetAccessedBy, place(MemoryAt::device));
    };
    api.launch_checksum = [](void*, const void* at, std::size_t bytes, std::uint64_t* sum,
                             StreamHandle stream) -> CudaStatus {
        return launch_checksum(at, bytes, sum, stream);
    };
    api.launch_spin = [](void*, std::int64_t flops, std::uint64_t* sink,
                         StreamHandle stream) -> CudaStatus {
        return launch_spin(flops, sink, stream);
    };
    api.host_touch = nullptr;
}

CudaApi filled() {
    CudaApi api;
    fill_device(api);
    fill_streams(api);
    fill_memory(api);
    fill_work(api);
    return api;
}

}  // namespace
}  // namespace swaplab

extern "C" __attribute__((visibility("default"))) const swaplab::CudaPlugin* swaplab_cuda_plugin() {
    using namespace swaplab;
    static const CudaApi api = filled();
    static const CudaPlugin plugin{kCudaPluginVersion, &api};
    return &plugin;
}
