#include "hw/cuda/runtime/gpu.h"

#include <array>

#include "hw/cuda/runtime/cuda_call.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

int attribute(const CudaApi& api, CudaAttribute which) {
    int value = 0;
    SWAPLAB_CUDA(api, attribute, which, &value);
    return value;
}

std::string name_of_gpu(const CudaApi& api) {
    std::array<char, 256> name{};
    SWAPLAB_CUDA(api, device_name, name.data(), name.size());
    return name.data();
}

void require_gpu(const CudaApi& api) {
    int count = 0;
    const CudaStatus status = api.device_count(api.context, &count);
    if (status == kCudaSuccess && count > 0) return;
    api.forget_error(api.context);
    throw UnsupportedError(
        text("backend cuda takes an NVIDIA GPU with its driver, and CUDA finds none here: {}",
             status == kCudaSuccess ? "no device" : api.error_text(api.context, status)));
}

std::string version_text(int version) { return text("{}.{}", version / 1000, version % 1000 / 10); }

}  // namespace

Gpu first_gpu(const CudaApi& api) {
    using A = CudaAttribute;
    require_gpu(api);
    const auto is = [&api](A which) { return attribute(api, which) != 0; };
    Gpu gpu;
    gpu.name = name_of_gpu(api);
    gpu.capability = 10 * attribute(api, A::capability_major) + attribute(api, A::capability_minor);
    gpu.multiprocessors = attribute(api, A::multiprocessors);
    gpu.copy_engines = attribute(api, A::copy_engines);
    gpu.integrated = is(A::integrated);
    gpu.managed_memory = is(A::managed_memory);
    gpu.concurrent_managed_access = is(A::concurrent_managed_access);
    gpu.pageable_memory_access = is(A::pageable_memory_access);
    gpu.maps_host_memory = is(A::can_map_host_memory) && is(A::host_register_supported);
    gpu.host_pointer_is_device_pointer = is(A::can_use_host_pointer);
    std::size_t total = 0;
    SWAPLAB_CUDA(api, device_memory, &total);
    gpu.memory = Bytes{static_cast<std::int64_t>(total)};
    SWAPLAB_CUDA(api, versions, &gpu.driver, &gpu.runtime);
    return gpu;
}

std::string description_of(const Gpu& gpu) {
    return text("{} (compute capability {}.{}, {}), driver {}, runtime {}", gpu.name,
                gpu.capability / 10, gpu.capability % 10,
                gpu.integrated ? "integrated" : "discrete", version_text(gpu.driver),
                version_text(gpu.runtime));
}

}  // namespace swaplab
