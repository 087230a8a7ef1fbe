// What blocks bring in where layers share parameters and gather rows: by sets, block by block, and
// windows by trying every row (no sums that are kept, no formula of pages).
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace swaplab::oracle {

struct SharedLayer {
    std::int64_t bytes = 0, stored = 0, tensors = 0;
    std::vector<std::size_t> shares;
    std::int64_t rows = 0;     // 0: gathers nothing
    std::int64_t touched = 0;  // rows in the pass in question
};

struct SharedBlock {
    std::size_t first = 0, last = 0;  // of its layers, one past the end
    bool stays = false;
};

struct Brought {
    std::int64_t bytes = 0, stored = 0, held = 0, tensors = 0, requests = 0;
};

struct Rules {
    std::int64_t alignment = 1;
    std::int64_t request_bytes = 0;  // 0: an extent is one request
};

// The most pages that any row of a long table lies in.
inline std::int64_t window(std::int64_t row) {
    constexpr std::int64_t page = 4096;
    std::int64_t most = 0;
    for (std::int64_t k = 0; k < page; ++k)
        most = std::max(most, (k * row + row - 1) / page - k * row / page + 1);
    return most * page;
}

// Of each block, in one pass in which all of them come in.
inline std::vector<Brought> brought(const std::vector<SharedLayer>& layers,
                                    const std::vector<SharedBlock>& blocks, const Rules& rules) {
    std::set<std::size_t> there;  // whole, to the end of the request
    std::vector<Brought> all;
    for (const SharedBlock& block : blocks) {
        const auto inside = [&](std::size_t l) { return l >= block.first && l < block.last; };
        std::set<std::size_t> whole;                  // owners of which all is needed here
        std::map<std::size_t, std::int64_t> rows;     // tables, rows gathered here
        std::map<std::size_t, std::int64_t> of_rows;  // rows of each
        for (std::size_t l = block.first; l < block.last; ++l) {
            const SharedLayer& layer = layers[l];
            const std::size_t table = layer.shares.empty() ? l : layer.shares[0];
            if (layer.rows > 0) {
                rows[table] += layer.touched;
                of_rows[table] = layer.rows;
            } else {
                whole.insert(l);
                whole.insert(layer.shares.begin(), layer.shares.end());
            }
            // A table of its own that does not gather itself is needed whole by its own layer.
        }
        if (block.stays)
            for (const auto& [table, count] : rows) whole.insert(table);
        Brought sum;
        const auto extent = [&](std::int64_t bytes, std::int64_t stored, std::int64_t requests) {
            const std::int64_t held = std::max(bytes, stored);
            sum.bytes += bytes;
            sum.stored += stored;
            sum.held += (held + rules.alignment - 1) / rules.alignment * rules.alignment;
            sum.requests += requests;
        };
        const auto requests = [&](std::int64_t stored) {
            if (stored == 0) return std::int64_t{0};
            if (rules.request_bytes == 0) return std::int64_t{1};
            return (stored + rules.request_bytes - 1) / rules.request_bytes;
        };
        std::int64_t own = 0;
        std::int64_t own_stored = 0;
        for (std::size_t l = block.first; l < block.last; ++l) {
            sum.tensors += layers[l].tensors;
            if (!whole.contains(l)) continue;
            own += layers[l].bytes;
            own_stored += layers[l].stored;
        }
        extent(own, own_stored, requests(own_stored));
        for (const std::size_t owner : whole) {
            if (inside(owner) || there.contains(owner)) continue;
            extent(layers[owner].bytes, layers[owner].stored, requests(layers[owner].stored));
            sum.tensors += layers[owner].tensors;
        }
        for (const auto& [table, count] : rows) {
            if (whole.contains(table) || (!inside(table) && there.contains(table))) continue;
            const std::int64_t n = std::min(count, of_rows[table]);
            const std::int64_t bytes = n * window(layers[table].bytes / of_rows[table]);
            extent(bytes, bytes, n);
            if (!inside(table)) sum.tensors += layers[table].tensors;
        }
        if (block.stays) {
            there.insert(whole.begin(), whole.end());
            for (std::size_t l = block.first; l < block.last; ++l) there.insert(l);
        }
        all.push_back(sum);
    }
    return all;
}

}  // namespace swaplab::oracle
