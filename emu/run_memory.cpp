#include "emu/run_memory.h"

#include <algorithm>
#include <utility>

#include "profiles/text.h"

namespace swaplab {

namespace {

Bytes most_activations(const DeviceSetup& setup) {
    Bytes sum;
    for (const std::vector<BlockFacts>& blocks : setup.facts) {
        Bytes most;
        for (const BlockFacts& block : blocks) most = std::max(most, block.activations.total());
        sum += most;
    }
    return sum;
}

// The holdings of a block: those of its path, or the copies of what is resident.
std::size_t holdings_of_job(const DeviceSetup& setup, std::size_t job) {
    const JobPlan& plan = setup.deployment.jobs[job];
    if (plan.path == SwapPath::resident) return std::max(plan.resident_copies, 1U);
    return holdings_of(plan.path, setup.platform.node(plan.node).compute).size();
}

// What whole pages add to the bytes of the ledger, at most; and a page for each job's activations.
Bytes rounding_of(const DeviceSetup& setup, const std::vector<std::vector<Bytes>>& extents) {
    Bytes sum;
    for (std::size_t job = 0; job < setup.facts.size(); ++job) {
        Bytes most;
        for (const Variant& variant : setup.deployment.jobs[job].all_variants()) {
            Bytes variant_sum;
            for (std::uint32_t b = variant.first; b < variant.last; ++b) {
                const Bytes held = setup.facts[job][b].held_bytes;
                variant_sum += align_up(std::max(extents[job][b], held), kFrame) - held;
            }
            most = std::max(most, variant_sum);
        }
        sum += static_cast<std::int64_t>(holdings_of_job(setup, job)) * most;
    }
    const bool whole = sum.count == 0;  // then the ledger's activations are all that may be odd
    return whole && setup.platform.nodes.front().memory.alignment.count % kFrame.count == 0
               ? sum
               : sum + static_cast<std::int64_t>(setup.facts.size()) * kFrame;
}

// Where no budget bounds what execution needs (the account of parameters, or none), an executor may
// have a quarter more than planned (and 4 MiB), which stops only what has gone astray.
Bytes beside_budget(const DeviceSetup& setup, bool real_activations) {
    if (setup.budget && setup.account == Account::all) return {};
    const Bytes planned = most_activations(setup) + setup.platform.nodes.front().memory.reserved;
    return real_activations ? planned + Bytes{planned.count / 4} + 4 * Bytes{1 << 20} : planned;
}

}  // namespace

RunMemory::RunMemory(const DeviceSetup& setup, std::vector<std::vector<Bytes>> extents,
                     const Rules& rules, bool real_activations)
    : setup_(setup),
      rules_(rules),
      extents_(std::move(extents)),
      rounding_(rounding_of(setup, extents_)),
      beside_(beside_budget(setup, real_activations)),
      limited_(setup.budget.has_value()),
      pool_(limited_ ? *setup.budget + beside_ + rounding_ : Bytes{}) {
    for (std::size_t job = 0; job < setup.facts.size(); ++job) {
        blocks_.emplace_back(setup.facts[job].size());
        for (BlockPieces& block : blocks_.back())
            block.holdings.resize(holdings_of_job(setup, job));
    }
    if (!real_activations) return;
    constexpr std::int64_t addresses_per_byte = 16;  // it is placed first fit
    activations_ = std::make_unique<Activations>(
        pool_, addresses_per_byte * (most_activations(setup) + Bytes{1 << 20}));
}

void RunMemory::on_reserved(const Action& command, std::size_t holding, const Arena&,
                            const Place&) {
    follow();
    reserve(command.job, command.block, holding);
}

void RunMemory::on_freed(const Action& command, std::size_t holding, const Arena&, const Place&) {
    Piece& freed = piece(command.job, command.block, holding);
    freed.held = false;
    unmapper_.unmap(*freed.range, std::exchange(freed.frames, {}));
}

void RunMemory::reserve_resident(JobId job, BlockId block) {
    for (std::size_t copy = 0; copy < holdings_of_job(setup_, job.index); ++copy)
        reserve(job, block, copy);
}

Bytes RunMemory::bytes_of(JobId job, BlockId block) const {
    return align_up(std::max(extents_[job.index][block.index],
                             setup_.facts[job.index][block.index].held_bytes),
                    kFrame);
}

void RunMemory::reserve(JobId job, BlockId block, std::size_t holding) {
    Piece& taken = piece(job, block, holding);
    taken.held = true;
    if (taken.range) return;
    taken.range = std::make_unique<MappedRange>(
        bytes_of(job, block), rules_.managed_rule() ? Views::host_and_device : Views::one);
    watch_accesses(*taken.range, {job, block});
}

void RunMemory::bring(const Action& command) {
    const Bytes bytes = bytes_of(command.job, command.block);
    unmapper_.drain();  // perhaps the range's own frames are still to go
    for (Piece& part : blocks_[command.job.index][command.block.index].holdings) {
        if (!part.held || !part.frames.empty()) continue;
        part.frames = take(bytes);
        part.range->map(pool_, bytes, part.frames);
    }
}

// What has been freed may be on its way to the pool.
std::vector<FrameRange> RunMemory::take(Bytes bytes) {
    if (!limited_) pool_.set_size(pool_.in_use() + bytes + beside_);
    try {
        return pool_.take(bytes);
    } catch (const OutOfMemory&) {
        unmapper_.drain();
        return pool_.take(bytes);
    }
}

void RunMemory::watch_accesses(const MappedRange& range, const Tag& tag) {
    const auto size = static_cast<std::size_t>(range.span().count);
    faults_.register_range(range.host(), size, tags_.size());
    if (range.device() != range.host())
        faults_.register_range(range.device(), size, tags_.size());
    tags_.push_back(tag);
}

void RunMemory::watch(const MemoryReport& ledger) {
    ledger_ = &ledger;
    follow();
}

// Frames only: nobody looks into what execution is thought to hold.
void RunMemory::follow() {
    Bytes wanted = ledger_->by_category[static_cast<std::size_t>(Category::reserved)];
    if (!activations_)
        for (const Category category :
             {Category::activations, Category::workspace, Category::kv_cache, Category::skeleton})
            wanted += ledger_->by_category[static_cast<std::size_t>(category)];
    wanted = align_up(wanted, kFrame);
    if (wanted == other_bytes_) return;
    pool_.give(other_);
    other_.clear();
    other_bytes_ = {};
    if (wanted.count > 0) other_ = take(wanted);
    other_bytes_ = wanted;
}

void RunMemory::set_budget(Bytes most) {
    if (limited_) pool_.set_size(most + beside_ + rounding_);
}

void RunMemory::set_host_access(BlockPieces& block, bool open) {
    block.closed = !open;
    for (Piece& part : block.holdings)
        if (part.held) part.range->set_host_access(open);
}

void RunMemory::close_to_host() {
    if (!rules_.managed_rule()) return;
    for (std::uint32_t job = 0; job < blocks_.size(); ++job)
        for (std::uint32_t b = 0; b < blocks_[job].size(); ++b)
            if (!blocks_[job][b].closed && !rules_.attached_to_host({job}, {b}))
                set_host_access(blocks_[job][b], false);
}

void RunMemory::open_to_host() {
    if (!rules_.managed_rule()) return;
    for (auto& job : blocks_)
        for (BlockPieces& block : job)
            if (block.closed) set_host_access(block, true);
}

void RunMemory::check_faults() {
    const std::optional<HostFaults::Fault> fault = faults_.take();
    if (!fault) return;
    const Tag& tag = tags_[fault->tag];
    const char* const why =
        blocks_[tag.job.index][tag.block.index].closed
            ? "while a kernel runs, the host may touch no managed memory"
            : "its memory has been freed";
    throw RuleViolation(text("{}: byte {} of its memory was {} by a thread of the host: {} (under "
                             "way: {})",
                             rules_.name_of_block(tag.job, tag.block), fault->offset,
                             fault->write ? "written" : "read", why, rules_.running()));
}

std::byte* RunMemory::host(const Action& command, std::size_t holding) const {
    return blocks_[command.job.index][command.block.index].holdings[holding].range->host();
}

std::byte* RunMemory::device(const Action& command, std::size_t holding) const {
    return blocks_[command.job.index][command.block.index].holdings[holding].range->device();
}

}  // namespace swaplab
