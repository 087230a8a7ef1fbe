// What a cold request of so many passes takes where agents read in parallel: its event equations,
// solved before the run.
#pragma once

#include <span>

#include "policies/port/block.h"

namespace swaplab {

// Exact where nothing contends: with m = `agents`, k counting the blocks with parameters,
//   read(k) starts after read(k-1) has started, read(k-m) and release(k-m-1) have ended and
//   `arena` bytes hold it beside what has been read and not been released; in further passes also
//   after the release of the same block;
//   k parallel reads behind their first bytes share the storage by its concurrency; assembly takes
//   blocks in order on its lanes; execute(i) after its assembly and execute(i-1); release(i) after
//   execute(i).
// Left out, as in every closed form: contention, host.ns_per_command, read.after_idle, fresh
// memory.
Duration agents_delay(std::span<const BlockFacts> blocks, const Node& node, std::uint32_t agents,
                      Bytes arena, std::uint32_t passes = 1);

}  // namespace swaplab
