// What is put where something else is meant: numbers at the ends of types, texts that break out.
#pragma once

#include <string>

#include "tests/support/random.h"

namespace swaplab::faults {

using testing::Rng;

// A number at the end of some type or of some rule.
std::string boundary_number(Rng& random);
// Another number, near the given one or a simple multiple of it: most readers take it.
std::string number_near(const std::string& number, Rng& random);
// Control characters, overlong and cut UTF-8, formulas of spreadsheets, escapes of terminals.
std::string hostile_text(Rng& random);
// Bytes cut off, doubled, overwritten, garbage between them.
void damage(std::string& bytes, Rng& random);

// One of a list; an empty list aborts.
template <class List>
auto& one_of(List& list, Rng& random) {
    const auto last = static_cast<std::int64_t>(std::size(list)) - 1;
    return list[static_cast<std::size_t>(random.between(0, last))];
}

}  // namespace swaplab::faults
