#include "emu/unmapper.h"

#include <pthread.h>

namespace swaplab {

Unmapper::Unmapper(FramePool& pool) : pool_(pool), thread_([this] { serve(); }) {}

Unmapper::~Unmapper() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Unmapper::unmap(MappedRange& range, std::vector<FrameRange> frames) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back({&range, std::move(frames)});
        ++asked_;
    }
    changed_.notify_all();
}

void Unmapper::drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, until = asked_] { return done_ >= until; });
}

void Unmapper::serve() {
    pthread_setname_np(pthread_self(), "emu-unmap");
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return !jobs_.empty() || stopping_; });
        if (jobs_.empty()) return;
        const Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job.range->unmap();
        pool_.give(job.frames);
        lock.lock();
        ++done_;
        changed_.notify_all();
    }
}

}  // namespace swaplab
