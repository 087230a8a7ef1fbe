// LibTorch's allocations for tensors, redirected.
#pragma once

#include <optional>
#include <string>

#include "policies/port/executor.h"

namespace swaplab {

// While it lives, tensors that this thread makes, and those that the worker threads of its
// operators make, lie in `memory`; so does the scratch memory that oneDNN asks LibTorch for. They
// may be freed later and by any thread, but before `memory` ends. Scopes do not nest.
//
// One operator may allocate from several worker threads: `allocate` is called by one at a time.
class ActivationScope {
  public:
    explicit ActivationScope(ActivationMemory& memory);
    ~ActivationScope();
    ActivationScope(const ActivationScope&) = delete;
    ActivationScope& operator=(const ActivationScope&) = delete;

    // What the memory said when it had none left, in this scope: LibTorch's interpreter throws what
    // an operator threw as something else.
    std::optional<std::string> refusal() const;
};

}  // namespace swaplab
