// One block through memory of one kind, step by step, as the machine takes it.
#pragma once

#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "hw/cuda/execute/block_sums.h"
#include "hw/cuda/kernels/checksum.h"
#include "hw/cuda/memory/buffer_pool.h"
#include "hw/cuda/memory/copies.h"
#include "hw/cuda/memory/swap_memory.h"

namespace swaplab::testing {

inline constexpr std::size_t kBlockBytes = 2 * 4096;

// What the file has of a block.
inline std::vector<std::byte> content_of(std::uint64_t block) {
    std::vector<std::byte> bytes(kBlockBytes);
    for (std::size_t i = 0; i < bytes.size() / sizeof block; ++i) {
        const std::uint64_t word = mixed_word(block, i);
        std::memcpy(&bytes[i * sizeof word], &word, sizeof word);
    }
    return bytes;
}

inline std::uint64_t sum_of(std::uint64_t block) {
    const std::vector<std::byte> bytes = content_of(block);
    return checksum_of(bytes.data(), bytes.size());
}

class BlockPath {
  public:
    BlockPath(const CudaApi& api, MemoryKind kind)
        : memory_(api, kind), copies_(api), pool_(api, {}) {}

    // A block that is somewhere on its way.
    struct OnItsWay {
        std::uint64_t number = 0;
        Spot landed;    // where it was read
        Spot executes;  // the same where nothing is copied
        bool copied = false;
    };

    OnItsWay place(std::uint64_t number) {
        const CudaKindRow& row = memory_.row();
        OnItsWay block{number, take(row.lands_in), {}, row.executes_in != row.lands_in};
        block.executes = block.copied ? take(row.executes_in) : block.landed;
        return block;
    }
    void begin_read(const OnItsWay& block) { memory_.begin_write(block.landed); }
    void end_read(const OnItsWay& block) {
        const std::vector<std::byte> bytes = content_of(block.number);
        std::memcpy(block.landed.host(), bytes.data(), bytes.size());
        memory_.end_write(block.landed);
    }
    void copy(OnItsWay& block) {
        if (!block.copied) return;
        copies_.copy(block.executes.at(), block.landed.at(), kBlockBytes);
        copies_.finish();
        pool_.give(*block.landed.buffer);
        block.landed = {};
    }
    void assemble(const OnItsWay& block) { memory_.to_device(block.executes); }
    void launch(BlockSums& sums, const OnItsWay& block) {
        const DeviceRange all{block.executes.device(), kBlockBytes, 1000};
        sums.launch(memory_.stream_of(block.executes), {&all, 1});
    }
    void release(const OnItsWay& block) {
        memory_.to_host(block.executes);
        pool_.give(*block.executes.buffer);
    }
    // All of it, one step behind the other; the sum that execution found.
    std::uint64_t swap(BlockSums& sums, std::uint64_t number) {
        OnItsWay block = place(number);
        begin_read(block);
        end_read(block);
        copy(block);
        assemble(block);
        launch(sums, block);
        const std::uint64_t sum = sums.wait().front();
        release(block);
        return sum;
    }

    SwapMemory& memory() { return memory_; }
    BufferPool& pool() { return pool_; }

  private:
    Spot take(Space space) {
        const bool alone = memory_.row().alone && space == Space::managed;
        Buffer& buffer = pool_.take(space, {kBlockBytes}, alone);
        memory_.prepare(buffer);
        return {&buffer, {}, {kBlockBytes}};
    }

    SwapMemory memory_;
    CopyStream copies_;
    BufferPool pool_;
};

// Reads the next block while the one before it executes, as SwapNet does; the sums in order.
inline std::vector<std::uint64_t> overlapped(const CudaApi& api, MemoryKind kind,
                                             std::uint64_t blocks) {
    BlockPath path(api, kind);
    BlockSums sums(api, 1);
    std::vector<std::uint64_t> found;
    BlockPath::OnItsWay next = path.place(0);
    path.begin_read(next);
    path.end_read(next);
    for (std::uint64_t b = 0; b < blocks; ++b) {
        BlockPath::OnItsWay current = next;
        path.copy(current);
        path.assemble(current);
        path.launch(sums, current);
        if (b + 1 < blocks) {
            next = path.place(b + 1);
            path.begin_read(next);
            path.end_read(next);
        }
        found.push_back(sums.wait().front());
        path.release(current);
    }
    return found;
}

inline std::vector<std::uint64_t> expected_sums(std::uint64_t blocks) {
    std::vector<std::uint64_t> sums;
    for (std::uint64_t b = 0; b < blocks; ++b) sums.push_back(sum_of(b));
    return sums;
}

}  // namespace swaplab::testing
