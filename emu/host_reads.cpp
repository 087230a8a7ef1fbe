#include "emu/host_reads.h"

#include <algorithm>

#include "hw/host/frames.h"

namespace swaplab {

ReadOptions host_reads(const DeviceSetup& setup, const EmuOptions& options) {
    constexpr Bytes shared_request{256 << 10};
    constexpr std::uint32_t in_flight = 16;  // of all reads
    ReadOptions read;
    const std::uint32_t parallel = std::max(setup.deployment.parallel_reads, 1U);
    if (parallel > 1) {
        read.request_bytes = shared_request;
        read.depth = std::max(in_flight / parallel, 1U);
    }
    if (options.request_bytes) read.request_bytes = align_up(*options.request_bytes, kPage);
    if (options.depth) read.depth = *options.depth;
    read.direct = !options.page_cache;
    read.keep_cached = options.page_cache;
    return read;
}

}  // namespace swaplab
