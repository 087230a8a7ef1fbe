// The ids of many points, 16 bytes each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace swaplab {

class IdSet {
  public:
    // Throws `InputError` for what is not 32 hex digits.
    void add(std::string_view id);
    // Once all are added.
    void finish();

    std::size_t size() const { return ids_.size(); }
    bool contains(std::string_view id) const;

  private:
    using Bits = std::array<std::uint64_t, 2>;
    static Bits bits_of(std::string_view id);

    std::vector<Bits> ids_;
};

}  // namespace swaplab
