#include "policies/plan/agents/delay.h"

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

// Parallel reads, by the rates of devices (policies/lanes/sharing.h). Behind their first bytes,
// which pass side by side, all progress at one rate, so that a read that comes to share at c on
// their common clock of work ends at c plus its own work. Heaps, since a search tries hundreds of
// agents, where a device has a few reads.
class SharedReads {
  public:
    SharedReads(const ReadSpec& spec, std::uint32_t most) : rates_(most + 1, kFullRate) {
        for (std::uint32_t reads = 1; reads <= most; ++reads)
            rates_[reads] = std::min(rate_of(spec.share_of(reads)), kFullRate);
    }

    std::size_t size() const { return first_bytes_.size() + running_.size(); }

    void start(std::size_t item, Duration first_byte, Duration work) {
        if (first_byte > Duration::zero())
            first_bytes_.push({now_ + first_byte, item, work});
        else
            share(item, work);
    }
    void advance(Duration time) {
        clock_ += static_cast<std::uint64_t>(time.count()) *
                  static_cast<std::uint64_t>(rates_[running_.size()]);
        now_ += time;
        for (; !first_bytes_.empty() && first_bytes_.top().until <= now_; first_bytes_.pop())
            share(first_bytes_.top().item, first_bytes_.top().work);
    }
    // How long until the first that ends, or whose first byte does, if any is under way.
    std::optional<Duration> left() const {
        std::optional<Duration> least;
        if (!first_bytes_.empty()) least = first_bytes_.top().until - now_;
        if (running_.empty()) return least;
        const std::int64_t rate = rates_[running_.size()];
        const Duration end{(std::max<std::int64_t>(0, work_left()) + rate - 1) / rate};
        return least ? std::min(*least, end) : end;
    }
    // Takes out a read that has ended.
    std::optional<std::size_t> take_ended() {
        if (running_.empty() || work_left() > 0) return std::nullopt;
        const std::size_t item = running_.top().item;
        running_.pop();
        return item;
    }

  private:
    struct Running {
        std::uint64_t end;  // on the clock of work, modulo 2^64
        std::size_t item;
        friend bool operator<(const Running& a, const Running& b) {  // the first to end on top
            return static_cast<std::int64_t>(a.end - b.end) > 0;
        }
    };
    struct FirstByte {
        Duration until;
        std::size_t item;
        Duration work;  // behind it
        friend bool operator<(const FirstByte& a, const FirstByte& b) { return a.until > b.until; }
    };

    void share(std::size_t item, Duration work) {
        running_.push({clock_ + static_cast<std::uint64_t>(work.count()) * kFullRate, item});
    }

    std::int64_t work_left() const {
        return static_cast<std::int64_t>(running_.top().end - clock_);
    }

    std::vector<std::int64_t> rates_;  // by number of reads
    std::uint64_t clock_ = 0;
    Duration now_{};
    std::priority_queue<Running> running_;
    std::priority_queue<FirstByte> first_bytes_;
};

// One request, event by event: ends of reads and of releases, and the reads that they allow.
class Request {
  public:
    Request(std::span<const BlockFacts> blocks, const Node& node, std::uint32_t agents, Bytes arena,
            std::uint32_t passes)
        : blocks_(blocks),
          executions_(passes * blocks.size()),
          agents_(agents),
          free_(arena),
          reads_(node.read, agents),
          assembly_(node.assemble_lanes) {
        for (std::size_t block = 0; block < executions_; ++block)
            if (this->block(block).has_parameters()) loads_.push_back({block, false, std::nullopt});
        loads_in_pass_ = loads_.size() / passes;
    }

    Duration run() {
        execute_ready();
        for (;;) {
            start_reads();
            const std::optional<Duration> wait = until_next_event();
            if (!wait) break;
            now_ += *wait;
            reads_.advance(*wait);
            end_reads();
            end_releases();
        }
        SWAPLAB_CHECK(next_block_ == executions_, "block {} of {} never executes", next_block_,
                      executions_);
        return executed_;
    }

  private:
    struct Load {
        std::size_t block;  // counted on from pass to pass
        bool read;                         // its read has ended
        std::optional<Duration> released;  // when its release will have ended, once known
    };
    struct Release {
        Duration at;
        Bytes bytes;
        friend bool operator<(const Release& a, const Release& b) { return a.at > b.at; }
    };

    const BlockFacts& block(std::size_t execution) const {
        return blocks_[execution % blocks_.size()];
    }
    bool may_start(std::size_t k) const {
        if (reads_.size() == agents_) return false;
        if (k >= agents_ && !loads_[k - agents_].read) return false;
        if (k >= loads_in_pass_ && !has_left(k - loads_in_pass_)) return false;
        if (block(loads_[k].block).held_bytes > free_) return false;
        return k <= agents_ || has_left(k - agents_ - 1);
    }
    bool has_left(std::size_t k) const {
        const std::optional<Duration>& released = loads_[k].released;
        return released && *released <= now_;
    }
    void start_reads() {
        for (; next_load_ < loads_.size() && may_start(next_load_); ++next_load_) {
            const BlockFacts& block = this->block(loads_[next_load_].block);
            free_ -= block.held_bytes;
            reads_.start(next_load_, block.first_byte, block.of(Verb::read) - block.first_byte);
        }
    }
    std::optional<Duration> until_next_event() const {
        std::optional<Duration> wait = reads_.left();
        if (!releases_.empty()) {
            const Duration release = std::max(Duration{}, releases_.top().at - now_);
            wait = wait ? std::min(*wait, release) : release;
        }
        return wait;
    }
    void end_reads() {
        bool any = false;
        while (const std::optional<std::size_t> ended = reads_.take_ended())
            any = loads_[*ended].read = true;
        if (any) execute_ready();
    }
    void end_releases() {
        for (; !releases_.empty() && releases_.top().at <= now_; releases_.pop())
            free_ += releases_.top().bytes;
    }
    // What follows the reads that have ended needs no events: it waits for nothing else.
    void execute_ready() {
        for (; next_block_ < executions_; ++next_block_) {
            const BlockFacts& block = this->block(next_block_);
            Duration ready{};
            if (block.has_parameters()) {
                if (!loads_[executed_loads_].read) return;
                ready = assembly_.serve(now_, block.of(Verb::assemble));
            }
            executed_ = std::max(ready, executed_) + block.use();
            if (!block.has_parameters()) continue;
            loads_[executed_loads_++].released = executed_ + block.swap_out();
            releases_.push({executed_ + block.swap_out(), block.held_bytes});
        }
    }

    std::span<const BlockFacts> blocks_;
    std::size_t executions_;
    std::uint32_t agents_;
    Bytes free_;
    SharedReads reads_;
    Servers assembly_;
    std::vector<Load> loads_;  // by k
    std::size_t loads_in_pass_ = 0;
    std::size_t next_load_ = 0, executed_loads_ = 0, next_block_ = 0;
    std::priority_queue<Release> releases_;
    Duration now_{}, executed_{};
};

}  // namespace

Duration agents_delay(std::span<const BlockFacts> blocks, const Node& node, std::uint32_t agents,
                      Bytes arena, std::uint32_t passes) {
    return Request(blocks, node, agents, arena, passes).run();
}

}  // namespace swaplab
