#include "policies/lanes/sharing.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::size_t activity_of(std::size_t kind) { return index_of(*kVerbTable[kind].activity); }

double stretch(const Node& node, std::size_t kind, std::uint32_t running) {
    double product = 1;
    for (std::size_t other = 0; other < kKinds; ++other) {
        if (other == kind || ((running >> other) & 1U) == 0) continue;
        product *= node.contention[activity_of(kind)][activity_of(other)];
    }
    return product;
}

}  // namespace

// Further out than 2^20 times the plain speed either way, factors say nothing about a device, and
// the integers would overflow.
std::int64_t rate_of(double speed) {
    speed = std::min(speed, static_cast<double>(kFullRate));
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(kFullRate) * speed));
}

RateTable::RateTable(const Node& node, std::uint32_t most_reads)
    : rates_(static_cast<std::size_t>(most_reads + 1) << kKinds) {
    for (std::uint32_t reads = 0; reads <= most_reads; ++reads) {
        for (std::uint32_t running = 0; running < (1U << kKinds); ++running) {
            Rates& rates = rates_[(reads << kKinds) | running];
            for (std::size_t kind = 0; kind < kKinds; ++kind)
                rates[kind] = rate_of(
                    (kind == index_of(Verb::read) && reads > 0 ? node.read.share_of(reads) : 1.0) /
                    stretch(node, kind, running));
        }
    }
}

bool WorkClock::insert(const Pending& added) {
    if (left(added) < left(first_)) {
        rest_.push_back(std::exchange(first_, added));
        return true;
    }
    auto place = rest_.end();
    while (place != rest_.begin() && left(*(place - 1)) <= left(added)) --place;
    rest_.insert(place, added);
    return false;
}

void WorkClock::take_ended(std::vector<Ticket>& ended) {
    while (size_ > 0 && left(first_) <= 0) {
        ended.push_back(first_.ticket);
        drop_first();
    }
    std::sort(ended.begin(), ended.end());
}

void WorkClock::fail_range(std::int64_t wait) const {
    throw InputError(
        text("an activity would end {} ns after {} ns, beyond the range of time: its "
             "contention factors or costs are too large",
             wait, count_ns(updated_)));
}

}  // namespace swaplab
