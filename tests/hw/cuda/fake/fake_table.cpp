// The table of the fake's calls.
#include <algorithm>
#include <cstring>

#include "hw/cuda/kernels/checksum.h"
#include "tests/hw/cuda/fake/fake_cuda.h"

namespace swaplab::testing {

template <class Does>
CudaStatus FakeCuda::call(void* context, const char* name, bool gives_back, Does does) {
    FakeCuda& fake = of(context);
    const Lock lock(fake.mutex_);
    const CudaStatus status = fake.enter(name);
    if (status != kCudaSuccess && !gives_back) return status;
    const CudaStatus done = does(fake);
    return status != kCudaSuccess ? status : done;
}

namespace {

int attribute_of(const Gpu& gpu, CudaAttribute which) {
    using A = CudaAttribute;
    switch (which) {
        case A::multiprocessors: return gpu.multiprocessors;
        case A::integrated: return int{gpu.integrated};
        case A::can_map_host_memory:
        case A::host_register_supported: return int{gpu.maps_host_memory};
        case A::copy_engines: return gpu.copy_engines;
        case A::capability_major: return gpu.capability / 10;
        case A::capability_minor: return gpu.capability % 10;
        case A::managed_memory: return int{gpu.managed_memory};
        case A::pageable_memory_access: return int{gpu.pageable_memory_access};
        case A::concurrent_managed_access: return int{gpu.concurrent_managed_access};
        case A::can_use_host_pointer: return int{gpu.host_pointer_is_device_pointer};
    }
    return 0;
}

const char* text_of(CudaStatus status) {
    switch (status) {
        case kCudaSuccess: return "no error";
        case kCudaInvalidValue: return "invalid argument";
        case kCudaOutOfMemory: return "out of memory";
        case kCudaInvalidDevice: return "invalid device ordinal";
        case kCudaIllegalAddress: return "an illegal memory access was encountered";
        default: return "an error of the fake";
    }
}

}  // namespace

void FakeCuda::fill_table_of_device() {
    api_.device_count = [](void* context, int* count) {
        return call(context, "device_count", false, [&](FakeCuda&) {
            *count = 1;
            return kCudaSuccess;
        });
    };
    api_.versions = [](void* context, int* driver, int* runtime) {
        return call(context, "versions", false, [&](FakeCuda& fake) {
            *driver = fake.gpu_.driver;
            *runtime = fake.gpu_.runtime;
            return kCudaSuccess;
        });
    };
    api_.device_name = [](void* context, char* name, std::size_t bytes) {
        return call(context, "device_name", false, [&](FakeCuda& fake) {
            std::memcpy(name, fake.gpu_.name.c_str(), std::min(bytes, fake.gpu_.name.size() + 1));
            return kCudaSuccess;
        });
    };
    api_.device_memory = [](void* context, std::size_t* total) {
        return call(context, "device_memory", false, [&](FakeCuda& fake) {
            *total = static_cast<std::size_t>(fake.gpu_.memory.count);
            return kCudaSuccess;
        });
    };
    api_.attribute = [](void* context, CudaAttribute which, int* value) {
        return call(context, "attribute", false, [&](FakeCuda& fake) {
            *value = attribute_of(fake.gpu_, which);
            return kCudaSuccess;
        });
    };
    api_.error_text = [](void*, CudaStatus status) { return text_of(status); };
    api_.forget_error = [](void*) {};
}

void FakeCuda::fill_table_of_streams() {
    api_.stream_create = [](void* context, StreamHandle* stream) {
        return call(context, "stream_create", false, [&](FakeCuda& fake) {
            *stream = fake.streams_.create();
            return kCudaSuccess;
        });
    };
    api_.stream_destroy = [](void* context, StreamHandle stream) {
        return call(context, "stream_destroy", true, [&](FakeCuda& fake) {
            fake.streams_.destroy(stream);
            return kCudaSuccess;
        });
    };
    api_.stream_synchronize = [](void* context, StreamHandle stream) {
        return call(context, "stream_synchronize", false, [&](FakeCuda& fake) {
            fake.streams_.synchronize(*fake.streams_.find(stream));
            return fake.sticky_;
        });
    };
    api_.stream_wait_event = [](void* context, StreamHandle stream, EventHandle event) {
        return call(context, "stream_wait_event", false, [&](FakeCuda& fake) {
            fake.streams_.wait(*fake.streams_.find(stream), *fake.streams_.find(event));
            return kCudaSuccess;
        });
    };
    api_.event_create = [](void* context, EventHandle* event) {
        return call(context, "event_create", false, [&](FakeCuda& fake) {
            *event = fake.streams_.create_event();
            return kCudaSuccess;
        });
    };
    api_.event_destroy = [](void* context, EventHandle event) {
        return call(context, "event_destroy", true, [&](FakeCuda& fake) {
            fake.streams_.destroy(event);
            return kCudaSuccess;
        });
    };
    api_.event_record = [](void* context, EventHandle event, StreamHandle stream) {
        return call(context, "event_record", false, [&](FakeCuda& fake) {
            fake.streams_.record(*fake.streams_.find(event), *fake.streams_.find(stream));
            return kCudaSuccess;
        });
    };
    api_.event_synchronize = [](void* context, EventHandle event) {
        return call(context, "event_synchronize", false, [&](FakeCuda& fake) {
            fake.streams_.synchronize(*fake.streams_.find(event));
            return fake.sticky_;
        });
    };
    api_.event_elapsed = [](void* context, EventHandle from, EventHandle to, float* milliseconds) {
        return call(context, "event_elapsed", false, [&](FakeCuda& fake) {
            *milliseconds =
                static_cast<float>(fake.streams_.find(to)->at - fake.streams_.find(from)->at);
            return kCudaSuccess;
        });
    };
}

void FakeCuda::fill_table_of_memory() {
    using Kind = Allocation::Kind;
    api_.device_allocate = [](void* context, void** at, std::size_t bytes) {
        return call(context, "device_allocate", false, [&](FakeCuda& fake) {
            return fake.allocate(at, bytes, Kind::device, Attach::global);
        });
    };
    api_.managed_allocate = [](void* context, void** at, std::size_t bytes, Attach attach) {
        return call(context, "managed_allocate", false, [&](FakeCuda& fake) {
            return fake.allocate(at, bytes, Kind::managed, attach);
        });
    };
    api_.device_free = [](void* context, void* at) {
        return call(context, "device_free", true,
                    [&](FakeCuda& fake) { return fake.give_back(at, Kind::pinned); });
    };
    api_.host_register = [](void* context, void* at, std::size_t bytes) {
        return call(context, "host_register", false,
                    [&](FakeCuda& fake) { return fake.pin(at, bytes); });
    };
    api_.host_unregister = [](void* context, void* at) {
        return call(context, "host_unregister", true,
                    [&](FakeCuda& fake) { return fake.give_back(at, Kind::device); });
    };
    api_.host_device_pointer = [](void* context, void** device, void* host) {
        return call(context, "host_device_pointer", false, [&](FakeCuda& fake) {
            const Allocation* const allocation = fake.memory_.begins_at(host);
            if (allocation == nullptr) return kCudaInvalidValue;
            *device = allocation->device;
            return kCudaSuccess;
        });
    };
}

void FakeCuda::fill_table_of_work() {
    api_.copy_async = [](void* context, void* to, const void* from, std::size_t bytes,
                         StreamHandle stream) {
        return call(context, "copy_async", false, [&](FakeCuda& fake) {
            return fake.copy(to, from, bytes, *fake.streams_.find(stream));
        });
    };
    api_.fill_async = [](void* context, void* at, int value, std::size_t bytes,
                         StreamHandle stream) {
        return call(context, "fill_async", false, [&](FakeCuda& fake) {
            const auto fill = [value, bytes](const std::vector<Found>& all) {
                std::memset(all[0].bytes(), value, bytes);
            };
            return fake.kernel("fill", {{at, bytes, true}}, *fake.streams_.find(stream), fill);
        });
    };
    api_.attach_async = [](void* context, StreamHandle stream, void* at, std::size_t bytes,
                           Attach how) {
        return call(context, "attach_async", false, [&](FakeCuda& fake) {
            return fake.attach(*fake.streams_.find(stream), at, bytes, how);
        });
    };
    api_.prefetch_async = [](void* context, const void* at, std::size_t bytes, MemoryAt where,
                             StreamHandle stream) {
        return call(context, "prefetch_async", false, [&](FakeCuda& fake) {
            return fake.prefetch(at, bytes, where, *fake.streams_.find(stream));
        });
    };
    api_.advise_accessed_by_device = [](void* context, const void*, std::size_t) {
        return call(context, "advise", false, [](FakeCuda& fake) {
            return fake.gpu_.concurrent_managed_access ? kCudaSuccess : kCudaInvalidDevice;
        });
    };
    api_.launch_checksum = [](void* context, const void* at, std::size_t bytes, std::uint64_t* sum,
                              StreamHandle stream) {
        return call(context, "launch_checksum", false, [&](FakeCuda& fake) {
            const auto add = [bytes](const std::vector<Found>& all) {
                std::uint64_t value = 0;
                std::memcpy(&value, all[1].bytes(), sizeof value);
                value += checksum_of(all[0].bytes(), bytes);
                std::memcpy(all[1].bytes(), &value, sizeof value);
            };
            return fake.kernel("checksum", {{at, bytes, false}, {sum, sizeof *sum, true}},
                               *fake.streams_.find(stream), add);
        });
    };
    api_.launch_spin = [](void* context, std::int64_t, std::uint64_t*, StreamHandle stream) {
        return call(context, "launch_spin", false, [&](FakeCuda& fake) {
            return fake.kernel("spin", {}, *fake.streams_.find(stream),
                               [](const std::vector<Found>&) {});
        });
    };
    api_.host_touch = [](void* context, const void* at, std::size_t bytes, HostTouch how) {
        FakeCuda& fake = of(context);
        const Lock lock(fake.mutex_);
        fake.host_touch(at, bytes, how);
    };
}

}  // namespace swaplab::testing
