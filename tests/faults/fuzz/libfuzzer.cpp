// One target for libFuzzer (clang): SWAPLAB_FUZZ_TARGET names it.
#include <cstddef>
#include <cstdint>

#include "tests/faults/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const swaplab::faults::FuzzTarget& target =
        swaplab::faults::fuzz_target(SWAPLAB_FUZZ_TARGET);
    target.run({reinterpret_cast<const char*>(data), size});
    return 0;
}
