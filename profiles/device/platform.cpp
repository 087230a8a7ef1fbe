#include "profiles/device/platform.h"

#include <algorithm>
#include <iterator>

namespace swaplab {

double ReadSpec::share_of(std::uint32_t reads) const {
    return concurrency[std::min<std::size_t>(reads, concurrency.size()) - 1] / reads;
}

double ReadSpec::table_ns(Bytes bytes) const {
    if (table.empty()) return 0;
    if (bytes <= table.front().bytes) return table.front().ns;
    // The segment that ends at or behind the bytes, else the last.
    auto end = std::ranges::lower_bound(table, bytes, {}, &ReadPoint::bytes);
    if (end == table.end()) --end;
    const ReadPoint& from = *std::prev(end);
    return from.ns + (end->ns - from.ns) * static_cast<double>((bytes - from.bytes).count) /
                         static_cast<double>((end->bytes - from.bytes).count);
}

// Between two points (ns - first ns) over bytes lies between those of the ends; beyond the last it
// approaches its slope.
double ReadSpec::least_per_byte(Bytes smallest) const {
    if (table.empty() || smallest <= table.front().bytes) return 0;
    const double first_ns = table.front().ns;
    const ReadPoint& from = table[table.size() - 2];
    double least =
        (table.back().ns - from.ns) / static_cast<double>((table.back().bytes - from.bytes).count);
    const auto look_at = [&](Bytes bytes, double ns) {
        if (bytes >= smallest)
            least = std::min(least, (ns - first_ns) / static_cast<double>(bytes.count));
    };
    look_at(smallest, table_ns(smallest));
    for (const ReadPoint& point : table) look_at(point.bytes, point.ns);
    return least;
}

const Mode* Node::mode_named(std::string_view wanted) const {
    const auto found = std::ranges::find(modes, wanted, &Mode::name);
    return found == modes.end() ? nullptr : &*found;
}

std::optional<PowerSpec> Node::power_in(std::string_view wanted) const {
    const Mode* const mode = wanted.empty() ? nullptr : mode_named(wanted);
    if (mode == nullptr) return power;
    if (mode->power_unknown) return std::nullopt;
    if (mode->power || !power) return mode->power;
    PowerSpec scaled = *power;
    for (double& watts : scaled.active_w) watts *= mode->power_scale;
    return scaled;
}

const ExecuteSpec& Node::execute_table(const Mode* mode, std::string_view dtype) const {
    const bool measured = mode != nullptr && mode->execute;
    const ExecuteByDtype& tables = measured ? mode->execute_by_dtype : execute_by_dtype;
    if (const auto found = tables.find(dtype); found != tables.end()) return found->second;
    return measured ? *mode->execute : execute;
}

}  // namespace swaplab
