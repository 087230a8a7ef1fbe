// Checksums of the pages of a segment, for who reads parts of it: a pack has one for the whole.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hw/storage/pack.h"

namespace swaplab {

class PageChecksums {
  public:
    // Reads the unit's segment once, a few MiB at a time, and takes over what its checksum vouches
    // for. Throws `StorageError` naming the layer where it differs from that.
    PageChecksums(const Pack& pack, UnitId unit);

    // Of a window of whole pages as it was read. Throws `StorageError` naming the layer and the
    // first page that is not what it was.
    void verify(const Pack& pack, Extent window, std::span<const std::byte> bytes) const;

  private:
    UnitId unit_;
    std::vector<std::uint32_t> crcs_;  // by page: a thousandth of the segment
};

}  // namespace swaplab
