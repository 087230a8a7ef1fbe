#include "emu/memory/run_memory.h"

#include <algorithm>

#include "hw/host/frames.h"
#include "hw/host/process.h"
#include "policies/port/rule_violation.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// The holdings of a block: those of its path, or the copies of what is resident.
std::size_t holdings_of_job(const DeviceSetup& setup, JobId job) {
    const JobPlan& plan = setup.deployment.jobs[job];
    if (plan.path == SwapPath::resident) return std::max(plan.resident_copies, 1U);
    return holdings_of(plan.path, setup.platform.node(plan.node).compute).size();
}

// What whole pages add to the bytes of the ledger, at most; and a page for each job's activations.
Bytes rounding_of(const DeviceSetup& setup, const BlockSizes& extents) {
    Bytes sum;
    for (const JobId job : setup.facts.ids()) {
        Bytes most;
        for (const Variant& variant : setup.deployment.jobs[job].variants) {
            Bytes variant_sum;
            for (const BlockId b : variant.blocks()) {
                const Bytes held = setup.facts[job][b].held_bytes;
                variant_sum += align_up(std::max(extents[job][b], held), kPage) - held;
            }
            most = std::max(most, variant_sum);
        }
        sum += static_cast<std::int64_t>(holdings_of_job(setup, job)) * most;
    }
    const bool whole = setup.platform.nodes.front().memory.alignment.count % kPage.count == 0;
    if (whole && sum.count == 0) return {};
    return sum + static_cast<std::int64_t>(setup.facts.size()) * kPage;
}

// What an executor may have: a quarter more than planned (and 4 MiB), which stops only what has
// gone astray.
Bytes with_margin(Bytes planned) { return planned + Bytes{planned.count / 4} + 4 * Bytes{1 << 20}; }

// What execution needs and no budget bounds (under the account of parameters, or without one).
Bytes unbounded_activations(const DeviceSetup& setup, bool real_activations) {
    if (setup.budget && setup.account == Account::all) return {};
    const Bytes planned =
        most_activations(setup.facts) + setup.platform.nodes.front().memory.reserved;
    return real_activations ? with_margin(planned) : planned;
}

// Where there is no swap the kernel kills instead of refusing.
void require_available(Bytes bytes) {
    const std::optional<Bytes> available = memory_available();
    if (available && bytes > *available)
        throw UnsupportedError(
            text("emulated memory is real memory: {} are needed here and {} are available",
                 format_bytes(bytes), format_bytes(*available)));
}

}  // namespace

RunMemory::RunMemory(const DeviceSetup& setup, BlockSizes extents, const Rules& rules,
                     bool real_activations, bool guarded)
    : setup_(setup),
      rules_(rules),
      extents_(std::move(extents)),
      rounding_(rounding_of(setup, extents_)),
      beside_(rounding_ + unbounded_activations(setup, real_activations)),
      real_activations_(real_activations),
      guarded_(guarded || rules.managed_rule()) {
    require_available(setup.budget.value_or(arena_bytes_of(setup.deployment)) + beside_);
    add_pieces();
    const BackingPlan plan = plan_for(real_activations);
    backing_ = guarded_ ? make_guarded_backing(plan) : make_plain_backing(plan);
}

std::string RunMemory::description() const {
    const char* const pages = guarded_ ? "small pages, guarded" : "huge pages";
    if (!setup_.budget) return text("{}, as much as is asked for", pages);
    std::string size = text("{} of {}: the budget", format_bytes(*setup_.budget + beside_), pages);
    if (rounding_.count > 0) size += text(", {} of rounding to pages", format_bytes(rounding_));
    if (beside_ > rounding_)
        size += text(", {} that it does not bound", format_bytes(beside_ - rounding_));
    return size;
}

void RunMemory::add_pieces() {
    for (const JobId job : setup_.facts.ids()) {
        blocks_.emplace_back(setup_.facts[job].size());
        for (const BlockId b : blocks_.back().ids()) {
            BlockPieces& block = blocks_.back()[b];
            block.holdings.resize(holdings_of_job(setup_, job));
            for (Piece& part : block.holdings) {
                part.id = static_cast<std::uint32_t>(owners_.size());
                owners_.push_back({job, b});
            }
        }
    }
}

BackingPlan RunMemory::plan_for(bool real_activations) const {
    BackingPlan plan;
    plan.pieces = static_cast<std::uint32_t>(owners_.size());
    for (const Owner& owner : owners_) plan.all_pieces += bytes_of(owner.job, owner.block);
    if (setup_.budget) plan.limit = align_up(*setup_.budget + beside_, kPage);
    plan.warm_pieces = align_up(arena_bytes_of(setup_.deployment), kPage);
    if (real_activations) plan.activations = with_margin(most_activations(setup_.facts));
    plan.two_views = rules_.managed_rule();
    return plan;
}

