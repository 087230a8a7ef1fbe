#include "tests/hw/cuda/fake/fake_cuda.h"

#include <cstring>

#include "profiles/base/text.h"

namespace swaplab::testing {

namespace {

constexpr CudaStatus kAlreadyRegistered = 712;

Gpu gpu_of(const char* name, int capability, bool integrated, bool concurrent) {
    Gpu gpu;
    gpu.name = name;
    gpu.capability = capability;
    gpu.multiprocessors = 16;
    gpu.copy_engines = 2;
    gpu.integrated = integrated;
    gpu.managed_memory = true;
    gpu.concurrent_managed_access = concurrent;
    gpu.maps_host_memory = true;
    gpu.memory = Bytes{std::int64_t{8} << 30};
    gpu.driver = gpu.runtime = 12060;
    return gpu;
}

}  // namespace

Gpu discrete_gpu() { return gpu_of("discrete", 90, false, true); }
Gpu orin_gpu() { return gpu_of("orin", 87, true, false); }
Gpu thor_gpu() {
    Gpu gpu = gpu_of("thor", 110, true, true);
    gpu.host_pointer_is_device_pointer = true;
    return gpu;
}

FakeCuda::FakeCuda(const Gpu& gpu, std::uint64_t seed)
    : gpu_(gpu), memory_(findings_, gpu.host_pointer_is_device_pointer), streams_(seed) {
    api_.context = this;
    fill_table_of_device();
    fill_table_of_streams();
    fill_table_of_memory();
    fill_table_of_work();
}

FakeCuda::~FakeCuda() { streams_.finish_all(); }

std::vector<std::string> FakeCuda::findings() const {
    const Lock lock(mutex_);
    return findings_.all();
}

std::vector<std::string> FakeCuda::alive() const {
    const Lock lock(mutex_);
    std::vector<std::string> alive = streams_.alive();
    for (std::string& name : memory_.alive()) alive.push_back(std::move(name));
    return alive;
}

std::size_t FakeCuda::calls() const {
    const Lock lock(mutex_);
    return made_;
}

std::size_t FakeCuda::calls_of(const std::string& name) const {
    const Lock lock(mutex_);
    const auto found = calls_.find(name);
    return found == calls_.end() ? 0 : found->second;
}

void FakeCuda::fail_call(std::size_t number, CudaStatus status) {
    const Lock lock(mutex_);
    fail_at_ = number;
    failure_ = status;
}

void FakeCuda::fail_all(CudaStatus status) {
    const Lock lock(mutex_);
    sticky_ = status;
}

CudaStatus FakeCuda::enter(const char* name) {
    ++calls_[name];
    ++made_;
    streams_.wander();
    return made_ == fail_at_ ? failure_ : sticky_;
}

// --- Memory --------------------------------------------------------------------------------------

CudaStatus FakeCuda::pin(void* at, std::size_t bytes) {
    return memory_.pin(at, bytes) == nullptr ? kAlreadyRegistered : kCudaSuccess;
}

CudaStatus FakeCuda::allocate(void** at, std::size_t bytes, Allocation::Kind kind, Attach attach) {
    Allocation& made = memory_.allocate(kind, bytes);
    made.attach = attach;
    *at = kind == Allocation::Kind::device ? made.device : made.host;
    return kCudaSuccess;
}

// What still runs is done first: the finding says what CUDA would not.
CudaStatus FakeCuda::give_back(void* at, Allocation::Kind but_not) {
    Allocation* const allocation = memory_.begins_at(at);
    if (allocation == nullptr ||
        (allocation->kind == Allocation::Kind::pinned) == (but_not == Allocation::Kind::pinned)) {
        findings_.add("what is given back was not taken, or is of another kind");
        return kCudaInvalidValue;
    }
    streams_.finish_all();
    memory_.free(*allocation, streams_.host());
    return kCudaSuccess;
}

// --- Work on streams -----------------------------------------------------------------------------

CudaStatus FakeCuda::copy(void* to, const void* from, std::size_t bytes, FakeStream& stream) {
    const std::string what = text("copy of {} bytes on stream {}", bytes, stream.actor);
    const auto target = memory_.find(to, bytes, true, true);
    const auto source = memory_.find(from, bytes, true, true);
    if (!target || !source) {
        findings_.add(text("{}: its {} is not pinned", what, source ? "target" : "source"));
        return kCudaInvalidValue;
    }
    const Toucher who{what, streams_.submit(stream), &stream.clock};
    memory_.touch(*source, bytes, false, who);
    memory_.touch(*target, bytes, true, who);
    streams_.add(stream, [target = target->bytes(), source = source->bytes(), bytes] {
        std::memcpy(target, source, bytes);
    });
    return kCudaSuccess;
}

CudaStatus FakeCuda::attach(FakeStream& stream, void* at, std::size_t bytes, Attach how) {
    Allocation* const allocation = memory_.begins_at(at);
    if (allocation == nullptr || allocation->kind != Allocation::Kind::managed ||
        (bytes != 0 && bytes != allocation->bytes)) {
        findings_.add("a part of an allocation is attached");
        return kCudaInvalidValue;
    }
    const Toucher who{text("attaching on stream {}", stream.actor), streams_.submit(stream),
                      &stream.clock};
    memory_.touch_attachment(*allocation, true, who);
    streams_.add(stream, [allocation, how, &stream] {
        allocation->attach = how;
        allocation->attached_to = reinterpret_cast<StreamHandle>(&stream);
    });
    return kCudaSuccess;
}

CudaStatus FakeCuda::prefetch(const void* at, std::size_t bytes, MemoryAt where,
                              FakeStream& stream) {
    if (!gpu_.concurrent_managed_access) return kCudaInvalidDevice;
    const auto found = memory_.find(at, bytes, false, true);
    if (!found || found->allocation->kind != Allocation::Kind::managed) return kCudaInvalidValue;
    const Toucher who{text("prefetch on stream {}", stream.actor), streams_.submit(stream),
                      &stream.clock};
    // It reads the pages and puts them elsewhere: in no order with a write, some of them lag
    // behind.
    memory_.touch(*found, bytes, false, who);
    streams_.add(stream, [found = *found, bytes, where] {
        for (std::size_t page = found.first_page(); page <= found.last_page(bytes); ++page)
            found.allocation->page_on_device[page] = where == MemoryAt::device;
    });
    return kCudaSuccess;
}

// What a kernel may not touch it faults on, which is sticky.
CudaStatus FakeCuda::kernel(const char* name, const std::vector<Range>& ranges, FakeStream& stream,
                            std::function<void(const std::vector<Found>&)> run) {
    const std::string what = text("kernel {} on stream {}", name, stream.actor);
    const Toucher who{what, streams_.submit(stream), &stream.clock};
    running_kernel();  // forgets those that are over
    kernels_.push_back({who.epoch, what});
    check_open_writes(what, stream);
    std::vector<Found> all;
    for (const Range& range : ranges) {
        const auto found = memory_.find(range.at, range.bytes, true, false);
        if (!found) {
            findings_.add(text("{} touches {} bytes that are not the device's", what, range.bytes));
            sticky_ = kCudaIllegalAddress;
            return kCudaSuccess;  // as CUDA: the next call reports it
        }
        memory_.touch(*found, range.bytes, range.write, who);
        if (found->allocation->kind == Allocation::Kind::managed)
            memory_.touch_attachment(*found->allocation, false, who);
        all.push_back(*found);
    }
    streams_.add(stream, [this, what, all, ranges, &stream, run = std::move(run)] {
        for (std::size_t i = 0; i < all.size(); ++i)
            if (all[i].allocation->kind == Allocation::Kind::managed)
                check_managed(all[i], ranges[i].bytes, what, stream);
        run(all);
    });
    return kCudaSuccess;
}

void FakeCuda::check_managed(const Found& found, std::size_t bytes, const std::string& kernel,
                             const FakeStream& stream) {
    const Allocation& allocation = *found.allocation;
    const bool own = allocation.attached_to == reinterpret_cast<const CUstream_st*>(&stream);
    if (allocation.attach == Attach::host || (allocation.attach == Attach::single && !own)) {
        findings_.add(text("{} touches {}, which is attached to {}", kernel, allocation.name,
                           allocation.attach == Attach::host ? "the host" : "another stream"));
        sticky_ = kCudaIllegalAddress;
    }
    if (allocation.attach == Attach::global) check_pages(found, bytes, true, kernel);
}

// Pages that are elsewhere come one by one as they are touched.
void FakeCuda::check_pages(const Found& found, std::size_t bytes, bool on_device,
                           const std::string& who) {
    if (!gpu_.concurrent_managed_access || gpu_.integrated) return;
    std::size_t elsewhere = 0;
    for (std::size_t page = found.first_page(); page <= found.last_page(bytes); ++page) {
        elsewhere += std::size_t{found.allocation->page_on_device[page] != on_device};
        found.allocation->page_on_device[page] = on_device;
    }
    if (elsewhere > 0)
        findings_.add(
            text("{} faults on pages of {} that were not prefetched", who, found.allocation->name));
}

// --- The host ------------------------------------------------------------------------------------

std::optional<std::string> FakeCuda::running_kernel() {
    std::erase_if(kernels_,
                  [this](const Running& kernel) { return streams_.host().knows(kernel.epoch); });
    if (kernels_.empty()) return std::nullopt;
    return kernels_.front().what;
}

void FakeCuda::check_host_may(const Allocation& allocation, const std::string& who) {
    if (gpu_.concurrent_managed_access || allocation.kind != Allocation::Kind::managed) return;
    if (allocation.attach == Attach::host) return;
    if (allocation.attach == Attach::single) {
        const FakeStream* const stream = streams_.find(allocation.attached_to);
        if (stream == nullptr || streams_.host().knows(stream->last)) return;
        findings_.add(
            text("{} touches {}, which is attached to a stream that works", who, allocation.name));
    } else if (const auto kernel = running_kernel()) {
        findings_.add(text("{} touches {} while {} runs", who, allocation.name, *kernel));
    }
}

void FakeCuda::host_touch(const void* at, std::size_t bytes, HostTouch how) {
    const auto found = memory_.find(at, bytes, false, true);
    if (!found) {
        if (memory_.find(at, bytes, true, false))
            findings_.add("the host touches memory of the device");
        return;
    }
    const bool write = how != HostTouch::read;
    const Toucher who{write ? "a write of the host" : "a read of the host", streams_.host_tick(),
                      &streams_.host()};
    memory_.touch(*found, bytes, write, who);
    if (found->allocation->kind != Allocation::Kind::managed) return;
    memory_.touch_attachment(*found->allocation, false, who);
    check_host_may(*found->allocation, who.what);
    check_pages(*found, bytes, false, who.what);
    if (how == HostTouch::begin_write) open_writes_.push_back(*found);
    if (how == HostTouch::end_write)
        std::erase_if(open_writes_, [&](const Found& open) {
            return open.allocation == found->allocation && open.offset == found->offset;
        });
}

// A kernel that begins while the host writes.
void FakeCuda::check_open_writes(const std::string& kernel, const FakeStream& stream) {
    if (gpu_.concurrent_managed_access) return;
    for (const Found& open : open_writes_) {
        const bool there =
            open.allocation->attached_to == reinterpret_cast<const CUstream_st*>(&stream);
        if (open.allocation->attach == Attach::global ||
            (open.allocation->attach == Attach::single && there))
            findings_.add(
                text("{} begins while the host writes to {}", kernel, open.allocation->name));
    }
}

}  // namespace swaplab::testing
