// What a fuzzer drives: from bytes to whatever reads them, and back.
#pragma once

#include <span>
#include <string_view>

namespace swaplab::faults {

struct FuzzTarget {
    std::string_view name;
    // Aborts where something that must hold does not; bad input is no such thing.
    void (*run)(std::string_view bytes);
};

std::span<const FuzzTarget> fuzz_targets();
// Aborts if there is none of that name.
const FuzzTarget& fuzz_target(std::string_view name);

}  // namespace swaplab::faults
