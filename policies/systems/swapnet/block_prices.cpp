#include "policies/systems/swapnet/block_prices.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "profiles/base/hash.h"
#include "profiles/base/text.h"

namespace swaplab {

BlockPrices::BlockPrices(const PartitionRequest& request, SwapPath path)
    : cost_(&request.cost),
      row_(&row_of(path, request.cost.node().compute)),
      alignment_(request.cost.node().memory.alignment.count),
      at_(1),
      units_before_(1) {
    for (const UnitRange finest : cost_->model().finest_blocks()) {
        const UnitRange before{0, finest.last};
        const Features sums = cost_->features(before);
        at_.push_back({sums.bytes.count, cost_->stored_bytes(before).count, sums.tensors,
                       sums.layers, sums.flops, sums.activation_bytes.count});
        units_before_.push_back(finest.last);
    }
    for (const SwapStep step : row_->steps) add_price(in_, step.verb);
    if (!row_->steps.empty()) add_price(out_, kSwapOut);
    find_columns();
}

BlockPrices::BlockPrices(const BlockPrices& finer, const std::vector<std::uint32_t>& cuts)
    : cost_(finer.cost_),
      row_(finer.row_),
      alignment_(finer.alignment_),
      in_(finer.in_),
      out_(finer.out_) {
    for (const std::uint32_t cut : cuts) {
        at_.push_back(finer.at_[cut]);
        units_before_.push_back(finer.units_before_[cut]);
    }
    for (auto* prices : {&in_, &out_})
        for (Price& price : *prices) price.terms.clear();
    find_columns();
}

void BlockPrices::find_columns() {
    constexpr std::int64_t most = std::int64_t{1} << 53;
    const Sums& all = at_.back();
    if (std::max({all.bytes, all.stored, all.tensors, all.layers, all.flops,
                  all.activation_bytes}) > most)
        return;
    Columns& columns = columns_.emplace();
    for (const Sums& at : at_) {
        columns.bytes.push_back(static_cast<double>(at.bytes));
        columns.stored.push_back(static_cast<double>(at.stored));
        columns.tensors.push_back(static_cast<double>(at.tensors));
        columns.layers.push_back(static_cast<double>(at.layers));
        columns.flops.push_back(static_cast<double>(at.flops));
        columns.activation_bytes.push_back(static_cast<double>(at.activation_bytes));
    }
    for (auto* prices : {&in_, &out_})
        for (Price& price : *prices)
            if (price.line != nullptr) find_terms(price);
}

// In the order in which `cost_ns` adds them.
void BlockPrices::find_terms(Price& price) const {
    const LinearCost& line = *price.line;
    price.terms.emplace_back(price.reads ? &columns_->stored : &columns_->bytes, line.per_byte);
    const auto add = [&](const std::vector<double>& column, double cost) {
        if (cost != 0) price.terms.emplace_back(&column, cost);
    };
    add(columns_->tensors, line.per_tensor);
    add(columns_->layers, line.per_layer);
    add(columns_->flops, line.per_flop);
    add(columns_->activation_bytes, line.per_activation_byte);
}

void BlockPrices::add_price(std::vector<Price>& prices, Verb verb) const {
    const auto known = std::ranges::find(prices, verb, &Price::verb);
    if (known != prices.end()) {
        ++known->times;
        return;
    }
    const Activity activity = *row_of(verb).activity;
    const bool plain =
        std::ranges::find(row_->added, activity, &AddedCost::to) == row_->added.end();
    prices.push_back({verb,
                      plain ? cost_->plain_line(activity) : nullptr,
                      cost_->scale_of(activity),
                      activity == Activity::read,
                      1,
                      {}});
}

std::int64_t BlockPrices::in(std::uint32_t i, std::uint32_t j) const {
    std::int64_t sum = 0;
    for (const Price& price : in_) sum += price.times * rounded(price, i, j);
    return sum;
}

std::int64_t BlockPrices::granularity() const {
    if (alignment_ != 1) return alignment_;
    std::int64_t common = 0;
    for (const Sums& at : at_) common = std::gcd(std::gcd(common, at.bytes), at.stored);
    return common;
}

std::int64_t BlockPrices::out(std::uint32_t i, std::uint32_t j) const {
    std::int64_t sum = 0;
    for (const Price& price : out_) sum += rounded(price, i, j);
    return sum;
}

void BlockPrices::add_in(std::uint32_t i, std::uint32_t first, std::uint32_t last,
                         std::int64_t* sums) const {
    for (const Price& price : in_) add(price, i, first, last + 1 - first, sums);
}

void BlockPrices::add_out(std::uint32_t first, std::uint32_t last, std::uint32_t j,
                          std::int64_t* sums) const {
    for (const Price& price : out_) add(price, j, first, last - first, sums);
}

// Of the blocks between a fixed cut and each of `count` others, all before it or all behind it:
// `rounded` of each, term by term so that several are worked out at once.
void BlockPrices::add(const Price& price, std::uint32_t fixed, std::uint32_t first,
                      std::size_t count, std::int64_t* sums) const {
    const bool behind = first > fixed;
    if (!columns_ || price.line == nullptr) {
        for (std::size_t c = 0; c < count; ++c) {
            const std::uint32_t other = first + static_cast<std::uint32_t>(c);
            sums[c] += price.times *
                       (behind ? rounded(price, fixed, other) : rounded(price, other, fixed));
        }
        return;
    }
    costs_.assign(count, 0);
    double* const costs = costs_.data();
    for (const auto& [column, cost] : price.terms) {
        const double* const at = column->data() + first;
        const double sign = behind ? cost : -cost;
        const double from = (*column)[fixed];
        for (std::size_t c = 0; c < count; ++c) costs[c] += sign * (at[c] - from);
    }
    const double per_block = price.line->per_block;
    for (std::size_t c = 0; c < count; ++c) costs[c] += per_block;
    if (price.line->per_request != 0) add_requests(price, fixed, first, count);
    const double* const bytes = columns_->bytes.data() + first;
    const double none = columns_->bytes[fixed];
    for (std::size_t c = 0; c < count; ++c) {
        const double cost = costs[c] * price.scale;
        const auto whole = static_cast<std::int64_t>(cost);
        const std::int64_t ns =
            whole + static_cast<std::int64_t>(cost - static_cast<double>(whole) >= 0.5);
        sums[c] += bytes[c] == none ? 0 : price.times * ns;
    }
}

void BlockPrices::add_requests(const Price& price, std::uint32_t fixed, std::uint32_t first,
                               std::size_t count) const {
    const std::vector<double>& column = price.reads ? columns_->stored : columns_->bytes;
    const double from = column[fixed];
    const double per_request = price.line->per_request;
    if (!price.line->request_bytes) {
        for (std::size_t c = 0; c < count; ++c)
            costs_[c] += column[first + c] == from ? 0 : per_request;
        return;
    }
    // The quotient of doubles is next to the right one, which is where the remainder says so.
    const auto size = static_cast<double>(price.line->request_bytes->count);
    for (std::size_t c = 0; c < count; ++c) {
        const double bytes = std::abs(column[first + c] - from);
        auto requests = static_cast<double>(static_cast<std::int64_t>(bytes / size));
        requests += static_cast<double>(requests * size < bytes);
        requests -= static_cast<double>((requests - 1) * size >= bytes && requests > 0);
        costs_[c] += per_request * requests;
    }
}

// Half away from zero, as `to_duration` does, of a cost that is not negative and below 2^52.
std::int64_t BlockPrices::rounded(const Price& price, std::uint32_t i, std::uint32_t j) const {
    if (at_[j].bytes == at_[i].bytes) return 0;
    const double cost = price.line != nullptr ? ns(price, at_[i], at_[j])
                                              : ns_of(*cost_, row_->path, price.verb,
                                                      {units_before_[i], units_before_[j]});
    const auto whole = static_cast<std::int64_t>(cost);
    return whole + static_cast<std::int64_t>(cost - static_cast<double>(whole) >= 0.5);
}

// `cost_ns`, term by term, without those that are 0: adding 0 changes nothing.
double BlockPrices::ns(const Price& price, const Sums& from, const Sums& to) const {
    const LinearCost& line = *price.line;
    const std::int64_t bytes = price.reads ? to.stored - from.stored : to.bytes - from.bytes;
    double sum = line.per_byte * static_cast<double>(bytes);
    if (line.per_tensor != 0)
        sum += line.per_tensor * static_cast<double>(to.tensors - from.tensors);
    if (line.per_layer != 0) sum += line.per_layer * static_cast<double>(to.layers - from.layers);
    if (line.per_flop != 0) sum += line.per_flop * static_cast<double>(to.flops - from.flops);
    if (line.per_activation_byte != 0)
        sum += line.per_activation_byte *
               static_cast<double>(to.activation_bytes - from.activation_bytes);
    sum += line.per_block;
    if (line.per_request != 0)
        sum += line.per_request * static_cast<double>(requests_of(line, Bytes{bytes}));
    return sum * price.scale;
}

std::string BlockPrices::digest() const {
    std::string all =
        hex_digest({reinterpret_cast<const char*>(at_.data()), at_.size() * sizeof(at_.front())});
    all += text("|{}|{}|{}", static_cast<int>(row_->path), static_cast<int>(cost_->node().compute),
                alignment_);
    // The kind of memory adds other activities to those without a line of their own.
    for (const auto* prices : {&in_, &out_})
        for (const Price& price : *prices)
            all += text("|{},{},{}", index_of(price.verb), price.line != nullptr, price.scale);
    for (const ActivityRow& row : kActivityTable) {
        if (row.activity == Activity::execute) continue;
        const LinearCost& line = cost_->node().cost(row.activity);
        all += text("|{},{},{},{},{},{},{},{}", line.per_byte, line.per_tensor, line.per_layer,
                    line.per_flop, line.per_activation_byte, line.per_block, line.per_request,
                    line.request_bytes.value_or(Bytes{}).count);
    }
    for (const ReadPoint& point : cost_->node().read.table)
        all += text("|{},{}", point.bytes.count, point.ns);
    return hex_digest(all);
}

}  // namespace swaplab
