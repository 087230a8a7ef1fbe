// Bugs as they are made with CUDA, planted between the product and the fake runtime: each is caught
// and called by its name, whatever the bytes happened to be.
#include <gtest/gtest.h>

#include <functional>

#include "hw/cuda/runtime/cuda_call.h"
#include "tests/hw/cuda/block_path.h"
#include "tests/hw/cuda/fake/fake_cuda.h"

namespace swaplab::testing {
namespace {

using K = MemoryKind;
using Words = std::vector<std::string>;

// Calls that are changed reach the fake through its own table.
struct Changed {
    const CudaApi* real = nullptr;
    StreamHandle other = nullptr;  // a stream that nobody waits for
};

const Changed& changed(void* context) { return *static_cast<const Changed*>(context); }

// Every call of the table, passed on as it is.
CudaApi passing_on(Changed& change) {
    CudaApi api = *change.real;
    api.context = &change;
#define SWAPLAB_PASS_ON(name)                                                             \
    api.name = [](void* context, auto... arguments) {                                     \
        return changed(context).real->name(changed(context).real->context, arguments...); \
    }
    SWAPLAB_PASS_ON(error_text);
    SWAPLAB_PASS_ON(forget_error);
    SWAPLAB_PASS_ON(stream_create);
    SWAPLAB_PASS_ON(stream_destroy);
    SWAPLAB_PASS_ON(stream_synchronize);
    SWAPLAB_PASS_ON(stream_wait_event);
    SWAPLAB_PASS_ON(event_create);
    SWAPLAB_PASS_ON(event_destroy);
    SWAPLAB_PASS_ON(event_record);
    SWAPLAB_PASS_ON(event_synchronize);
    SWAPLAB_PASS_ON(device_allocate);
    SWAPLAB_PASS_ON(managed_allocate);
    SWAPLAB_PASS_ON(device_free);
    SWAPLAB_PASS_ON(host_register);
    SWAPLAB_PASS_ON(host_unregister);
    SWAPLAB_PASS_ON(host_device_pointer);
    SWAPLAB_PASS_ON(copy_async);
    SWAPLAB_PASS_ON(fill_async);
    SWAPLAB_PASS_ON(attach_async);
    SWAPLAB_PASS_ON(prefetch_async);
    SWAPLAB_PASS_ON(advise_accessed_by_device);
    SWAPLAB_PASS_ON(launch_checksum);
    SWAPLAB_PASS_ON(launch_spin);
    SWAPLAB_PASS_ON(host_touch);
#undef SWAPLAB_PASS_ON
    return api;
}

struct Bug {
    const char* name;
    K kind;
    Gpu gpu;
    void (*plant)(CudaApi&);
    const char* finding;  // a part of what names it
};

// What the fake says of overlapped blocks with the bug in; an error of CUDA's is said, too.
Words said_of(const Bug& bug) {
    FakeCuda cuda(bug.gpu);
    const CudaStream nobody_waits(cuda.api());
    Changed change{&cuda.api(), nobody_waits.view().handle};
    CudaApi api = passing_on(change);
    if (bug.plant != nullptr) bug.plant(api);
    Words said;
    try {
        if (overlapped(api, bug.kind, 4) != expected_sums(4)) said.emplace_back("wrong bytes");
    } catch (const CudaError& error) {
        said.emplace_back(error.what());
    }
    for (const std::string& finding : cuda.findings()) said.push_back(finding);
    return said;
}

void no_event_behind_copies(CudaApi& api) {
    api.event_record = [](void*, EventHandle, StreamHandle) { return kCudaSuccess; };
}
void copies_on_another_stream(CudaApi& api) {
    api.copy_async = [](void* context, void* to, const void* from, std::size_t bytes,
                        StreamHandle) {
        const Changed& change = changed(context);
        return change.real->copy_async(change.real->context, to, from, bytes, change.other);
    };
}
void execution_is_not_waited_for(CudaApi& api) {
    api.stream_synchronize = [](void*, StreamHandle) { return kCudaSuccess; };
}
void nothing_is_attached(CudaApi& api) {
    api.attach_async = [](void*, StreamHandle, void*, std::size_t, Attach) { return kCudaSuccess; };
}
void attached_to_another_stream(CudaApi& api) {
    api.attach_async = [](void* context, StreamHandle, void* at, std::size_t bytes, Attach how) {
        const Changed& change = changed(context);
        return change.real->attach_async(change.real->context, change.other, at, bytes, how);
    };
}
void a_part_is_attached(CudaApi& api) {
    api.attach_async = [](void* context, StreamHandle stream, void* at, std::size_t, Attach how) {
        const Changed& change = changed(context);
        return change.real->attach_async(change.real->context, stream, at, 4096, how);
    };
}
void managed_memory_is_everybodys(CudaApi& api) {
    api.managed_allocate = [](void* context, void** at, std::size_t bytes, Attach) {
        const Changed& change = changed(context);
        return change.real->managed_allocate(change.real->context, at, bytes, Attach::global);
    };
    api.attach_async = nullptr;
    nothing_is_attached(api);
}
void nothing_is_prefetched(CudaApi& api) {
    api.prefetch_async = [](void*, const void*, std::size_t, MemoryAt, StreamHandle) {
        return kCudaSuccess;
    };
}
// Behind what the kernels' stream has, which is where the last launch is.
void prefetched_after_the_launch(CudaApi& api) {
    static const void* late = nullptr;
    late = nullptr;
    api.prefetch_async = [](void* context, const void* at, std::size_t bytes, MemoryAt where,
                            StreamHandle stream) {
        const Changed& change = changed(context);
        if (where == MemoryAt::device) {
            late = at;
            return kCudaSuccess;
        }
        return change.real->prefetch_async(change.real->context, at, bytes, where, stream);
    };
    api.launch_checksum = [](void* context, const void* at, std::size_t bytes, std::uint64_t* sum,
                             StreamHandle stream) {
        const CudaApi& real = *changed(context).real;
        const CudaStatus status = real.launch_checksum(real.context, at, bytes, sum, stream);
        real.prefetch_async(real.context, late, bytes, MemoryAt::device, stream);
        return status;
    };
}
void sources_are_not_pinned(CudaApi& api) {
    api.host_register = [](void*, void*, std::size_t) { return kCudaSuccess; };
    api.host_unregister = [](void*, void*) { return kCudaSuccess; };
    api.host_device_pointer = [](void*, void** device, void* host) {
        *device = host;
        return kCudaSuccess;
    };
}
void kernels_get_the_hosts_pointer(CudaApi& api) {
    api.host_device_pointer = [](void*, void** device, void* host) {
        *device = host;
        return kCudaSuccess;
    };
}
void sums_are_cleared_elsewhere(CudaApi& api) {
    api.fill_async = [](void* context, void* at, int value, std::size_t bytes, StreamHandle) {
        const Changed& change = changed(context);
        return change.real->fill_async(change.real->context, at, value, bytes, change.other);
    };
}
void the_last_page_is_not_copied(CudaApi& api) {
    api.copy_async = [](void* context, void* to, const void* from, std::size_t bytes,
                        StreamHandle stream) {
        const Changed& change = changed(context);
        const std::size_t copied = bytes > 4096 ? bytes - 4096 : bytes;
        return change.real->copy_async(change.real->context, to, from, copied, stream);
    };
}

std::vector<Bug> bugs() {
    return {
        {"no event behind copies", K::staged, discrete_gpu(), no_event_behind_copies,
         "race on device memory"},
        {"copies on another stream", K::staged, discrete_gpu(), copies_on_another_stream,
         "race on"},
        {"execution is not waited for", K::registered, orin_gpu(), execution_is_not_waited_for,
         "race on pinned memory"},
        {"nothing is attached", K::managed_attach, orin_gpu(), nothing_is_attached,
         "which is attached to the host"},
        {"attached to another stream", K::managed_attach, orin_gpu(), attached_to_another_stream,
         "race on the attachment of managed memory"},
        {"a part is attached", K::managed_attach, orin_gpu(), a_part_is_attached,
         "a part of an allocation is attached"},
        {"managed memory is everybody's", K::managed_attach, orin_gpu(),
         managed_memory_is_everybodys, "a write of the host touches managed memory"},
        {"nothing is prefetched", K::managed_prefetch, discrete_gpu(), nothing_is_prefetched,
         "that were not prefetched"},
        {"prefetched after the launch", K::managed_prefetch, discrete_gpu(),
         prefetched_after_the_launch, "that were not prefetched"},
        {"sources are not pinned", K::staged, discrete_gpu(), sources_are_not_pinned,
         "is not pinned"},
        {"kernels get the host's pointer", K::registered, orin_gpu(), kernels_get_the_hosts_pointer,
         "that are not the device's"},
        {"sums are cleared elsewhere", K::staged, discrete_gpu(), sums_are_cleared_elsewhere,
         "race on device memory"},
        {"the last page is not copied", K::staged, discrete_gpu(), the_last_page_is_not_copied,
         "wrong bytes"},
    };
}

bool any_names(const Words& said, const std::string& part) {
    return std::ranges::any_of(
        said, [&](const std::string& what) { return what.find(part) != std::string::npos; });
}

std::string listed(const Words& said) {
    std::string all;
    for (const std::string& what : said) all += "\n  " + what;
    return all;
}

TEST(CudaBugs, EachIsCaughtAndNamed) {
    EXPECT_GE(bugs().size(), 10U);
    for (const Bug& bug : bugs()) {
        const Words said = said_of(bug);
        EXPECT_TRUE(any_names(said, bug.finding)) << bug.name << listed(said);
    }
}

// The same tables without the bug: nothing is found.
TEST(CudaBugs, NothingIsFoundWithoutThem) {
    for (Bug bug : bugs()) {
        bug.plant = nullptr;
        EXPECT_EQ(said_of(bug), Words{}) << bug.name;
    }
}

TEST(CudaBugs, AnEarlyReleaseIsNamed) {
    FakeCuda cuda(discrete_gpu());
    const CudaStream stream(cuda.api());
    BlockSums sums(cuda.api(), 1);
    {
        const DeviceBuffer block(cuda.api(), 4096);
        const DeviceRange range{block.at(), 4096, 0};
        sums.launch(stream.view(), {&range, 1});
    }
    sums.wait();
    EXPECT_TRUE(
        any_names(cuda.findings(), "is freed while kernel checksum on stream 1 may still use it"))
        << listed(cuda.findings());
}

// Between two streams only an event keeps an order.
TEST(CudaBugs, AMissingEventBetweenStreamsIsNamed) {
    for (const bool with_event : {true, false}) {
        FakeCuda cuda(discrete_gpu());
        const CudaStream copies(cuda.api());
        const CudaStream kernels(cuda.api());
        const PinnedBuffer from(cuda.api(), 4096);
        const DeviceBuffer to(cuda.api(), 4096);
        BlockSums sums(cuda.api(), 1);
        CudaEvent copied(cuda.api());
        SWAPLAB_CUDA(cuda.api(), copy_async, to.at(), from.host(), 4096, copies.view().handle);
        copied.record(copies.view());
        if (with_event) kernels.view().wait(copied);
        const DeviceRange range{to.at(), 4096, 0};
        sums.launch(kernels.view(), {&range, 1});
        sums.wait();
        copied.synchronize();
        EXPECT_EQ(any_names(cuda.findings(), "race on device memory"), !with_event)
            << listed(cuda.findings());
    }
}

TEST(CudaBugs, AWriteIntoMemoryThatIsBeingCopiedIsNamed) {
    FakeCuda cuda(discrete_gpu());
    const PinnedBuffer from(cuda.api(), 4096);
    const DeviceBuffer to(cuda.api(), 4096);
    CopyStream copies(cuda.api());
    copies.copy(to.at(), from.host(), 4096);
    cuda.api().host_touch(cuda.api().context, from.host(), 4096, HostTouch::begin_write);
    EXPECT_TRUE(
        any_names(cuda.findings(), "copy of 4096 bytes on stream 1 and a write of the host"))
        << listed(cuda.findings());
    copies.finish();
}

}  // namespace
}  // namespace swaplab::testing
