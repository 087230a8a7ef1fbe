#include "hw/torch/run/cpu_allocator.h"

#include <ATen/Parallel.h>
#include <c10/core/CPUAllocator.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

thread_local ActivationMemory* current = nullptr;
// For worker threads of operators; one compute lane executes at a time.
std::atomic<ActivationMemory*> of_workers{nullptr};

ActivationMemory* memory_here() {
    if (current != nullptr) return current;
    return at::in_parallel_region() ? of_workers.load() : nullptr;
}

// LibTorch 2.2 made `allocate` non-const and added `copy_data`: both forms are here, and whichever
// the base class has is overridden.
class Redirection final : public c10::Allocator {
  public:
    explicit Redirection(c10::Allocator* before) : before_(before) {}

    c10::DataPtr allocate(std::size_t size) const { return place(size); }
    c10::DataPtr allocate(std::size_t size) { return place(size); }
    c10::DeleterFnPtr raw_deleter() const override { return &free; }
    void copy_data(void* to, const void* from, std::size_t size) const {
        std::memcpy(to, from, size);
    }

  private:
    c10::DataPtr place(std::size_t size) const;
    static void free(void* at);

    c10::Allocator* before_;
};

// Never destroyed: tensors of static lifetime are freed after everything else.
struct Placements {
    std::mutex mutex;
    std::unordered_map<void*, ActivationMemory*> memory_of;
    std::optional<std::string> refusal;  // of the scope
    Redirection* redirection = nullptr;
    c10::DeleterFnPtr free_before = nullptr;
};
Placements& placements() {
    static auto* const all = new Placements;
    return *all;
}

c10::DataPtr Redirection::place(std::size_t size) const {
    ActivationMemory* memory = memory_here();
    if (memory == nullptr || size == 0) return before_->allocate(size);
    Placements& all = placements();
    const std::lock_guard lock(all.mutex);
    void* at = nullptr;
    try {
        at = memory->allocate(size);
    } catch (const OutOfMemory& error) {
        all.refusal = error.what();
        throw;
    }
    all.memory_of.emplace(at, memory);
    return {at, at, &free, c10::Device(c10::DeviceType::CPU)};
}

// Also of what was allocated before the redirection, or outside of a scope, through LibTorch's raw
// interface.
void Redirection::free(void* at) {
    Placements& all = placements();
    ActivationMemory* memory = nullptr;
    {
        const std::lock_guard lock(all.mutex);
        if (const auto found = all.memory_of.find(at); found != all.memory_of.end()) {
            memory = found->second;
            all.memory_of.erase(found);
        }
    }
    if (memory != nullptr) return memory->free(at);
    all.free_before(at);
}

void install() {
    static const bool installed = [] {
        Placements& all = placements();
        c10::Allocator* before = c10::GetCPUAllocator();
        all.free_before = before->raw_deleter();
        SWAPLAB_CHECK(all.free_before != nullptr, "LibTorch's allocator has no raw interface");
        all.redirection = new Redirection(before);
        constexpr std::uint8_t kHighest = 255;
        c10::SetCPUAllocator(all.redirection, kHighest);
        return true;
    }();
    SWAPLAB_CHECK(installed && c10::GetCPUAllocator() == placements().redirection,
                  "somebody else replaced LibTorch's allocator");
}

}  // namespace

ActivationScope::ActivationScope(ActivationMemory& memory) {
    install();
    SWAPLAB_CHECK(current == nullptr, "two scopes in one thread");
    current = &memory;
    of_workers = &memory;
    const std::lock_guard lock(placements().mutex);
    placements().refusal.reset();
}

std::optional<std::string> ActivationScope::refusal() const {
    const std::lock_guard lock(placements().mutex);
    return placements().refusal;
}

ActivationScope::~ActivationScope() {
    current = nullptr;
    of_workers = nullptr;
}

}  // namespace swaplab
