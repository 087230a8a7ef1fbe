#include "profiles/fit/queue_depths.h"

#include <algorithm>
#include <set>

#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr std::int64_t kOwnDepth = 8;  // of reads on real storage, where nobody asks for another

std::int64_t depth_of(const Measurement& row) { return std::max<std::int64_t>(row.depth, 1); }

bool reads(const Measurement& row) { return row.activity == Activity::read && !row.beside; }

bool is_sweep(const Measurements& measurements) {
    if (measurements.read_depth) return false;
    bool deep = false;
    for (const Measurement& row : measurements.rows) {
        if (!reads(row) || row.depth <= 1) continue;
        if (row.requests != 1) return false;
        deep = true;
    }
    return deep;
}

// What a read has in flight.
std::int64_t depth_inside_a_read(const Measurements& measurements) {
    std::set<std::int64_t> depths;
    for (const Measurement& row : measurements.rows)
        if (reads(row)) depths.insert(depth_of(row));
    const auto above = depths.upper_bound(kOwnDepth);
    return above == depths.begin() ? *depths.begin() : *std::prev(above);
}

}  // namespace

std::vector<std::string> as_reads_of_one_depth(Measurements& measurements) {
    if (!is_sweep(measurements)) return {};
    const std::int64_t depth = depth_inside_a_read(measurements);
    const auto left_out = std::erase_if(measurements.rows, [&](const Measurement& row) {
        return reads(row) && depth_of(row) % depth != 0;
    });
    for (Measurement& row : measurements.rows)
        if (reads(row)) row.depth = depth_of(row) / depth;
    measurements.read_depth = depth;
    return {
        text("reads of one request each at several depths are a sweep over queue depths: a read "
             "has {} in flight, {} rows of other depths are left out, and only more than that "
             "are reads beside one another (# read_depth: N says that rows are whole reads)",
             depth, left_out)};
}

}  // namespace swaplab
