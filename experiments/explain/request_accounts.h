// What the time of each request went to, from its arrival to its end (SEMANTICS: Accounts of
// requests): its own execution, others' in its way, its own steps while compute was idle, others'
// steps then, and what is left. The parts add up to all of it.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "policies/metrics/observer.h"

namespace swaplab {

// Blocks of one job (of another request, where it is the same job) that were in the way.
struct Blocker {
    JobId job;
    // The first and the last of them by number; nothing where too many passed to remember.
    std::optional<std::pair<BlockId, BlockId>> blocks;
    Duration time{};
};

struct RequestAccount {
    JobId job;
    RequestId request;
    Time arrival{}, start{}, end{};  // start: of its first command
    std::optional<Time> deadline;    // absolute
    std::optional<TokenCounts> tokens;
    bool missed = false;
    Duration latency{}, turn{};  // as metrics have them
    Duration compute{};
    // While compute was idle.
    Duration reads{}, copies{}, assemblies{};
    std::vector<Blocker> blocked;  // the longest first
    Duration other{};

    Duration blocked_time() const;
};

// Tells of every request that has ended, when all that it overlapped has ended, too; so not in the
// order of ends. Of the first replication, as all observers.
class RequestAccounts final : public Observer {
  public:
    using Tell = std::function<void(const RequestAccount&)>;
    explicit RequestAccounts(Tell tell) : tell_(std::move(tell)) {}

    Interests interests() const override { return {true, true, true}; }
    DeviceInterests device_interests() const override { return {}; }
    void on_start(const DeviceSetup& setup, const Workload& workload) override;
    void on_end() override { sweep(Time::max()); }
    void on_span(const Completion& span) override;
    void on_decision(const Decision& decision) override;
    void on_arrival(const Arrival& arrival) override;
    void on_request_end(const RequestEnd& end) override;

  private:
    // What happens at one instant happens in this order.
    enum class What : std::uint8_t { stops, arrives, starts, ends };
    struct Event {
        Time at;
        What what;
        Ticket ticket;
        Action of;

        friend bool operator>(const Event& a, const Event& b) {
            return std::tie(a.at, a.what, a.ticket) > std::tie(b.at, b.what, b.ticket);
        }
    };
    struct Running {
        Ticket ticket;
        Action of;
    };
    using Request = std::pair<JobId, RequestId>;
    struct Item {
        BlockId block;
        std::uint64_t epoch;           // how many requests had arrived
        std::vector<Request> not_for;  // who had something of their own under way
        friend bool operator==(const Item&, const Item&) = default;
    };
    // How long a job was in the way of whoever was there.
    struct InTheWay {
        Duration time{};
        std::deque<Item> items;  // the last of them
        std::uint64_t dropped = 0;
        std::uint64_t count() const { return dropped + items.size(); }
    };
    struct Mark {
        Duration time{};
        std::uint64_t items = 0;
    };
    struct Active {
        RequestAccount account;
        std::optional<Time> start;
        std::vector<Mark> marks;  // by job, at its arrival
        // Of what was in the way of others, what was its own doing.
        std::vector<std::pair<JobId, Duration>> own;
    };
    struct JobState {
        std::deque<Active> active;  // in order of arrival
        std::uint32_t first = 0;    // request of the first of them
        InTheWay way;
    };
    struct Outstanding {
        Time submitted;
        bool ended = false;
    };

    Active* active(JobId job, RequestId request);
    void note_end(Ticket ticket);
    Time known_until(Time now);
    void sweep(Time until);
    void take(const Event& event);
    void pass(Duration time);
    void pass_idle(Duration time);
    void block_others(const Action& by, Duration time, std::vector<Request> not_for);
    void exclude(Active& request, JobId job, Duration time);
    void begin(Active& request);
    void tell_of(JobState& state);
    std::optional<Blocker> blocker(const Active& request, JobId job) const;

    Tell tell_;
    IdVector<JobId, JobState> jobs_;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    Time swept_ = kStart;
    std::optional<Running> executing_;
    std::vector<Running> steps_;  // that run, in order of their starts
    std::uint64_t epoch_ = 0;
    std::deque<Outstanding> outstanding_;  // commands from the oldest that has not ended on
    std::uint32_t first_outstanding_ = 0;
};

}  // namespace swaplab
