#include "policies/systems/swapnet/costs.h"

#include <bit>
#include <numeric>

#include "policies/plan/partition_planner.h"
#include "profiles/base/error.h"
#include "profiles/base/hash.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// The facts of the model as one block, if no activity of that takes too long: then none of any
// block does, and none is refused.
bool nothing_takes_too_long(const PartitionRequest& request, SwapPath path) {
    GrowingBlock whole(request.cost, path, 0);
    try {
        for (const Block finest : request.cost.model().finest_blocks()) whole.extend(finest.last);
    } catch (const InputError&) {
        return false;  // what is wrong with it is said of the block that it is wrong with
    }
    return whole.facts().held_bytes <= Bytes{kMostInTotal};
}

RoundedSums sums_of_execution(const CostModel& cost) {
    std::vector<double> values;
    for (const UnitId unit : cost.model().whole()) values.push_back(cost.execute_unit_ns(unit));
    return {std::move(values), cost.execute_per_block_ns()};
}

}  // namespace

SwapnetCosts::SwapnetCosts(const PartitionRequest& request, SwapPath path)
    : model_(&request.cost.model()),
      finest_(static_cast<std::uint32_t>(model_->finest_blocks().size())),
      copies_(peak_copies(path, request.cost.node().compute)),
      units_before_(1),
      prices_(request, path) {
    for (const UnitRange finest : model_->finest_blocks()) units_before_.push_back(finest.last);
    std::vector<std::int64_t> active;
    for (const UnitRange finest : model_->finest_blocks())
        active.push_back(counted(model_->activation_peak(finest), request.account).count);
    find_active(std::move(active));
    if (model_->brings_plainly() && nothing_takes_too_long(request, path))
        execute_ = std::make_shared<const RoundedSums>(sums_of_execution(request.cost));
    else
        fill_tables(request, path);
}

SwapnetCosts::SwapnetCosts(const PartitionRequest& request, SwapPath path, const KeptSet& kept)
    : model_(&request.cost.model()),
      finest_(0),
      copies_(peak_copies(path, request.cost.node().compute)),
      units_before_(1),
      prices_(request, path) {
    take_streamed(request, path, kept);
    make_rows();
    for (std::uint32_t i = 0; i < finest_; ++i) fill_row_beside(request, path, i);
    make_monotone();
}

void SwapnetCosts::take_streamed(const PartitionRequest& request, SwapPath path,
                                 const KeptSet& kept) {
    const std::vector<Block> finest = finest_blocks(*model_);
    const std::vector<BlockFacts> facts =
        facts_of(request.cost, finest, path, StayingBlocks{false, kept});
    std::vector<bool> there(model_->layer_count());
    std::vector<std::int64_t> active;
    std::int64_t active_before = 0;  // of kept ones at the beginning
    for (std::size_t b = 0; b < facts.size(); ++b) {
        const std::int64_t needs = counted(facts[b].activations, request.account).count;
        if (keeps(kept, b)) {
            note_staying(request.cost, facts[b], there);
            if (streamed_.empty()) {
                active_before = std::max(active_before, needs);
                continue;
            }
            streamed_.back().executes_behind += facts[b].use().count();
            active.back() = std::max(active.back(), needs);
            continue;
        }
        streamed_.push_back({finest[b], 0, there});
        units_before_.push_back(finest[b].last);
        active.push_back(std::max(needs, active_before));
    }
    SWAPLAB_CHECK(!streamed_.empty(), "all {} finest blocks are kept", finest.size());
    finest_ = static_cast<std::uint32_t>(streamed_.size());
    find_active(std::move(active));
}

void SwapnetCosts::fill_row_beside(const PartitionRequest& request, SwapPath path,
                                   std::uint32_t i) {
    const Streamed& first = streamed_[i];
    const Staying staying{false, false, &first.there, false};
    GrowingBlock block(request.cost, path, first.units.first, staying);
    OfBlock cost;
    for (std::uint32_t j = i + 1; j <= finest_; ++j) {
        const bool follows = j == i + 1 || streamed_[j - 2].units.last == streamed_[j - 1].units.first;
        if (cost.held <= kMostInTotal && follows) {
            block.extend(streamed_[j - 1].units.last);
            const BlockFacts& facts = block.facts();
            cost = {facts.swap_in().count(), facts.use().count(), facts.swap_out().count(),
                    facts.held_bytes.count};
        } else {
            cost.held = kMostInTotal + 1;  // it fits nowhere
        }
        tables_[index(i, j)] = cost;
        tables_[index(i, j)].execute += streamed_[j - 1].executes_behind;
    }
}

SwapnetCosts::SwapnetCosts(const SwapnetCosts& finer, const std::vector<std::uint32_t>& cuts)
    : model_(finer.model_),
      finest_(static_cast<std::uint32_t>(cuts.size()) - 1),
      copies_(finer.copies_),
      prices_(finer.prices_, cuts),
      execute_(finer.execute_) {
    for (const std::uint32_t cut : cuts) units_before_.push_back(finer.units_before_[cut]);
    std::vector<std::int64_t> active;
    for (std::uint32_t i = 0; i < finest_; ++i)
        active.push_back(finer.active(cuts[i], cuts[i + 1]));
    find_active(std::move(active));
    if (finer.tables_.empty()) return;
    make_rows();
    for (std::uint32_t i = 0; i < finest_; ++i)
        for (std::uint32_t j = i + 1; j <= finest_; ++j)
            tables_[index(i, j)] = finer.tables_[finer.index(cuts[i], cuts[j])];
}

