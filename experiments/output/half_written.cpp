#include "experiments/output/half_written.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Plain memory and lock-free atomics: all that a signal handler may touch. A slot is read only
// while `used` is set, and its name is complete before that.
struct Slot {
    std::atomic<bool> used{false};
    std::array<char, 4096> path{};
};
std::array<Slot, 64> half_written;

}  // namespace

void remove_on_interrupt(const std::string& path) {
    if (path.size() >= half_written.front().path.size())
        throw InputError(text("cannot write '{}': its name is too long", path));
    for (Slot& slot : half_written) {
        if (slot.used.load()) continue;
        std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
        slot.used.store(true);
        return;
    }
    SWAPLAB_CHECK(false, "more than {} files are being written", half_written.size());
}

void keep_on_interrupt(const std::string& path) {
    for (Slot& slot : half_written)
        if (slot.used.load() && path == slot.path.data()) slot.used.store(false);
}

void remove_half_written() {
    for (const Slot& slot : half_written)
        if (slot.used.load()) unlink(slot.path.data());
}

}  // namespace swaplab
