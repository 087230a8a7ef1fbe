// Executing a model for real: what the compute lane of a real-time device calls. Implemented by
// `hw` with LibTorch and, in tests, by fakes; handed to devices by whoever builds them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "policies/port/block.h"
#include "profiles/base/error.h"
#include "profiles/base/ids.h"
#include "profiles/base/text.h"

namespace swaplab {

// What an allocation of activations takes of the budget: whole pages, so that the memory behind it
// can come from anywhere and never fragments.
constexpr Bytes activation_bytes_taken(std::size_t bytes) {
    constexpr Bytes page{4096};
    return align_up({static_cast<std::int64_t>(bytes)}, page);
}

// The budget leaves no memory for what is asked for.
class OutOfMemory : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Memory for activations, within the budget of a run.
class ActivationMemory {
  public:
    virtual ~ActivationMemory() = default;
    // `bytes` > 0, aligned to a page; throws `std::runtime_error` naming both values where the
    // budget leaves no place. Called by the thread that executes; `free` by any.
    virtual void* allocate(std::size_t bytes) = 0;
    virtual void free(void* at) = 0;
};

// Where a row of a table lies that came in alone.
struct RowAt {
    std::int64_t row = 0;
    Bytes at;  // from the begin of what came in of the table
};

// Parameters of a layer that a block brings apart from the extent of its own layers, as they lie in
// memory: all of them, as the pack has them, or rows, each in a window of its own.
struct BroughtAt {
    LayerId owner;
    std::byte* at = nullptr;
    std::vector<RowAt> rows{};  // none: it came in whole

    bool by_rows() const { return !rows.empty(); }
};

// Executes the blocks of one job. Blocks are those of the deployment, by BlockId. The device
// serialises all calls for one block; `bind` and `unbind` of one block may run beside `execute` of
// another.
class Executor {
  public:
    virtual ~Executor() = default;
    // The block's parameters lie at `at`, laid out as its pack has them, until `unbind`: refers to
    // them in place, copies nothing.
    virtual void bind(BlockId block, std::byte* at) = 0;
    // Likewise, of a block that brings parameters besides those of its own layers.
    virtual void bind_with(BlockId block, std::byte* at, std::span<const BroughtAt> brought) {
        SWAPLAB_CHECK(brought.empty(), "an executor of whole layers' parameters gets {} more",
                      brought.size());
        bind(block, at);
    }
    // The rows that the request's pass touches of a table which comes in for the block by rows
    // (`owner` of its `BroughtLayer`), each once, as what is bound for it must have. Known before
    // the pass begins; any thread, beside any other call.
    virtual std::vector<std::int64_t> rows(RequestId, std::uint32_t, BlockId block,
                                           LayerId table) const {
        throw UnsupportedError(
            text("this executor needs whole tables, and of layer {} rows come "
                 "in for block {}",
                 table.index, block.index));
    }
    // Drops every reference into the block's memory; aborts if one outlives the call.
    virtual void unbind(BlockId block) = 0;
    // Blocks of a request come in order of execution, all from one thread. Throws
    // `std::runtime_error` naming the block where it fails.
    virtual void execute(RequestId request, std::uint32_t pass, BlockId block) = 0;
    // Of the outputs of a request that has ended, until another one has; nothing where none are
    // made.
    virtual std::optional<std::string> output_digest(RequestId request) const = 0;
};

// Makes the executor of a job: `blocks` by BlockId, as ranges of units of the model, which they
// cover once for every variant, one after the other. A request may go on from one variant to
// another at a cut. Activations are allocated from `activations`, which outlives the executor.
using ExecutorFactory = std::function<std::unique_ptr<Executor>(
    JobId job, std::span<const Block> blocks, ActivationMemory& activations)>;

}  // namespace swaplab
