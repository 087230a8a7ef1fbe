// Storage that misbehaves as a test wishes.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "hw/storage/block_io.h"

namespace swaplab::testing {

// What becomes of one request instead of reading.
struct Fault {
    int error = 0;           // the completion says -error, and nothing is read
    bool file_ends = false;  // the completion says 0
    std::size_t most = 0;    // else at most so many bytes are read
};

// Hands requests on to another `BlockIo`, but for those that a fault is set for, by their number
// (from 0, retries counted).
class FaultyIo final : public BlockIo {
  public:
    using Faults = std::map<std::uint64_t, Fault>;
    // `in_flight` (may be null) shows how many requests have not come back.
    FaultyIo(std::unique_ptr<BlockIo> inner, Faults faults, std::int64_t* in_flight = nullptr)
        : inner_(std::move(inner)), faults_(std::move(faults)), in_flight_(in_flight) {}

    void submit(const IoRequest& request) noexcept override;
    IoCompletion wait() noexcept override;

  private:
    std::unique_ptr<BlockIo> inner_;
    Faults faults_;
    std::int64_t* in_flight_;
    std::uint64_t submitted_ = 0;
    std::deque<IoCompletion> failed_;
};

// A file in memory whose requests complete in a random order and copy only when they do, so that a
// reader that left too early would show.
class ShuffledIo final : public BlockIo {
  public:
    ShuffledIo(std::span<const std::byte> file, std::uint32_t seed) : file_(file), random_(seed) {}

    void submit(const IoRequest& request) noexcept override { requests_.push_back(request); }
    IoCompletion wait() noexcept override;

  private:
    std::span<const std::byte> file_;
    std::mt19937 random_;
    std::vector<IoRequest> requests_;
};

}  // namespace swaplab::testing
