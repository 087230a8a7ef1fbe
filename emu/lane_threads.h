// The threads that do a lane's work for real: one per server of a lane, one command at a time.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "policies/port/command.h"

namespace swaplab {

class LaneThread {
  public:
    explicit LaneThread(const std::string& name);
    // Waits for what is being done.
    ~LaneThread();
    LaneThread(const LaneThread&) = delete;
    LaneThread& operator=(const LaneThread&) = delete;

    // The calls below come from one thread. `start`: nothing is being done.
    void start(std::function<void()> work);
    // Returns when the work is done, at once if there is none; throws what it threw.
    void finish();
    bool idle() const { return idle_; }

  private:
    void serve(const std::string& name);

    bool idle_ = true;  // as the caller knows it
    std::mutex mutex_;
    std::condition_variable changed_;
    std::function<void()> work_;  // empty once it is done
    std::exception_ptr error_;
    bool stopping_ = false;
    std::thread thread_;
};

class LaneThreads {
  public:
    // `widths`: servers by lane. Releases need no lane: they have as many threads as run at once.
    explicit LaneThreads(const std::array<std::uint32_t, kLanes>& widths);

    // Starts `work(server)` on a thread of the lane that is idle; there is one, since a lane runs
    // no more commands than it has servers.
    LaneThread& start(Lane lane, std::function<void(std::uint32_t)> work);
    // Returns when nothing is being done; throws what that threw.
    void finish() const;

  private:
    void add(Lane lane);

    std::array<std::vector<std::unique_ptr<LaneThread>>, kLanes + 1> lanes_;
};

}  // namespace swaplab
