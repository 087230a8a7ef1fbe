// Counts the work of the operators that LibTorch executes, wherever they are called from: a graph,
// branches, other operators.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "profiles/model/model.h"

namespace swaplab {

struct OpCount {
    std::int64_t macs = 0;
    std::int64_t other_ops = 0;
    // Of the operator with most multiplications; without any, of the first that does more than
    // element after element.
    std::optional<OpClass> main;
};

// Of the operators that this thread calls while the counter lives; one counter per thread.
class OpCounter {
  public:
    OpCounter();
    ~OpCounter();
    OpCounter(const OpCounter&) = delete;
    OpCounter& operator=(const OpCounter&) = delete;

    OpCount take();  // since it was taken last

    struct State;

  private:
    std::unique_ptr<State> state_;
};

}  // namespace swaplab
