#include "emu/memory/host_faults.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

// Everything here is read and written inside a signal handler: lock-free atomics of fixed number.
struct HostFaults::Table {
    struct Range {
        std::atomic<std::uintptr_t> begin{0};
        std::atomic<std::uintptr_t> end{0};
        std::atomic<std::uint64_t> tag{0};
    };
    // A slot of a ring: `turn` is the number of the fault in it, plus one, once that is complete.
    struct Slot {
        std::atomic<std::uint64_t> turn{0};
        std::atomic<std::uint64_t> tag{0};
        std::atomic<std::uintptr_t> offset{0};
        std::atomic<bool> write{false};
    };
    std::array<Range, kMostRanges> ranges;
    std::atomic<std::size_t> ranges_end{0};  // entries before it are complete
    std::array<Slot, kMostFaults> slots;
    std::atomic<std::uint64_t> recorded{0};
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> lost{0};
    struct sigaction segv_before {};
    struct sigaction bus_before {};
};

namespace {

using Table = HostFaults::Table;

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// The one mutable global of the emulator: a signal handler has nowhere else to look.
std::atomic<Table*> g_table{nullptr};

constexpr std::uintptr_t kPageMask = 4095;

bool is_write([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
    const auto* const machine = static_cast<const ucontext_t*>(context);
    return (machine->uc_mcontext.gregs[REG_ERR] & 2) != 0;  // Intel SDM 3A, 4.7: W/R
#elif defined(__aarch64__)
    // Records of the kernel, each with its size: asm/sigcontext.h, struct esr_context.
    const auto* const machine = static_cast<const ucontext_t*>(context);
    const auto* at = reinterpret_cast<const unsigned char*>(machine->uc_mcontext.__reserved);
    const auto* const end = at + sizeof machine->uc_mcontext.__reserved;
    while (at + 16 <= end) {
        std::uint32_t magic = 0, size = 0;
        std::uint64_t esr = 0;
        std::memcpy(&magic, at, 4);
        std::memcpy(&size, at + 4, 4);
        std::memcpy(&esr, at + 8, 8);
        if (magic == 0x45535201U) return (esr & 0x40U) != 0;  // Arm ARM, ISS of data aborts: WnR
        if (magic == 0 || size < 8) break;
        at += size;
    }
    return false;
#else
    return false;
#endif
}

const Table::Range* range_of(const Table& table, std::uintptr_t address) {
    const std::size_t count = table.ranges_end.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        const Table::Range& range = table.ranges[i];
        const std::uintptr_t begin = range.begin.load(std::memory_order_acquire);
        if (begin != 0 && begin <= address && address < range.end.load()) return &range;
    }
    return nullptr;
}

void record(Table& table, const Table::Range& range, std::uintptr_t address, bool write) {
    std::uint64_t number = table.recorded.load();
    do
        if (number - table.taken.load() >= HostFaults::kMostFaults) {
            ++table.lost;
            return;
        }
    while (!table.recorded.compare_exchange_weak(number, number + 1));
    Table::Slot& slot = table.slots[number % HostFaults::kMostFaults];
    slot.tag = range.tag.load();
    slot.offset = address - range.begin.load();
    slot.write = write;
    slot.turn.store(number + 1, std::memory_order_release);
}

// SIGBUS: there is a mapping, but nothing behind it, so opening it would fault again.
bool open_page(std::uintptr_t address, int signal) {
    void* const page = reinterpret_cast<void*>(address & ~kPageMask);
    constexpr int access = PROT_READ | PROT_WRITE;
    if (signal == SIGSEGV && mprotect(page, kPageMask + 1, access) == 0) return true;
    return mmap(page, kPageMask + 1, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
           MAP_FAILED;
}

// As if we had never been there. The default action comes when the access is tried again.
void hand_on(const Table& table, int signal, siginfo_t* info, void* context) {
    const struct sigaction& before = signal == SIGSEGV ? table.segv_before : table.bus_before;
    if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(signal, info, context);
    if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
        return before.sa_handler(signal);
    sigaction(signal, &before, nullptr);
    // Somebody sent it: nothing will be tried again.
    if (info->si_code <= 0) static_cast<void>(raise(signal));
}

void on_fault(int signal, siginfo_t* info, void* context) {
    const int error = errno;
    Table* const table = g_table.load();
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    const bool by_access = info->si_code > 0;
    if (const Table::Range* const range = by_access ? range_of(*table, address) : nullptr) {
        record(*table, *range, address, is_write(context));
        if (!open_page(address, signal)) hand_on(*table, signal, info, context);
    } else {
        hand_on(*table, signal, info, context);
    }
    errno = error;
}

}  // namespace

HostFaults::HostFaults() : table_(std::make_unique<Table>()) {
    Table* expected = nullptr;
    const bool alone = g_table.compare_exchange_strong(expected, table_.get());
    SWAPLAB_CHECK(alone, "{} watches of host faults at once", 2);
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &table_->segv_before);
    sigaction(SIGBUS, &action, &table_->bus_before);
}

HostFaults::~HostFaults() {
    sigaction(SIGSEGV, &table_->segv_before, nullptr);
    sigaction(SIGBUS, &table_->bus_before, nullptr);
    g_table = nullptr;
}

void HostFaults::register_range(const std::byte* begin, std::size_t size, std::uint64_t tag) {
    const auto address = reinterpret_cast<std::uintptr_t>(begin);
    SWAPLAB_CHECK(address != 0 && size > 0 && ((address | size) & kPageMask) == 0,
                  "{} bytes at {:#x} are not whole pages", size, address);
    const std::lock_guard lock(mutex_);
    const std::size_t at = table_->ranges_end;
    SWAPLAB_CHECK(at < kMostRanges, "more than {} ranges", kMostRanges);
    Table::Range& range = table_->ranges[at];
    range.begin = address;
    range.end = address + size;
    range.tag = tag;
    table_->ranges_end.store(at + 1, std::memory_order_release);
}

std::optional<HostFaults::Fault> HostFaults::take() {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = table_->taken;
    const Table::Slot& slot = table_->slots[number % kMostFaults];
    if (slot.turn.load(std::memory_order_acquire) != number + 1) return std::nullopt;
    const Fault fault{slot.tag, slot.offset, slot.write};
    table_->taken = number + 1;
    return fault;
}

std::uint64_t HostFaults::count() const { return table_->recorded + table_->lost; }

}  // namespace swaplab
