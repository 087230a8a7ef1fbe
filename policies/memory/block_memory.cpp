#include "policies/memory/block_memory.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace swaplab {

namespace {

std::unique_ptr<Arena> plain_arena(const ArenaPlan& plan, ArenaUse) { return make_arena(plan); }

constexpr std::uint32_t bit(std::size_t i) { return 1U << i; }

// Calls `visit(i)` for each set bit, lowest first.
template <class Visit>
void each(std::uint32_t bits, Visit visit) {
    for (; bits != 0; bits &= bits - 1) visit(static_cast<std::size_t>(std::countr_zero(bits)));
}

}  // namespace

Bytes arena_bytes_of(const Deployment& deployment) {
    Bytes total;
    for (const JobPlan& job : deployment.jobs) total += job.at_start().arena_bytes();
    return total;
}

Bytes most_activations(const AllFacts& facts) {
    Bytes sum;
    for (const auto& blocks : facts) {
        Bytes most;
        for (const BlockFacts& block : blocks) most = std::max(most, block.activations.total());
        sum += most;
    }
    return sum;
}

BlockMemory::BlockMemory(const DeviceSetup& setup, const ArenaFactory& arenas)
    : place_listener_(who_listens(setup, &DeviceInterests::places)),
      requests_(setup.requests),
      arena_bytes_(arena_bytes_of(setup.deployment)),
      ledger_(setup.account, setup.budget, arena_bytes_,
              who_listens(setup, &DeviceInterests::memory)) {
    for (const JobId job : setup.deployment.jobs.ids()) {
        jobs_.push_back(job_state(setup, job, arenas ? arenas : ArenaFactory(plain_arena)));
        charge_resident(setup, job);
    }
    for (const Node& node : setup.platform.nodes)
        if (ledger_.charge(Category::reserved, node.memory.reserved, kStart)) note_peak();
}

BlockMemory::JobState BlockMemory::job_state(const DeviceSetup& setup, JobId id,
                                             const ArenaFactory& make) {
    const JobPlan& plan = setup.deployment.jobs[id];
    JobState job;
    const SwapPathRow& path = row_of(plan.path, setup.platform.node(plan.node).compute);
    job.holdings = path.holdings;
    job.executes_from = path.executes_from;
    for (std::size_t i = 0; i < job.holdings.size(); ++i) {
        const auto [from, until] = std::pair(job.holdings[i].from, job.holdings[i].until);
        job.reserving[index_of(from.verb)][from.copy] |= static_cast<std::uint8_t>(bit(i));
        job.freeing[index_of(until.verb)][until.copy] |= static_cast<std::uint8_t>(bit(i));
        // Of a block that did not come in whole, too.
        job.freeing[index_of(kSwapOut)][0] |= static_cast<std::uint8_t>(bit(i));
    }
    job.passes = passes_of(setup.facts[id]);
    job.variant = static_cast<std::uint32_t>(plan.initial);
    for (const Variant& variant : plan.variants) {
        VariantArenas arenas;
        arenas.bytes = variant.arena_bytes();
        if (plan.path != SwapPath::resident)
            arenas.arena = make(variant.arena, ArenaUse::executing);
        if (variant.staging) arenas.staging = make(*variant.staging, ArenaUse::staging);
        if (variant.fixed) arenas.fixed = make(*variant.fixed, ArenaUse::executing);
        Arena* const arena = arenas.arena.get();
        Arena* const staging = arenas.staging ? arenas.staging.get() : arena;
        for (const BlockId b : variant.blocks()) {
            const BlockFacts& facts = setup.facts[id][b];
            const bool vary = setup.requests != nullptr && (*setup.requests)[id].vary();
            BlockState& block = job.blocks.emplace_back();
            block.held_bytes = facts.held_bytes;
            block.arena = arena;
            block.staging = staging;
            if (variant.fixed && plan.keeps(b)) block.fixed = arenas.fixed.get();
            block.variant = static_cast<std::uint32_t>(job.variants.size());
            block.last = variant.ends_with(b);
            block.varies = facts.of_token || vary;
            block.executes_alike = !facts.decoding && !vary;
            block.activations = facts.activations;
            block.live_out = facts.live_out;
            block.facts = &facts;
        }
        job.variants.push_back(std::move(arenas));
    }
    return job;
}

void BlockMemory::charge_resident(const DeviceSetup& setup, JobId job) {
    const std::uint32_t copies = setup.deployment.jobs[job].resident_copies;
    for (const BlockFacts& facts : setup.facts[job])
        for (std::uint32_t copy = 0; copy < copies; ++copy)
            ledger_.charge(copy == 0 ? Category::parameters : Category::duplicates,
                           facts.held_bytes, kStart);
}

void BlockMemory::change_variant(JobState& job, std::uint32_t variant) {
    arena_bytes_ += job.variants[variant].bytes - job.variants[job.variant].bytes;
    job.variant = variant;
    ledger_.raise_arena(arena_bytes_);
}

