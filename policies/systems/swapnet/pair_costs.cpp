#include "policies/systems/swapnet/pair_costs.h"

namespace swaplab {

namespace {

void append(std::vector<std::int64_t>& all, const std::vector<std::int64_t>& some) {
    all.insert(all.end(), some.begin(), some.end());
}

}  // namespace

void PairCosts::begin(std::uint32_t cuts) {
    at_.assign(cuts, {});
    for (auto* column : {&execute_, &out_, &held_before_, &active_before_, &in_, &held_behind_,
                         &active_behind_})
        column->clear();
}

void PairCosts::take(const SwapnetCosts& costs, std::uint32_t j, std::uint32_t first,
                     std::pair<std::uint32_t, std::uint32_t> ends) {
    at_[j] = {true, first, ends.first, execute_.size(), in_.size()};
    costs.blocks_before(j, first, j, columns_);
    append(execute_, columns_.execute);
    append(out_, columns_.out);
    append(held_before_, columns_.held);
    append(active_before_, columns_.active);
    costs.blocks_behind(j, ends.first, ends.second, columns_);
    append(in_, columns_.in);
    append(held_behind_, columns_.held);
    append(active_behind_, columns_.active);
}

}  // namespace swaplab
