// What came of mutants, shared by the processes that run them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace swaplab::faults {

inline constexpr std::size_t kMostFormats = 16;
inline constexpr std::array kCodes{0, 1, 2, 3, 4, 77};

struct FormatCounts {
    std::atomic<std::uint64_t> mutants, read, faults;
    std::array<std::atomic<std::uint64_t>, kCodes.size()> by_code;
};

// Lies in memory that workers and their parent have in common.
struct Counts {
    std::array<FormatCounts, kMostFormats> formats;
    std::atomic<std::uint64_t> slowest_ms, slowest;  // and which mutant that was

    void took(std::uint64_t milliseconds, std::uint64_t number);
};

Counts* shared_counts();

std::uint64_t faults_of(const Counts& counts);

// By format and altogether; the share that passed its reader stands in per cent.
std::string table_of(const Counts& counts);
// Per cent that passed their readers.
double share_read(const Counts& counts);

}  // namespace swaplab::faults
