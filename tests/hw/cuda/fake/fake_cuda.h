// A CUDA runtime made of ordinary memory, which watches: what order streams, events and waits give
// to every access, who may touch managed memory, what is pinned, and what was given back. What CUDA
// may delay or reorder it does, by chance; what breaks a rule of CUDA's is a finding, in words,
// also where the bytes came out right this time.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hw/cuda/runtime/gpu.h"
#include "tests/hw/cuda/fake/fake_memory.h"
#include "tests/hw/cuda/fake/fake_streams.h"

namespace swaplab::testing {

Gpu discrete_gpu();  // as an H100
Gpu orin_gpu();      // integrated, without concurrent managed access
Gpu thor_gpu();      // integrated, with it

class FakeCuda {
  public:
    // `seed` of what is delayed; 0: all work happens only when it is waited for.
    explicit FakeCuda(const Gpu& gpu, std::uint64_t seed = 0);
    ~FakeCuda();
    FakeCuda(const FakeCuda&) = delete;
    FakeCuda& operator=(const FakeCuda&) = delete;

    const CudaApi& api() const { return api_; }

    std::vector<std::string> findings() const;
    std::vector<std::string> alive() const;  // streams, events and memory not given back
    std::size_t calls() const;               // so far
    std::size_t calls_of(const std::string& name) const;
    // The call of that number, from 1 on, fails and does nothing; one that gives something back
    // does so and reports the error, as CUDA does with those of earlier work.
    void fail_call(std::size_t number, CudaStatus status);
    // Every call fails from now on, as without a driver.
    void fail_all(CudaStatus status);

  private:
    struct Range {
        const void* at;
        std::size_t bytes;
        bool write;
    };
    using Lock = std::lock_guard<std::mutex>;

    static FakeCuda& of(void* context) { return *static_cast<FakeCuda*>(context); }
    template <class Does>
    static CudaStatus call(void* context, const char* name, bool gives_back, Does does);
    CudaStatus enter(const char* name);
    void fill_table_of_device();
    void fill_table_of_streams();
    void fill_table_of_memory();
    void fill_table_of_work();

    CudaStatus pin(void* at, std::size_t bytes);
    CudaStatus allocate(void** at, std::size_t bytes, Allocation::Kind kind, Attach attach);
    CudaStatus give_back(void* at, Allocation::Kind but_not);
    CudaStatus copy(void* to, const void* from, std::size_t bytes, FakeStream& stream);
    CudaStatus attach(FakeStream& stream, void* at, std::size_t bytes, Attach how);
    CudaStatus prefetch(const void* at, std::size_t bytes, MemoryAt where, FakeStream& stream);
    CudaStatus kernel(const char* name, const std::vector<Range>& ranges, FakeStream& stream,
                      std::function<void(const std::vector<Found>&)> run);
    void check_managed(const Found& found, std::size_t bytes, const std::string& kernel,
                       const FakeStream& stream);
    void host_touch(const void* at, std::size_t bytes, HostTouch how);
    void check_open_writes(const std::string& kernel, const FakeStream& stream);
    void check_host_may(const Allocation& allocation, const std::string& who);
    void check_pages(const Found& found, std::size_t bytes, bool on_device, const std::string& who);
    std::optional<std::string> running_kernel();

    struct Running {
        Epoch epoch;
        std::string what;
    };

    const Gpu gpu_;
    CudaApi api_;
    mutable std::mutex mutex_;
    Findings findings_;
    FakeMemory memory_;
    FakeStreams streams_;
    std::vector<Found> open_writes_;  // of the host, to managed memory
    std::vector<Running> kernels_;    // that may run now, as far as the host knows
    std::map<std::string, std::size_t> calls_;
    std::size_t made_ = 0;
    std::size_t fail_at_ = 0;
    CudaStatus failure_ = kCudaSuccess;
    CudaStatus sticky_ = kCudaSuccess;
};

}  // namespace swaplab::testing
