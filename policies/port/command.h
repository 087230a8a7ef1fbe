// Commands: what a policy asks of a device.
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <string>

#include "policies/port/verbs.h"
#include "profiles/base/error.h"
#include "profiles/base/ids.h"
#include "profiles/base/text.h"
#include "profiles/base/units.h"

namespace swaplab {

// The tickets a command waits for: a small set. Adding one twice keeps one.
class After {
  public:
    static constexpr std::size_t kMost = 7;

    After() = default;
    After(std::initializer_list<Ticket> tickets) {
        for (const Ticket t : tickets) add(t);
    }
    void add(Ticket ticket) {
        for (std::size_t i = 0; i < size_; ++i)
            if (tickets_[i] == ticket) return;
        SWAPLAB_CHECK(size_ < kMost, "a command waits for more than {} tickets (adding {})", kMost,
                      ticket.index);
        tickets_[size_++] = ticket;
    }
    void add(const After& other) {
        for (const Ticket t : other) add(t);
    }
    const Ticket* begin() const { return tickets_.data(); }
    const Ticket* end() const { return tickets_.data() + size_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

  private:
    std::array<Ticket, kMost> tickets_{};
    std::uint8_t size_ = 0;
};

// What is done, to what, where.
struct Action {
    Verb verb = Verb::execute;
    Lane lane = Lane::compute;
    std::uint8_t copy = 0;  // which copy of the swap path (0 or 1); 0 for other verbs
    NodeId node;
    JobId job;
    RequestId request;
    std::uint32_t pass = 0;  // of a generative request: 0 is the prompt, then one per token
    BlockId block;
};

// A command starts when all `after` have ended, it is at the head of its lane's queue, the lane is
// free and, if it brings bytes somewhere, its place in the arena can be reserved there and then.
struct Command : Action {
    After after;
    Time at{};  // of `wake_at`
};

// The end of a command, as every backend reports it; also the span that a timeline draws.
struct Completion {
    Ticket ticket;
    Action command;
    Time start{};
    Time end{};
    // When the last `release` among `after` ended; and since when only the place in the arena was
    // missing. Both explain why a swap-in waited for memory.
    std::optional<Time> released_at;
    std::optional<Time> blocked_since;
};

}  // namespace swaplab
