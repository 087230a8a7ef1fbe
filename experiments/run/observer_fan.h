// Several observers of one run: each hears what it listens to, in the order in which it was added.
#pragma once

#include <vector>

#include "policies/metrics/observer.h"

namespace swaplab {

class ObserverFan final : public Observer {
  public:
    // Borrows the observer; null is ignored.
    void add(Observer* observer);
    // What to hand to a run: null for none, the only one itself, else this.
    Observer* get();

    Interests interests() const override;
    void on_start(const DeviceSetup& setup, const Workload& workload) override;
    void on_end() override;
    void on_span(const Completion& span) override;
    void on_decision(const Decision& decision) override;
    void on_arrival(const Arrival& arrival) override;
    void on_request_end(const RequestEnd& end) override;
    void on_stall(const Stall& stall) override;
    void on_memory(const MemoryChange& change) override;
    void on_budget(Time at, Bytes budget) override;
    void on_mode(Time at, std::string_view mode) override;

  private:
    struct Member {
        Observer* observer;
        Interests interests;
    };
    std::vector<Member> members_;
};

}  // namespace swaplab
