// A sweep over queue depths tells of single requests, not of reads that have several in flight:
// what more of them gain together is the gain inside one read first (SEMANTICS: Sharing and
// contention).
#pragma once

#include <string>
#include <vector>

#include "profiles/measured/measurements.h"

namespace swaplab {

// Where rows of reads are one request each, at several depths, and nothing says how many a read has
// in flight: a read then has d, the product's own 8 or the largest depth below that was measured.
// Rows at d become rows of lone reads, those at k * d rows of k reads; the others are taken out.
// Says what was done; nothing where the rows are no such sweep.
std::vector<std::string> as_reads_of_one_depth(Measurements& measurements);

}  // namespace swaplab
