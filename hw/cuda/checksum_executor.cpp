#include "hw/cuda/checksum_executor.h"

#include <algorithm>
#include <stdexcept>

#include "hw/cuda/kernels/checksum.h"
#include "hw/host/frames.h"
#include "profiles/base/hash.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr Bytes kChunk{1 << 20};

std::uint64_t sum_of_range(Reader& reader, Extent extent, std::byte* chunk) {
    std::uint64_t sum = 0;
    for (Bytes at; at < extent.size; at += kChunk) {
        const Bytes size = std::min(kChunk, extent.size - at);
        reader.read(extent.offset + at, size, chunk);
        sum += checksum_of(chunk, static_cast<std::size_t>(size.count),
                           static_cast<std::uint64_t>(at.count) / sizeof sum);
    }
    return sum;
}

}  // namespace

UnitSums unit_sums(const Pack& pack, const ReadOptions& read) {
    const std::unique_ptr<Reader> reader = pack.open_parameters(read);
    Frames frames(kChunk);
    const Frames::WindowId window = frames.add_window(kChunk);
    frames.use(window, {}, kChunk);
    std::vector<std::uint64_t> sums;
    for (std::uint32_t unit = 0; unit < pack.index().layers.size(); ++unit)
        sums.push_back(sum_of_range(*reader, pack.extent({unit, unit + 1}), frames.base(window)));
    return std::make_shared<const std::vector<std::uint64_t>>(std::move(sums));
}

ChecksumExecutor::ChecksumExecutor(const CudaApi& api, const Pack& pack, UnitSums expected,
                                   std::span<const Block> blocks, bool spin,
                                   const KernelStreams& streams)
    : pack_(pack),
      expected_(std::move(expected)),
      blocks_(blocks.begin(), blocks.end()),
      spin_(spin),
      streams_(streams),
      bound_(blocks.size()),
      sums_(api, 2 * expected_->size()) {}  // a block may bring what others have

void ChecksumExecutor::bind_with(BlockId block, std::byte* at, std::span<const BroughtAt> brought) {
    Bound bound;
    bound.at = at;
    const UnitRange units = blocks_[block.index];
    const Extent whole = pack_.extent(units);
    for (std::uint32_t unit = units.first; unit < units.last; ++unit)
        add(bound, unit, at + (pack_.extent({unit, unit + 1}).offset - whole.offset).count);
    bound.own = bound.units.size();
    for (const BroughtAt& more : brought)
        add(bound, pack_.model()->units_of(more.owner).first, more.at);
    bound_[block.index] = std::move(bound);
}

void ChecksumExecutor::add(Bound& bound, std::uint32_t unit, const std::byte* at) const {
    const Bytes size = pack_.extent({unit, unit + 1}).size;
    if (size.count == 0) return;
    bound.ranges.push_back({at, static_cast<std::size_t>(size.count), flops_of(unit)});
    bound.units.push_back(unit);
}

// A part of a divided layer takes its share.
std::int64_t ChecksumExecutor::flops_of(std::uint32_t unit) const {
    if (!spin_) return 0;
    const Layer& layer = pack_.model()->layer(pack_.model()->layer_of(UnitId{unit}));
    return layer.flops() / layer.units;
}

void ChecksumExecutor::execute(RequestId request, std::uint32_t, BlockId block) {
    const Bound& bound = bound_[block.index];
    sums_.launch(streams_.stream_for(bound.at), bound.ranges);
    const std::vector<std::uint64_t> sums = sums_.wait();
    check(bound, sums);
    if (request.index >= outputs_.size()) outputs_.resize(request.index + 1);
    std::string& output = outputs_[request.index];
    for (std::size_t i = 0; i < bound.own; ++i) output = hex_digest(text("{}{}", output, sums[i]));
}

void ChecksumExecutor::check(const Bound& bound, const std::vector<std::uint64_t>& sums) const {
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const std::uint32_t unit = bound.units[i];
        if (sums[i] == (*expected_)[unit]) continue;
        throw std::runtime_error(
            text("{}: layer '{}' of the pack has checksum {:016x}, and the GPU finds {:016x}",
                 pack_.folder(), pack_.index().layers[unit].name, (*expected_)[unit], sums[i]));
    }
}

std::optional<std::string> ChecksumExecutor::output_digest(RequestId request) const {
    if (request.index >= outputs_.size() || outputs_[request.index].empty()) return std::nullopt;
    return outputs_[request.index];
}

}  // namespace swaplab
