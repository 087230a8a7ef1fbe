// Values of files that are words with a meaning of their own.
#pragma once

#include "profiles/base/error.h"
#include "profiles/document/document.h"

namespace swaplab {

// What `make` makes of a value; what it finds wrong gets the value's position.
template <class Make>
auto positioned(const Field& field, Make make) {
    try {
        return make();
    } catch (const InputError& error) {
        field.fail(error.what());
    }
}

}  // namespace swaplab
