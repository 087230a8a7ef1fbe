// What a lone read takes (SEMANTICS: Costs), from the figures of a device file: by its line, or by
// its table. Whole ns, rounded once.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace swaplab::oracle {

struct ReadFigures {
    std::vector<std::pair<std::int64_t, double>> table;  // bytes, ns; empty: the line holds
    double per_byte = 0, per_block = 0, per_request = 0;
    std::int64_t request_bytes = 0;  // 0: a block is one request
    double per_tensor = 0;           // beside either
};

struct LoneRead {
    std::int64_t all = 0;
    std::int64_t first_byte = 0;  // of them
};

// Between the two points around the bytes, or the last two.
inline double interpolated(const std::vector<std::pair<std::int64_t, double>>& table,
                           std::int64_t bytes) {
    if (bytes <= table[0].first) return table[0].second;
    std::size_t i = 1;
    while (i + 1 < table.size() && table[i].first < bytes) ++i;
    const auto& [b0, n0] = table[i - 1];
    const auto& [b1, n1] = table[i];
    return n0 + (n1 - n0) * static_cast<double>(bytes - b0) / static_cast<double>(b1 - b0);
}

inline LoneRead lone_read(const ReadFigures& read, std::int64_t bytes, std::int64_t tensors) {
    const double others = read.per_tensor * static_cast<double>(tensors);
    double all = 0, first = 0;
    if (!read.table.empty()) {
        all = interpolated(read.table, bytes) + others;
        first = read.table[0].second;
    } else {
        const std::int64_t requests =
            read.request_bytes > 0 ? (bytes + read.request_bytes - 1) / read.request_bytes : 1;
        all = read.per_byte * static_cast<double>(bytes) + others + read.per_block +
              read.per_request * static_cast<double>(requests);
        first = read.per_block;
    }
    const std::int64_t ns = std::llround(all);
    return {ns, std::min<std::int64_t>(std::llround(first), ns)};
}

// By hand, a table of {4096, 80 us}, {1 MiB, 600 us}: 1 byte 80 us; 64 KiB: 80 + 520 * 60 / 1020 us
// = 110 588 ns; 2 MiB: 600 + 520 * 1024 / 1020 us = 1 122 039 ns; all with a first byte of 80 us.

}  // namespace swaplab::oracle
