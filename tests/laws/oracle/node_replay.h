// One node, one instant after the other: lanes, places in arenas, sharing, contention, bytes.
//
// A slow and obvious simulator (SEMANTICS: Time and order; SEMANTICS: Commands and lanes;
// SEMANTICS: Sharing and contention; SEMANTICS: Memory). It is given what a policy submitted and
// when, and says when everything starts and ends and which bytes are held. Every activity keeps its
// own remaining work in units of 2^-20 ns, every step looks at every command; nothing is clever.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace swaplab::oracle {

enum class Kind : std::uint8_t { read, copy, assemble, execute, release };
inline constexpr std::size_t kReplayKinds = 5;

struct NodeRules {
    std::array<std::size_t, kReplayKinds> width{1, 1, 1, 1, 0};  // lanes; release needs none
    std::vector<double> concurrency{1.0};
    std::array<std::array<double, kReplayKinds>, kReplayKinds> stretch{};  // [a][b]: a by b; 0 is 1
    std::int64_t host_ns = 0;      // occupies the lane before the work
    double fresh_ns_per_byte = 0;  // of bytes in an arena beyond the most that it has held
    std::optional<std::pair<std::int64_t, std::int64_t>> after_idle;  // gap, extra

    double factor(std::size_t a, std::size_t b) const {
        return stretch[a][b] == 0 ? 1.0 : stretch[a][b];
    }
};

// Where bytes go. Addresses matter in `two_ended`, `ring` and `slots`.
struct ArenaRules {
    enum class Kind : std::uint8_t { counter, two_ended, ring, slots } kind = Kind::counter;
    std::int64_t capacity = 0;
    std::int64_t slots = 0;
};

// One copy of a block: reserved by one command, freed at the end of another.
struct Holding {
    std::size_t arena = 0;
    std::int64_t bytes = 0;
    std::size_t from = 0;   // task
    std::size_t until = 0;  // task; npos: never
};

struct Task {
    static constexpr std::size_t npos = std::numeric_limits<std::size_t>::max();

    Kind kind = Kind::execute;
    std::int64_t work = 0;           // ns alone
    std::int64_t first_byte = 0;     // read: so many of them, shared with and stretched by nobody
    std::vector<std::size_t> after;  // tasks
    std::size_t job = 0;
    std::int64_t charge = 0;      // execute: activations while it runs
    std::int64_t live_after = 0;  // execute: what stays alive when it ends

    // What the replay says.
    std::optional<std::int64_t> start, end;
};

// Tasks [first, last) are submitted at `at`, after everything that happens by itself at that
// instant.
struct Submission {
    std::int64_t at = 0;
    std::size_t first = 0, last = 0;
};

class NodeReplay {
  public:
    NodeReplay(NodeRules rules, std::vector<ArenaRules> arenas, std::vector<Task> tasks,
               std::vector<Holding> holdings, std::vector<Submission> submissions)
        : rules_(std::move(rules)),
          arenas_(std::move(arenas)),
          tasks_(std::move(tasks)),
          holdings_(std::move(holdings)),
          submissions_(std::move(submissions)),
          state_(tasks_.size()),
          places_(arenas_.size()) {}

    // Runs until nothing can happen any more.
    void run() {
        std::size_t next = 0;
        for (;;) {
            settle();
            if (next < submissions_.size() && submissions_[next].at <= now_) {
                for (std::size_t i = submissions_[next].first; i < submissions_[next].last; ++i)
                    state_[i].submitted = true;
                ++next;
                continue;
            }
            std::int64_t until = next < submissions_.size() ? submissions_[next].at : kNever;
            const auto rates = rates_now();
            for (std::size_t i = 0; i < tasks_.size(); ++i)
                if (running(i)) until = std::min(until, now_ + time_left(i, rates));
            if (until == kNever) return;
            advance(until - now_, rates);
        }
    }

    const std::vector<Task>& tasks() const { return tasks_; }
    std::int64_t peak_weights() const { return peak_weights_; }          // holdings only
    std::int64_t peak_all() const { return peak_all_; }                  // and activations
    std::int64_t hole_at_peak_weights() const { return hole_weights_; }  // largest free range then
    std::int64_t hole_at_peak_all() const { return hole_all_; }

