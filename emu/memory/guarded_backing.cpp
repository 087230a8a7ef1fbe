#include <mutex>
#include <utility>
#include <vector>

#include "emu/memory/activations.h"
#include "emu/memory/backing.h"
#include "emu/memory/frame_pool.h"
#include "emu/memory/host_faults.h"
#include "emu/memory/mapped_range.h"

namespace swaplab {

namespace {

class GuardedBacking final : public Backing {
  public:
    explicit GuardedBacking(const BackingPlan& plan)
        : plan_(plan),
          pool_({}, views()),
          activations_(pool_, most_activations()),
          pieces_(plan.pieces) {}

    void get_memory(Bytes size) override { pool_.set_size(size); }
    Addresses bring(std::uint32_t piece, Bytes size, Bytes most) override;
    void drop(std::uint32_t piece) override;
    void set_aside(Bytes size) override;
    void set_limit(Bytes limit) override { pool_.set_size(limit); }
    void set_host_access(std::uint32_t piece, bool allowed) override {
        if (!pieces_[piece].frames.empty()) pieces_[piece].range->set_host_access(allowed);
    }
    std::optional<Fault> take_fault() override;
    ActivationMemory& activations() override { return activations_; }
    Bytes committed_peak() const override { return pool_.committed_peak(); }

  private:
    struct Piece {
        std::unique_ptr<MappedRange> range;  // made when it is first needed
        std::vector<FrameRange> frames;
    };

    Views views() const { return plan_.two_views ? Views::host_and_device : Views::one; }
    Bytes most_activations() const { return plan_.activations + Bytes{1 << 20}; }
    void watch(const MappedRange& range, std::uint32_t piece);
    std::vector<FrameRange> take(Bytes size);

    BackingPlan plan_;
    std::mutex growing_;  // without a limit: from making frames to taking them
    FramePool pool_;
    HostFaults faults_;
    Activations activations_;
    std::vector<FrameRange> aside_;
    Bytes in_aside_;
    std::vector<Piece> pieces_;
};

Backing::Addresses GuardedBacking::bring(std::uint32_t id, Bytes size, Bytes most) {
    Piece& piece = pieces_[id];
    if (!piece.range) {
        piece.range = std::make_unique<MappedRange>(most, views());
        watch(*piece.range, id);
    }
    piece.frames = take(size);
    piece.range->map(pool_, size, piece.frames);
    return {piece.range->host(), piece.range->device()};
}

void GuardedBacking::drop(std::uint32_t id) {
    Piece& piece = pieces_[id];
    if (piece.frames.empty()) return;
    piece.range->unmap();
    pool_.give(std::exchange(piece.frames, {}));
}

void GuardedBacking::watch(const MappedRange& range, std::uint32_t piece) {
    const auto size = static_cast<std::size_t>(range.span().count);
    faults_.register_range(range.host(), size, piece);
    if (range.device() != range.host()) faults_.register_range(range.device(), size, piece);
}

std::vector<FrameRange> GuardedBacking::take(Bytes size) {
    if (plan_.limit) return pool_.take(size);
    const std::lock_guard lock(growing_);
    const Bytes needed = pool_.in_use() + size + most_activations();
    if (needed > pool_.size()) pool_.set_size(needed);
    return pool_.take(size);
}

void GuardedBacking::set_aside(Bytes size) {
    if (size == in_aside_) return;
    pool_.give(aside_);
    aside_.clear();
    in_aside_ = {};
    if (size.count > 0) aside_ = take(size);
    in_aside_ = size;
}

std::optional<Backing::Fault> GuardedBacking::take_fault() {
    const std::optional<HostFaults::Fault> fault = faults_.take();
    if (!fault) return std::nullopt;
    return Fault{static_cast<std::uint32_t>(fault->tag), fault->offset, fault->write};
}

}  // namespace

std::unique_ptr<Backing> make_guarded_backing(const BackingPlan& plan) {
    return std::make_unique<GuardedBacking>(plan);
}

}  // namespace swaplab
