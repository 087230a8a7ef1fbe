// A device in front of another: what wrappers that trace, limit, delay or inject faults derive
// from. It forwards everything, so that a wrapper says only what it changes, and a new call of the
// port reaches every device behind every wrapper.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "policies/port/device.h"
#include "policies/port/evidence.h"

namespace swaplab {

class ForwardingDevice : public Device {
  public:
    explicit ForwardingDevice(std::unique_ptr<Device> behind) : behind_(std::move(behind)) {}

    Time now() const override { return behind_->now(); }
    Ticket submit(const Command& command) override { return behind_->submit(command); }
    std::optional<Action> cancel(Ticket ticket) override { return behind_->cancel(ticket); }
    void forget(JobId job) override { behind_->forget(job); }
    const Completion* wait(Time until) override { return behind_->wait(until); }
    void set_budget(Bytes budget, Bytes tolerated) override {
        behind_->set_budget(budget, tolerated);
    }
    void set_mode(const ModeFacts& mode) override { behind_->set_mode(mode); }
    const MemoryReport& memory() const override { return behind_->memory(); }
    std::vector<Waiting> waiting() const override { return behind_->waiting(); }
    bool begins_at_once() const override { return behind_->begins_at_once(); }
    std::optional<Evidence> evidence() const override { return behind_->evidence(); }

  protected:
    Device& behind() { return *behind_; }

  private:
    std::unique_ptr<Device> behind_;
};

}  // namespace swaplab