  private:
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
    struct State {
        bool submitted = false;
        std::int64_t host_left = 0;
        std::int64_t work_left = 0;  // units of 2^-20 ns
    };
    struct Place {
        std::int64_t begin, end;
        std::size_t holding;
        bool gone = false;
    };
    using Rates = std::array<std::int64_t, kReplayKinds>;

    bool running(std::size_t i) const { return tasks_[i].start && !tasks_[i].end; }
    bool working(std::size_t i) const { return running(i) && state_[i].host_left == 0; }

    // Rates are piecewise constant: r = max(1, llround(2^20 * product)).
    Rates rates_now() const {
        std::array<std::size_t, kReplayKinds> count{};
        for (std::size_t i = 0; i < tasks_.size(); ++i)
            if (working(i)) ++count[static_cast<std::size_t>(tasks_[i].kind)];
        Rates rates{};
        for (std::size_t a = 0; a < kReplayKinds; ++a) {
            double product = 1;
            if (a == 0 && count[0] > 0) {
                const std::size_t k = count[0];
                product = rules_.concurrency[std::min(k, rules_.concurrency.size()) - 1] /
                          static_cast<double>(k);
            }
            for (std::size_t b = 0; b < kReplayKinds; ++b)
                if (b != a && count[b] > 0) product /= rules_.factor(a, b);
            rates[a] = std::max<std::int64_t>(1, std::llround(1048576.0 * product));
        }
        return rates;
    }

    std::int64_t time_left(std::size_t i, const Rates& rates) const {
        if (state_[i].host_left > 0) return state_[i].host_left;
        const std::int64_t rate = rates[static_cast<std::size_t>(tasks_[i].kind)];
        return state_[i].work_left / rate + (state_[i].work_left % rate > 0 ? 1 : 0);
    }

    void advance(std::int64_t dt, const Rates& rates) {
        for (std::size_t i = 0; i < tasks_.size(); ++i) {
            if (!running(i)) continue;
            if (state_[i].host_left > 0)
                state_[i].host_left -= dt;
            else
                state_[i].work_left -= std::min(
                    state_[i].work_left, dt * rates[static_cast<std::size_t>(tasks_[i].kind)]);
        }
        now_ += dt;
    }

    // Completions and the starts that they allow alternate until nothing of zero duration is left.
    void settle() {
        for (;;) {
            std::vector<std::size_t> ended;
            for (std::size_t i = 0; i < tasks_.size(); ++i)
                if (working(i) && state_[i].work_left == 0) ended.push_back(i);
            for (const std::size_t i : ended) complete(i);
            bool started = false;
            for (std::size_t kind = 0; kind < kReplayKinds; ++kind)
                started = start_lane(static_cast<Kind>(kind)) || started;
            if (ended.empty() && !started) return;
        }
    }

    void complete(std::size_t i) {
        Task& task = tasks_[i];
        task.end = now_;
        if (task.kind == Kind::read) last_read_end_ = now_;
        if (task.kind == Kind::execute) {
            if (alive_.size() <= task.job) alive_.resize(task.job + 1);
            alive_[task.job] = task.live_after;
        }
        for (std::size_t a = 0; a < places_.size(); ++a)
            for (Place& place : places_[a])
                if (holdings_[place.holding].until == i) place.gone = true;
    }

    // Starts what can start of one lane, in order of submission. Lanes are queues: what cannot
    // start holds up what is behind it. Commands without a lane do not hold up one another.
    bool start_lane(Kind kind) {
        bool any = false;
        std::size_t busy = 0;
        for (std::size_t i = 0; i < tasks_.size(); ++i)
            if (tasks_[i].kind == kind && running(i)) ++busy;
        for (std::size_t i = 0; i < tasks_.size(); ++i) {
            if (tasks_[i].kind != kind || tasks_[i].start || !state_[i].submitted) continue;
            const bool lane_free =
                kind == Kind::release || busy < rules_.width[static_cast<std::size_t>(kind)];
            if (lane_free && ready(i) && reserve(i)) {
                start(i);
                ++busy;
                any = true;
            } else if (kind != Kind::release) {
                break;
            }
        }
        return any;
    }

