// When requests arrive, as far as it is known: the future that no policy sees.
#pragma once

#include <deque>
#include <set>
#include <tuple>
#include <vector>

#include "policies/port/workload.h"

namespace swaplab {

class Arrivals {
  public:
    // Of a stream so many requests that have not ended are told of at the most, which is further
    // ahead than any of our policies looks; of a longer one the next follow as those before end.
    static constexpr std::int64_t kMostAhead = 4096;

    explicit Arrivals(const Workload& workload);

    // When the next known request arrives; Time::max() if none is known.
    Time next() const { return next_; }
    // Appends all that arrive at or before `now`, in order of (time, request, job).
    void take(Time now, std::vector<Arrival>& arrived) {
        while (next_ <= now) arrived.push_back(take_next());
    }
    // Whether more arrive, or may.
    bool more() const { return next_ != Time::max() || open_ > 0; }
    std::int64_t arrived() const { return arrived_; }

    // A cold job's request has ended and everything is released: its next one arrives now.
    void end_cold_request(JobId job, Time now);
    // A request of a stream has ended.
    void end_streamed_request(JobId job);
    // A closed job's request has ended: who sent it begins to think.
    void end_closed_request(JobId job, Time now);

  private:
    struct Client {
        std::uint32_t number = 0;
        std::uint32_t sent = 0;  // how many requests, of which it waits for the last
    };
    struct Known {
        Time at;
        RequestId request;
        JobId job;
        friend auto operator<=>(const Known&, const Known&) = default;
    };
    struct JobState {
        const Job* job = nullptr;
        std::uint32_t arrived = 0;
        bool open = false;         // cold and long streams: the end of a request brings the next
        std::int64_t ended = 0;    // of a stream
        std::int64_t told_of = 0;  // likewise, once they have been taken
        // Of a closed job: who thinks, by when that ends, and who waits, in order of arrival.
        std::set<std::tuple<Time, std::uint32_t, std::uint32_t>> thinking;
        std::deque<Client> waiting;
    };

    Arrival take_next();
    // When the next request of the job arrives, if that is known.
    std::optional<Time> due(const JobState& state) const;
    void begin_closed(JobState& state);
    void think(JobState& state, Client client, Time from);
    void know(JobId job);    // what comes next of it
    void forget(JobId job);  // until it is known anew
    void note_next() { next_ = known_.empty() ? Time::max() : known_.begin()->at; }

    const Workload& workload_;
    IdVector<JobId, JobState> jobs_;
    std::set<Known> known_;  // the next of each job of which it is known
    Time next_ = Time::max();
    std::int64_t arrived_ = 0;
    std::int64_t open_ = 0;  // jobs
};

}  // namespace swaplab