Bytes BlockMemory::Use::take(Bytes bytes) {
    now += bytes;
    const Bytes more = std::max(Bytes{}, now - most);
    most += more;
    return more;
}

// All of these holdings, or none.
bool BlockMemory::reserve_holdings(const JobState& job, BlockState& block, const Action& command,
                                   std::uint32_t holdings) {
    const Bytes bytes =
        block.varies ? facts_of(job, command).held_in(command.pass) : block.held_bytes;
    std::uint32_t left = holdings;
    for (; left != 0; left &= left - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(left));
        const std::optional<Place> place = arena_of(job, block, i).reserve(bytes);
        if (!place) break;
        block.places[i] = *place;
    }
    if (left == 0) return true;
    each(holdings & ~left,
         [&](std::size_t i) { arena_of(job, block, i).free(block.places[i]); });
    return false;
}

bool BlockMemory::reserve_for(const Action& command, Time now) {
    JobState& job = jobs_[command.job];
    BlockState& block = job.blocks[command.block];
    if (block.variant != job.variant) [[unlikely]]
        change_variant(job, block.variant);
    fresh_ = {};
    const std::uint32_t holdings =
        job.reserving[index_of(command.verb)][command.copy] & ~std::uint32_t{block.held};
    if (!reserve_holdings(job, block, command, holdings)) return false;
    bool new_peak = false;
    each(holdings, [&](std::size_t i) {
        const Bytes size = block.places[i].size;
        fresh_ += use_of(job, block, i).take(size);
        new_peak |= ledger_.charge(job.holdings[i].category, size, now);
        if (place_listener_ != nullptr) [[unlikely]]
            place_listener_->on_reserved(command, i, arena_of(job, block, i), block.places[i]);
    });
    block.held |= static_cast<std::uint8_t>(holdings);
    if (new_peak) note_peak();
    return true;
}

bool BlockMemory::free_holdings(const Action& command, Time now) {
    JobState& job = jobs_[command.job];
    BlockState& block = job.blocks[command.block];
    const std::uint32_t holdings = freed_by(command) & block.held;
    each(holdings, [&](std::size_t i) {
        const Holding& holding = job.holdings[i];
        Arena& arena = arena_of(job, block, i);
        arena.free(block.places[i]);
        use_of(job, block, i).now -= block.places[i].size;
        if (place_listener_ != nullptr) [[unlikely]]
            place_listener_->on_freed(command, i, arena, block.places[i]);
        ledger_.credit(holding.category, block.places[i].size, now);
    });
    block.held = static_cast<std::uint8_t>(block.held & ~holdings);
    return holdings != 0;
}

void BlockMemory::begin_execute(const Action& command, Time now) {
    JobState& job = jobs_[command.job];
    const BlockState& state = job.blocks[command.block];
    if (state.executes_alike) return move_activations(job, state.activations, now);
    const BlockFacts& block = facts_of(job, command);
    if (block.decoding) grow_kv_cache(job, block.kv_in(command.pass), now);
    move_activations(job, block.activations_in(command.pass), now);
}

void BlockMemory::end_execute(const Action& command, Time now) {
    JobState& job = jobs_[command.job];
    const BlockState& state = job.blocks[command.block];
    const Bytes live =
        state.executes_alike ? state.live_out : facts_of(job, command).live_out_in(command.pass);
    move_activations(job, {live, {}}, now);
    if (job.kv_cache.count > 0) end_kv_cache(job, command, now);
}

void BlockMemory::forget(JobId id, Time now) {
    JobState& job = jobs_[id];
    move_activations(job, {}, now);
    if (job.kv_cache.count > 0) ledger_.credit(Category::kv_cache, job.kv_cache, now);
    job.kv_cache = {};
}

// What a request generated is forgotten at its end.
void BlockMemory::end_kv_cache(JobState& job, const Action& command, Time now) {
    const bool last =
        job.blocks[command.block].last && command.pass + 1 == passes_of_request(job, command);
    if (!last) return;
    ledger_.credit(Category::kv_cache, job.kv_cache, now);
    job.kv_cache = {};
}

std::uint32_t BlockMemory::passes_of_request(const JobState& job, const Action& command) const {
    if (requests_ == nullptr || !(*requests_)[command.job].vary()) return job.passes;
    return (*requests_)[command.job].passes(command.request);
}

void BlockMemory::grow_kv_cache(JobState& job, Bytes bytes, Time now) {
    job.kv_cache += bytes;
    if (ledger_.charge(Category::kv_cache, bytes, now)) note_peak();
}

void BlockMemory::note_peak() {
    Bytes hole;
    for (const JobState& job : jobs_) {
        const VariantArenas& arenas = job.variants[job.variant];
        if (arenas.arena) hole = std::max(hole, arenas.arena->largest_hole());
        if (arenas.staging) hole = std::max(hole, arenas.staging->largest_hole());
        if (arenas.fixed) hole = std::max(hole, arenas.fixed->largest_hole());
    }
    ledger_.set_hole_at_peak(hole);
}

}  // namespace swaplab
