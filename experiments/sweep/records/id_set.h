// The ids of many points, 16 bytes each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace swaplab {

// 32 hexadecimal digits as numbers, the first half first.
using PointId = std::array<std::uint64_t, 2>;
// Throws `InputError` for what is not 32 hex digits.
PointId point_id(std::string_view digits);

class IdSet {
  public:
    // Throws what `point_id` throws.
    void add(std::string_view id) { ids_.push_back(point_id(id)); }
    // Once all are added.
    void finish();

    std::size_t size() const { return ids_.size(); }
    bool contains(const PointId& id) const;
    bool contains(std::string_view id) const { return contains(point_id(id)); }

  private:
    std::vector<PointId> ids_;
};

}  // namespace swaplab
