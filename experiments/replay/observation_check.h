// Whether what a log says was observed can have happened: time goes on, what ends was submitted and
// had not ended, and began after what it waited for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/replay/recorded_log.h"

namespace swaplab {

class ObservationCheck {
  public:
    // In virtual time what happens is seen at the very instant at which it happens. `modes` are
    // those that the device may change to; none where it never does.
    ObservationCheck(std::size_t jobs, Account account, bool virtual_time,
                     std::vector<std::string> modes = {}, Overrun overrun = {});

    // What is wrong with the observation, in words; nothing if it may be. Calls come in the order
    // of the log.
    std::optional<std::string> observe(const RecordedDecision& decision);
    // What was then asked for: tickets are consecutive. Likewise.
    std::optional<std::string> submit(const RecordedMove& move);

    std::int64_t commands() const { return std::ssize(tickets_); }

  private:
    struct Submitted {
        Command command;
        std::optional<Time> end;
        bool cancelled = false;
    };
    std::optional<std::string> check_expired(const RequestRef& expired) const;
    std::optional<std::string> check_arrival(const Arrival& arrival);
    std::optional<std::string> check_completion(const Completion& completion);
    std::optional<std::string> check_memory(const MemoryReport& memory);
    std::optional<std::string> check_order(const RecordedDecision& decision) const;

    Account account_;
    bool virtual_time_;
    std::vector<std::string> modes_;
    Time now_ = kStart;
    Overrun overrun_;
    std::vector<std::uint32_t> arrived_;  // by job: how many requests
    std::map<std::pair<std::uint32_t, std::uint32_t>, Time> deadlines_;  // by job and request
    std::vector<Submitted> tickets_;
    Bytes peak_;
};

// "read of block 3 of job 0, request 2"
std::string describe(const Action& action);
// Whether two actions are the same; of a wake-up only the verb counts.
bool same(const Action& a, const Action& b);

}  // namespace swaplab
