#include "tests/hw/cuda/fake/fake_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

#include "profiles/base/text.h"

namespace swaplab::testing {

namespace {

constexpr std::size_t kManagedOffset = 512;  // CUDA promises no alignment to pages
constexpr int kStale = 0xa5;

std::byte* mapped(std::size_t bytes, int protection) {
    void* const at =
        mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    return static_cast<std::byte*>(at);
}

// Who touches it by mistake does not survive it.
std::byte* address_only(std::size_t bytes) { return mapped(bytes, PROT_NONE); }

bool holds(const std::byte* begin, std::size_t size, const std::byte* at, std::size_t bytes) {
    return begin != nullptr && at >= begin && at + bytes <= begin + size;
}

const char* name_of(Allocation::Kind kind) {
    switch (kind) {
        case Allocation::Kind::device: return "device memory";
        case Allocation::Kind::pinned: return "pinned memory";
        case Allocation::Kind::managed: break;
    }
    return "managed memory";
}

}  // namespace

void Findings::add(const std::string& what) {
    if (std::ranges::find(all_, what) == all_.end()) all_.push_back(what);
}

FakeMemory::~FakeMemory() {
    const VectorClock nothing;
    while (!allocations_.empty()) {
        allocations_.front().accesses.clear();
        free(allocations_.front(), nothing);
    }
}

Allocation* FakeMemory::pin(void* at, std::size_t bytes) {
    auto* const begin = static_cast<std::byte*>(at);
    for (const Allocation& other : allocations_)
        if (other.kind == Allocation::Kind::pinned && begin < other.host + other.bytes &&
            other.host < begin + bytes)
            return nullptr;
    Allocation& made = allocations_.emplace_back();
    made.kind = Allocation::Kind::pinned;
    made.name = text("{} {}", name_of(made.kind), ++made_);
    made.bytes = bytes;
    made.host = made.backing = begin;
    made.device = one_pointer_ ? begin : address_only(bytes);
    return &made;
}

Allocation& FakeMemory::allocate(Allocation::Kind kind, std::size_t bytes) {
    Allocation& made = allocations_.emplace_back();
    made.kind = kind;
    made.name = text("{} {}", name_of(kind), ++made_);
    made.bytes = bytes;
    made.given = kind == Allocation::Kind::managed ? kManagedOffset : 0;
    made.backing = mapped(bytes + made.given, PROT_READ | PROT_WRITE) + made.given;
    std::memset(made.backing, kStale, bytes);
    made.device = kind == Allocation::Kind::device ? address_only(bytes) : made.backing;
    made.host = kind == Allocation::Kind::device ? nullptr : made.backing;
    if (kind == Allocation::Kind::managed)
        made.page_on_device.resize((made.given + bytes) / kPageOfFake + 1);
    return made;
}

Allocation* FakeMemory::begins_at(const void* at) {
    for (Allocation& allocation : allocations_)
        if (at ==
            (allocation.kind == Allocation::Kind::device ? allocation.device : allocation.host))
            return &allocation;
    return nullptr;
}

void FakeMemory::free(Allocation& allocation, const VectorClock& host) {
    for (const Access& access : allocation.accesses)
        if (!host.knows(access.epoch))
            findings_.add(
                text("{} is freed while {} may still use it", allocation.name, access.what));
    const bool pinned = allocation.kind == Allocation::Kind::pinned;
    if (!pinned) munmap(allocation.backing - allocation.given, allocation.bytes + allocation.given);
    if (allocation.device != allocation.backing) munmap(allocation.device, allocation.bytes);
    allocations_.remove_if([&](const Allocation& other) { return &other == &allocation; });
}

std::optional<Found> FakeMemory::find(const void* at, std::size_t bytes, bool kernel, bool host) {
    const auto* const begin = static_cast<const std::byte*>(at);
    for (Allocation& allocation : allocations_) {
        if (kernel && holds(allocation.device, allocation.bytes, begin, bytes))
            return Found{&allocation, static_cast<std::size_t>(begin - allocation.device)};
        if (host && holds(allocation.host, allocation.bytes, begin, bytes))
            return Found{&allocation, static_cast<std::size_t>(begin - allocation.host)};
    }
    return std::nullopt;
}

void FakeMemory::touch(const Found& found, std::size_t bytes, bool write, const Toucher& who) {
    const Access access{found.offset, found.offset + bytes, write, who.what, who.epoch};
    touch(found.allocation->accesses, access, who, found.allocation->name);
}

void FakeMemory::touch_attachment(Allocation& allocation, bool write, const Toucher& who) {
    const Access access{0, 1, write, who.what, who.epoch};
    touch(allocation.attaching, access, who, "the attachment of " + allocation.name);
}

void FakeMemory::touch(std::vector<Access>& accesses, const Access& access, const Toucher& who,
                       const std::string& where) {
    for (const Access& other : accesses) {
        const bool overlap = other.begin < access.end && access.begin < other.end;
        if (!overlap || !(other.write || access.write) || who.knows->knows(other.epoch)) continue;
        findings_.add(text("race on {}: {} and {}, in no order that CUDA keeps", where, other.what,
                           access.what));
    }
    // Who is ordered behind this access is ordered behind what it covers and knows.
    std::erase_if(accesses, [&](const Access& other) {
        return access.begin <= other.begin && other.end <= access.end &&
               who.knows->knows(other.epoch) && (access.write || !other.write);
    });
    accesses.push_back(access);
}

std::vector<std::string> FakeMemory::alive() const {
    std::vector<std::string> names;
    for (const Allocation& allocation : allocations_) names.push_back(allocation.name);
    return names;
}

}  // namespace swaplab::testing
