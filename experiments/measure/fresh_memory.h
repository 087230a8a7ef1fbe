// What the first touch of memory costs a read.
#pragma once

#include <vector>

#include "hw/storage/pack.h"
#include "hw/storage/reader.h"
#include "profiles/measured/measurements.h"

namespace swaplab {

// Blocks of the pack, each of at most `most` bytes, read back to back into memory that nobody has
// touched: rows of state `fresh`, three of each block.
std::vector<Measurement> fresh_reads(const Pack& pack, const Platform& platform,
                                     const ReadOptions& options, Bytes most);

}  // namespace swaplab