Bytes RunMemory::bytes_of(JobId job, BlockId block) const {
    const Bytes held = setup_.facts[job][block].held_bytes;
    return align_up(std::max(extents_[job][block], held), kPage);
}

// Where tables come in by rows, that is as much less as the ledger reserves less.
Bytes RunMemory::bytes_for(const Action& command) const {
    const Bytes most = setup_.facts[command.job][command.block].held_bytes;
    const BlockFacts& facts =
        facts_for(setup_.facts, setup_.requests, command.job, command.request)[command.block];
    const Bytes held = facts.held_in(command.pass);
    const Bytes extent = extents_[command.job][command.block];
    return align_up(std::max(extent - (most - held), held), kPage);
}

void RunMemory::on_reserved(const Action& command, std::size_t holding) {
    block(command).holdings[holding].held = true;
}

void RunMemory::on_freed(const Action& command, std::size_t holding) {
    BlockPieces& owner = block(command);
    Piece& freed = owner.holdings[holding];
    backing_->drop(freed.id);
    freed.held = false;
    freed.at = {};
    if (std::ranges::none_of(owner.holdings, &Piece::held)) owner.closed = false;
}

Places::Resident RunMemory::hold_resident(JobId job, BlockId block) {
    std::vector<Piece>& copies = blocks_[job][block].holdings;
    for (Piece& part : copies) part.held = true;
    return {.copies = static_cast<std::uint32_t>(copies.size())};
}

void RunMemory::bring(const Action& command, std::size_t) {
    for (Piece& part : block(command).holdings)
        if (part.held && part.at.host == nullptr)
            part.at =
                backing_->bring(part.id, bytes_for(command), bytes_of(command.job, command.block));
}

void RunMemory::get_memory(const MemoryReport& ledger, const std::atomic<bool>* stop) {
    constexpr Bytes step{256 << 20};
    if (setup_.budget) {
        const Bytes all = align_up(*setup_.budget + beside_, kPage);
        for (Bytes got; got < all && !(stop != nullptr && *stop);) {
            got = std::min(got + step, all);
            backing_->get_memory(got);
        }
    }
    ledger_ = &ledger;
    follow();
}

void RunMemory::on_start(const Action& command) {
    follow();
    if (uses(command.verb)) close_to_host();
}

// What has been assembled is not attached to the host any more.
void RunMemory::on_end(const Action& command) {
    if (!rules_.kernel_runs())
        open_to_host();
    else if (swaps_in(command.verb) && rules_.in_place(command))
        close_to_host();
}

void RunMemory::follow() {
    Bytes wanted = ledger_->by_category[static_cast<std::size_t>(Category::reserved)];
    if (!real_activations_)
        for (const Category category :
             {Category::activations, Category::workspace, Category::kv_cache})
            wanted += ledger_->by_category[static_cast<std::size_t>(category)];
    backing_->set_aside(align_up(wanted, kPage));
}

void RunMemory::set_budget(Bytes most) {
    if (setup_.budget) backing_->set_limit(align_up(most + beside_, kPage));
}

void RunMemory::set_host_access(BlockPieces& block, bool open) {
    block.closed = !open;
    for (Piece& part : block.holdings)
        if (part.held) backing_->set_host_access(part.id, open);
}

void RunMemory::close_to_host() {
    if (!rules_.managed_rule()) return;
    for (const JobId job : blocks_.ids())
        for (const BlockId b : blocks_[job].ids())
            if (!blocks_[job][b].closed && !rules_.attached_to_host(job, b))
                set_host_access(blocks_[job][b], false);
}

void RunMemory::open_to_host() {
    if (!rules_.managed_rule()) return;
    for (auto& job : blocks_)
        for (BlockPieces& block : job)
            if (block.closed) set_host_access(block, true);
}

void RunMemory::check_faults() {
    const std::optional<Backing::Fault> fault = backing_->take_fault();
    if (!fault) return;
    const Owner owner = owners_[fault->piece];
    const char* const why = blocks_[owner.job][owner.block].closed
                                ? "while a kernel runs, the host may touch no managed memory"
                                : "its memory has been freed";
    throw RuleViolation(
        text("{}: byte {} of its memory was {} by a thread of the host: {} (under "
             "way: {})",
             rules_.name_of_block(owner.job, owner.block), fault->offset,
             fault->write ? "written" : "read", why, rules_.running()));
}

}  // namespace swaplab
