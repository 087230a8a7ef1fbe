#pragma once

#include <stdexcept>

namespace swaplab {

// An output that could be opened and then not be written (exit code 1).
class OutputError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace swaplab