SwapnetCosts SwapnetCosts::merged(std::int64_t bytes) const {
    std::vector<std::uint32_t> cuts{0};
    for (std::uint32_t j = 1; j < finest_; ++j)
        if (held(cuts.back(), j + 1) > bytes || active(cuts.back(), j + 1) > bytes)
            cuts.push_back(j);
    cuts.push_back(finest_);
    return {*this, cuts};
}

void SwapnetCosts::make_rows() {
    std::size_t blocks = 0;
    for (std::uint32_t i = 0; i < finest_; ++i) {
        rows_.push_back(blocks);
        blocks += finest_ - i;
    }
    tables_.resize(blocks);
}

void SwapnetCosts::fill_tables(const PartitionRequest& request, SwapPath path) {
    make_rows();
    for (std::uint32_t i = 0; i < finest_; ++i) fill_row(request, path, i);
    if (!model_->brings_plainly()) make_monotone();
}

void SwapnetCosts::fill_row(const PartitionRequest& request, SwapPath path, std::uint32_t i) {
    GrowingBlock block(request.cost, path, model_->finest_blocks()[i].first);
    for (std::uint32_t j = i + 1; j <= finest_; ++j) {
        block.extend(model_->finest_blocks()[j - 1].last);
        const BlockFacts& facts = block.facts();
        tables_[index(i, j)] = {facts.swap_in().count(), facts.use().count(),
                                facts.swap_out().count(), facts.held_bytes.count};
    }
}

void SwapnetCosts::make_monotone() {
    const auto raise = [](OfBlock& block, const OfBlock& part) {
        block.in = std::max(block.in, part.in);
        block.out = std::max(block.out, part.out);
        block.held = std::max(block.held, part.held);
    };
    for (std::uint32_t i = finest_; i-- > 0;)
        for (std::uint32_t j = i + 2; j <= finest_; ++j) {
            raise(tables_[index(i, j)], tables_[index(i, j - 1)]);
            raise(tables_[index(i, j)], tables_[index(i + 1, j)]);
        }
}

void SwapnetCosts::find_active(std::vector<std::int64_t> of_finest) {
    active_.push_back(std::move(of_finest));
    for (std::size_t span = 1; 2 * span <= finest_; span *= 2) {
        const std::vector<std::int64_t>& half = active_.back();
        std::vector<std::int64_t> both;
        for (std::size_t c = 0; c + 2 * span <= finest_; ++c)
            both.push_back(std::max(half[c], half[c + span]));
        active_.push_back(std::move(both));
    }
}

std::int64_t SwapnetCosts::active(std::uint32_t i, std::uint32_t j) const {
    const auto power = static_cast<std::uint32_t>(std::bit_width(j - i)) - 1;
    const std::vector<std::int64_t>& most = active_[power];
    return std::max(most[i], most[j - (1U << power)]);
}

void SwapnetCosts::blocks_before(std::uint32_t j, std::uint32_t first, std::uint32_t last,
                                 Columns& columns) const {
    const std::size_t count = last - first;
    for (auto* column : {&columns.execute, &columns.held, &columns.active}) column->resize(count);
    columns.out.assign(count, 0);
    std::int64_t active = last < j && last > first ? this->active(last, j) : 0;
    for (std::uint32_t i = last; i-- > first;) {
        active = std::max(active, active_.front()[i]);
        columns.active[i - first] = active;
        columns.execute[i - first] = execute(i, j);
        columns.held[i - first] = held(i, j);
        if (!tables_.empty()) columns.out[i - first] = out(i, j);
    }
    if (tables_.empty()) prices_.add_out(first, last, j, columns.out.data());
}

void SwapnetCosts::blocks_behind(std::uint32_t i, std::uint32_t first, std::uint32_t last,
                                 Columns& columns) const {
    const std::size_t count = last + 1 - first;
    for (auto* column : {&columns.held, &columns.active}) column->resize(count);
    columns.in.assign(count, 0);
    std::int64_t active = this->active(i, first);
    for (std::uint32_t j = first; j <= last; ++j) {
        active = std::max(active, active_.front()[j - 1]);
        columns.active[j - first] = active;
        columns.held[j - first] = held(i, j);
        if (!tables_.empty()) columns.in[j - first] = in(i, j);
    }
    if (tables_.empty()) prices_.add_in(i, first, last, columns.in.data());
}

Block SwapnetCosts::block(std::uint32_t i, std::uint32_t j) const {
    if (!streamed_.empty()) return {streamed_[i].units.first, streamed_[j - 1].units.last};
    return {units_before_[i], units_before_[j]};
}

std::int64_t SwapnetCosts::granularity() const {
    std::int64_t common = tables_.empty() ? prices_.granularity() : 0;
    for (const OfBlock& block : tables_) common = std::gcd(common, block.held);
    for (const std::int64_t active : active_.front()) common = std::gcd(common, active);
    return std::max<std::int64_t>(common, 1);
}

std::string SwapnetCosts::digest() const {
    const auto digest_of = [](const auto& numbers) {
        return hex_digest({reinterpret_cast<const char*>(numbers.data()),
                           numbers.size() * sizeof(numbers.front())});
    };
    std::string all = text("{}|{}|{}", copies_, prices_.digest(), digest_of(active_.front()));
    all += digest_of(units_before_);
    if (!tables_.empty()) return all + digest_of(tables_);
    return all + digest_of(execute_->values()) + text("|{}", execute_->more());
}

}  // namespace swaplab
