// Takes memory away from blocks on a thread of its own: unmapping takes longer than a release does
// on the device, and whoever needs the frames next can wait for them within its own activity.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "emu/frame_pool.h"
#include "emu/mapped_range.h"

namespace swaplab {

class Unmapper {
  public:
    explicit Unmapper(FramePool& pool);
    // Does all that has been asked for.
    ~Unmapper();
    Unmapper(const Unmapper&) = delete;
    Unmapper& operator=(const Unmapper&) = delete;

    // Unmaps the range and gives its frames back to the pool, after all that was asked for before.
    // The range stays where it is, and unused, until `drain`.
    void unmap(MappedRange& range, std::vector<FrameRange> frames);
    // Returns when everything asked for so far is done. From any thread.
    void drain();

  private:
    struct Job {
        MappedRange* range;
        std::vector<FrameRange> frames;
    };
    void serve();

    FramePool& pool_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    std::uint64_t asked_ = 0;
    std::uint64_t done_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace swaplab
