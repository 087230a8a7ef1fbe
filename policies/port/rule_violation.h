// What a device throws that would not survive what it was asked for.
#pragma once

#include <stdexcept>

namespace swaplab {

// What was asked for would fault, or read what is not there, on the device that is emulated. The
// message names both activities with their blocks and lanes; the runner blames the policy.
class RuleViolation : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace swaplab
