// How much later than it could have a device begins commands: threads wake late, hosts are busy.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "policies/lanes/lane_widths.h"
#include "policies/port/device.h"

namespace swaplab {

// A command could have begun when it was submitted, what it waits for had ended, and its lane had
// room; where only its place was missing, until then. Ends of long ago are forgotten.
class LatenessOfStarts {
  public:
    explicit LatenessOfStarts(const DeviceSetup& setup) : records_(kRemembered) {
        for (const Node& node : setup.platform.nodes)
            for (const std::uint32_t width : lane_widths(setup.deployment, node))
                slots_.emplace_back(width, 0);
    }

    void on_submit(std::uint32_t ticket, Time now) {
        records_[ticket % kRemembered] = {ticket, count_ns(now), 0, 0};
    }
    void on_end(const Completion& span) {
        Record& record = records_[span.ticket.index % kRemembered];
        if (record.ticket != span.ticket.index) return;
        record.ready = count_ns(span.blocked_since.value_or(span.start));
        record.end = count_ns(span.end);
    }
    // Of a command that has ended, asked once, in order of submission; all that it waits for have
    // ended.
    std::int64_t of(std::uint32_t ticket, const After& after, std::size_t lane) {
        const Record& record = records_[ticket % kRemembered];
        if (record.ticket != ticket) return 0;
        std::int64_t could = record.submitted;
        for (const Ticket t : after)
            if (records_[t.index % kRemembered].ticket == t.index)
                could = std::max(could, records_[t.index % kRemembered].end);
        std::vector<std::int64_t>& free = slots_[lane];  // a heap, the first on top
        could = std::max(could, free.front());
        std::ranges::pop_heap(free, std::greater<>());
        free.back() = record.end;
        std::ranges::push_heap(free, std::greater<>());
        return std::max<std::int64_t>(0, record.ready - could);
    }

  private:
    static constexpr std::uint32_t kRemembered = 4096;
    struct Record {
        std::uint32_t ticket = 0;
        std::int64_t submitted = 0, ready = 0, end = 0;
    };

    std::vector<Record> records_;  // by ticket modulo its size
    std::vector<std::vector<std::int64_t>> slots_;
};

}  // namespace swaplab
