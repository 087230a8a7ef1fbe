#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "profiles/base/units.h"

namespace swaplab {

// Storage did not give what was asked for (exit code 1): names file, offset, and why.
class StorageError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// "Input/output error" for EIO.
std::string errno_text(int error);

// "FILE: at offset N: WHAT: Input/output error (errno 5)"
StorageError storage_error(const std::string& file, Bytes offset, std::string_view what, int error);

}  // namespace swaplab