    bool ready(std::size_t i) const {
        for (const std::size_t before : tasks_[i].after)
            if (!tasks_[before].end) return false;
        return true;
    }

    void start(std::size_t i) {
        Task& task = tasks_[i];
        std::int64_t work = task.work;
        if (task.kind == Kind::read && rules_.after_idle) {
            const bool reading = std::any_of(tasks_.begin(), tasks_.end(), [](const Task& t) {
                return t.kind == Kind::read && t.start && !t.end;
            });
            const bool idle = !last_read_end_ || now_ - *last_read_end_ >= rules_.after_idle->first;
            if (!reading && idle) work += rules_.after_idle->second;
        }
        task.start = now_;
        work += std::llround(rules_.fresh_ns_per_byte * static_cast<double>(fresh_bytes()));
        state_[i].host_left = task.kind == Kind::release ? 0 : rules_.host_ns + task.first_byte;
        state_[i].work_left = (work - task.first_byte) << 20;
        if (task.kind == Kind::execute) {
            if (alive_.size() <= task.job) alive_.resize(task.job + 1);
            alive_[task.job] = task.charge;
        }
        note_peak();
    }

    // By how much arenas hold more now than ever before.
    std::int64_t fresh_bytes() {
        std::int64_t fresh = 0;
        most_held_.resize(places_.size());
        for (std::size_t a = 0; a < places_.size(); ++a) {
            std::int64_t held = 0;
            for (const Place& place : places_[a])
                if (!place.gone) held += holdings_[place.holding].bytes;
            fresh += std::max<std::int64_t>(0, held - most_held_[a]);
            most_held_[a] = std::max(most_held_[a], held);
        }
        return fresh;
    }

    void note_peak() {
        std::int64_t weights = 0, activations = 0;
        for (const auto& arena : places_)
            for (const Place& place : arena)
                if (!place.gone) weights += holdings_[place.holding].bytes;
        for (const std::int64_t bytes : alive_) activations += bytes;
        if (weights > peak_weights_ || !noted_) hole_weights_ = largest_hole();
        if (weights + activations > peak_all_ || !noted_) hole_all_ = largest_hole();
        noted_ = true;
        peak_weights_ = std::max(peak_weights_, weights);
        peak_all_ = std::max(peak_all_, weights + activations);
    }

    // The largest contiguous free range of an arena. Where there are no addresses, what is left; in
    // a ring, what lies between the newest and the oldest (slack is not free); a slot is taken
    // whole.
    std::int64_t largest_hole() const {
        std::int64_t largest = 0;
        for (std::size_t a = 0; a < arenas_.size(); ++a) {
            const ArenaRules& rules = arenas_[a];
            std::vector<std::pair<std::int64_t, std::int64_t>> taken;
            for (const Place& p : places_[a])
                if (!p.gone)
                    taken.emplace_back(p.begin, rules.kind == ArenaRules::Kind::slots
                                                    ? p.begin + rules.capacity / rules.slots
                                                    : p.end);
            std::int64_t hole = rules.capacity;
            if (rules.kind == ArenaRules::Kind::counter) {
                for (const auto& [begin, end] : taken) hole -= end - begin;
            } else if (rules.kind == ArenaRules::Kind::ring && !taken.empty()) {
                const std::int64_t from = places_[a].back().end;
                const std::int64_t until = taken.front().first + rules.capacity;
                const std::int64_t edge = (from / rules.capacity + 1) * rules.capacity;
                hole = edge < until ? std::max(edge - from, until - edge) : until - from;
            } else if (rules.kind != ArenaRules::Kind::ring) {
                hole = largest_gap(std::move(taken), rules.capacity);
            }
            largest = std::max(largest, hole);
        }
        return largest;
    }

    static std::int64_t largest_gap(std::vector<std::pair<std::int64_t, std::int64_t>> taken,
                                    std::int64_t capacity) {
        std::sort(taken.begin(), taken.end());
        std::int64_t gap = 0, free_from = 0;
        for (const auto& [begin, end] : taken) {
            gap = std::max(gap, begin - free_from);
            free_from = end;
        }
        return std::max(gap, capacity - free_from);
    }

