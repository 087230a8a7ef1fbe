#include "policies/systems/pipeload/delay.h"

#include <algorithm>
#include <optional>
#include <queue>
#include <vector>

#include "policies/lanes/servers.h"
#include "policies/lanes/sharing.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Parallel reads, on the clock of work that devices have: all progress at one rate.
class SharedReads {
  public:
    SharedReads(const ReadSpec& spec, std::uint32_t most) : rates_(most + 1, kFullRate) {
        for (std::uint32_t reads = 1; reads <= most; ++reads)
            rates_[reads] = std::min(rate_of(spec.share_of(reads)), kFullRate);
    }

    std::size_t size() const { return clock_.size(); }

    void start(std::size_t item, Duration work, Time now) {
        clock_.start({static_cast<std::uint32_t>(item)}, work, now);
    }
    // When the first ends if nothing else starts or ends; nothing where none runs.
    std::optional<Time> next_end(Time now) {
        if (clock_.empty()) return std::nullopt;
        clock_.set_rate(rates_[clock_.size()], now);
        return clock_.next_end();
    }
    // Takes out the reads that have ended by now.
    template <class Ended>
    void end_all(Time now, Ended ended) {
        clock_.end_all(now, scratch_, [&](Ticket item) { ended(item.index); });
    }

  private:
    std::vector<std::int64_t> rates_;  // by number of reads
    WorkClock clock_;                  // tickets are items
    std::vector<Ticket> scratch_;
};

// One request, event by event: ends of reads and of releases, and the reads that they allow.
class Request {
  public:
    Request(std::span<const BlockFacts> units, const Node& node, std::uint32_t agents, Bytes arena)
        : units_(units),
          agents_(agents),
          free_(arena),
          reads_(node.read, agents),
          assembly_(node.assemble_lanes) {
        for (std::size_t unit = 0; unit < units.size(); ++unit)
            if (units[unit].has_parameters()) loads_.push_back({unit, false, std::nullopt});
    }

    Duration run() {
        execute_ready();
        for (;;) {
            start_reads();
            const std::optional<Duration> next = next_event();
            if (!next) break;
            now_ = *next;
            end_reads();
            end_releases();
        }
        SWAPLAB_CHECK(next_unit_ == units_.size(), "unit {} of {} never executes", next_unit_,
                      units_.size());
        return executed_;
    }

  private:
    struct Load {
        std::size_t unit;
        bool read;                         // its read has ended
        std::optional<Duration> released;  // when its release will have ended, once known
    };
    struct Release {
        Duration at;
        Bytes bytes;
        friend bool operator<(const Release& a, const Release& b) { return a.at > b.at; }
    };

    bool may_start(std::size_t k) const {
        if (reads_.size() == agents_) return false;
        if (k >= agents_ && !loads_[k - agents_].read) return false;
        if (units_[loads_[k].unit].held_bytes > free_) return false;
        if (k <= agents_) return true;
        const std::optional<Duration>& released = loads_[k - agents_ - 1].released;
        return released && *released <= now_;
    }
    void start_reads() {
        for (; next_load_ < loads_.size() && may_start(next_load_); ++next_load_) {
            const BlockFacts& unit = units_[loads_[next_load_].unit];
            free_ -= unit.held_bytes;
            reads_.start(next_load_, unit.of(Verb::read), kStart + now_);
        }
    }
    std::optional<Duration> next_event() {
        std::optional<Duration> next;
        if (const std::optional<Time> end = reads_.next_end(kStart + now_)) next = *end - kStart;
        if (!releases_.empty()) {
            const Duration release = std::max(now_, releases_.top().at);
            next = next ? std::min(*next, release) : release;
        }
        return next;
    }
    void end_reads() {
        bool any = false;
        if (reads_.size() > 0)
            reads_.end_all(kStart + now_,
                           [&](std::size_t load) { any = loads_[load].read = true; });
        if (any) execute_ready();
    }
    void end_releases() {
        for (; !releases_.empty() && releases_.top().at <= now_; releases_.pop())
            free_ += releases_.top().bytes;
    }
    // What follows the reads that have ended needs no events: it waits for nothing else.
    void execute_ready() {
        for (; next_unit_ < units_.size(); ++next_unit_) {
            const BlockFacts& unit = units_[next_unit_];
            Duration ready{};
            if (unit.has_parameters()) {
                if (!loads_[executed_loads_].read) return;
                ready = assembly_.serve(now_, unit.of(Verb::assemble));
            }
            executed_ = std::max(ready, executed_) + unit.use();
            if (!unit.has_parameters()) continue;
            loads_[executed_loads_++].released = executed_ + unit.swap_out();
            releases_.push({executed_ + unit.swap_out(), unit.held_bytes});
        }
    }

    std::span<const BlockFacts> units_;
    std::uint32_t agents_;
    Bytes free_;
    SharedReads reads_;
    Servers assembly_;
    std::vector<Load> loads_;  // by k
    std::size_t next_load_ = 0, executed_loads_ = 0, next_unit_ = 0;
    std::priority_queue<Release> releases_;
    Duration now_{}, executed_{};
};

}  // namespace

Duration pipeload_delay(std::span<const BlockFacts> units, const Node& node, std::uint32_t agents,
                        Bytes arena) {
    return Request(units, node, agents, arena).run();
}

}  // namespace swaplab
