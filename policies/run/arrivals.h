// When requests arrive, as far as it is known: the future that no policy sees.
#pragma once

#include <vector>

#include "policies/port/workload.h"

namespace swaplab {

class Arrivals {
  public:
    explicit Arrivals(const Workload& workload);

    // When the next known request arrives; Time::max() if none is known.
    Time next() const { return taken_ == known_.size() ? Time::max() : known_[taken_].at; }
    // Appends all that arrive at or before `now`, in order of (time, request, job).
    void take(Time now, std::vector<Arrival>& arrived) {
        while (taken_ < known_.size() && known_[taken_].at <= now)
            arrived.push_back(known_[taken_++]);
    }
    // A cold job's request has ended and everything is released: its next one arrives now.
    void end_cold_request(JobId job, Time now);

  private:
    const Workload& workload_;
    std::vector<Arrival> known_;  // sorted, from `taken_` on
    std::size_t taken_ = 0;
    IdVector<JobId, std::uint32_t> cold_requests_;  // how many have arrived
};

}  // namespace swaplab