    // Reserves all that the task brings somewhere, or nothing.
    bool reserve(std::size_t i) {
        std::vector<std::vector<Place>> kept = places_;
        for (std::size_t h = 0; h < holdings_.size(); ++h)
            if (holdings_[h].from == i && !place(h)) {
                places_ = kept;
                return false;
            }
        return true;
    }

    bool place(std::size_t h) {
        const ArenaRules& rules = arenas_[holdings_[h].arena];
        auto& places = places_[holdings_[h].arena];
        const std::int64_t bytes = holdings_[h].bytes;
        std::int64_t begin = 0;
        switch (rules.kind) {
            case ArenaRules::Kind::counter: {
                std::int64_t used = 0;
                for (const Place& p : places)
                    if (!p.gone) used += holdings_[p.holding].bytes;
                if (used + bytes > rules.capacity) return false;
                places.push_back({0, bytes, h});
                return true;
            }
            case ArenaRules::Kind::two_ended:  // bottom, top, bottom, top, ...
                begin = places.size() % 2 == 0 ? 0 : rules.capacity - bytes;
                break;
            case ArenaRules::Kind::ring: return place_in_ring(rules.capacity, places, h);
            case ArenaRules::Kind::slots:
                begin = static_cast<std::int64_t>(places.size()) % rules.slots *
                        (rules.capacity / rules.slots);
                break;
        }
        for (const Place& p : places)
            if (!p.gone && p.begin < begin + bytes && begin < p.end) return false;
        places.push_back({begin, begin + bytes, h});
        return true;
    }

    // Offsets without wrapping; first in, first out.
    bool place_in_ring(std::int64_t capacity, std::vector<Place>& places, std::size_t h) {
        const std::int64_t bytes = holdings_[h].bytes;
        std::int64_t begin = places.empty() ? 0 : places.back().end;
        if (begin % capacity + bytes > capacity) begin += capacity - begin % capacity;
        for (const Place& p : places)
            if (!p.gone && begin + bytes > p.begin + capacity) return false;
        places.push_back({begin, begin + bytes, h});
        return true;
    }

    NodeRules rules_;
    std::vector<ArenaRules> arenas_;
    std::vector<Task> tasks_;
    std::vector<Holding> holdings_;
    std::vector<Submission> submissions_;
    std::vector<State> state_;
    std::vector<std::vector<Place>> places_;
    std::vector<std::int64_t> alive_;      // by job
    std::vector<std::int64_t> most_held_;  // by arena
    std::optional<std::int64_t> last_read_end_;
    std::int64_t now_ = 0;
    std::int64_t peak_weights_ = 0, peak_all_ = 0;
    std::int64_t hole_weights_ = 0, hole_all_ = 0;
    bool noted_ = false;
};

// By hand.
//   1. Execution of 100 ns stretched by 2 while a read runs; a read of 40 ns beside it from 0,
//   neither
//      slowed otherwise: by 40 the execution has done 20, so it ends at 40 + 80 = 120.
//   2. Three reads of 30 ns submitted together, two at a time, concurrency {1, 1.5}: each of two
//   goes
//      at 0.75: 30 / 0.75 = 40 for the first two; the third alone: 40 + 30 = 70.
//   3. Host 5 ns, reads of 10 and 10, after_idle {gap 20, extra 7}: the first read 5 + 7 + 10 = 22,
//   the
//      second starts at once and ends at 22 + 5 + 10 = 37; a third submitted at 57 waited 20: it
//      ends at 57 + 5 + 7 + 10 = 79; one submitted at 98 (19 after) ends at 98 + 15 = 113.
//   4. Two reads of 30 ns at once, the first 10 of each their first byte, concurrency {1, 1.5}:
//   both
//      pass theirs by 10 and share from there at 0.75 each: 10 + 20 / 0.75 = 36 2/3, so 37. One
//      submitted at 5 passes its own by 15 while the other has done 5 of 20; they share until that
//      one ends, 15 + 15 / 0.75 = 35, when 5 of 20 are left: 40.
//   5. A ring of 10, items of 6, 3, 2, the first freed by a release that ends at 50: 6 + 3 fit,
//   then 2
//      does not fit before the end and waits at offset 0 until 50.

}  // namespace swaplab::oracle
