#include "emu/lane_threads.h"

#include <pthread.h>

#include <utility>

#include "hw/host/threads.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

LaneThread::LaneThread(const std::string& name)
    : thread_(start_thread(name, [this, name] { serve(name); })) {}

LaneThread::~LaneThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void LaneThread::start(std::function<void()> work) {
    SWAPLAB_CHECK(idle_, "a lane's thread has work, {} more command", 1);
    idle_ = false;
    {
        const std::lock_guard lock(mutex_);
        work_ = std::move(work);
    }
    changed_.notify_all();
}

void LaneThread::finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !work_; });
    idle_ = true;
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void LaneThread::serve(const std::string& name) {
    pthread_setname_np(pthread_self(), name.c_str());
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return work_ || stopping_; });
        if (!work_) return;
        std::exception_ptr error;
        lock.unlock();
        try {
            work_();
        } catch (...) {
            error = std::current_exception();
        }
        lock.lock();
        work_ = nullptr;
        error_ = error;
        changed_.notify_all();
    }
}

LaneThreads::LaneThreads(const std::array<std::uint32_t, kLanes>& widths) {
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        for (std::uint32_t server = 0; server < widths[lane]; ++server)
            add(static_cast<Lane>(lane));
}

// Names of threads have 15 characters at most.
void LaneThreads::add(Lane lane) {
    lanes_[index_of(lane)].push_back(
        std::make_unique<LaneThread>(text("emu-{}", lane_or_verb_name(index_of(lane)))));
}

LaneThread& LaneThreads::start(Lane lane, std::function<void(std::uint32_t)> work) {
    auto& threads = lanes_[index_of(lane)];
    std::uint32_t server = 0;
    while (server < threads.size() && !threads[server]->idle()) ++server;
    if (server == threads.size()) {
        SWAPLAB_CHECK(lane == Lane::none, "all {} threads of the {} lane are at work",
                      threads.size(), name_of(lane));
        add(lane);
    }
    threads[server]->start([work = std::move(work), server] { work(server); });
    return *threads[server];
}

void LaneThreads::finish() const {
    for (const auto& threads : lanes_)
        for (const auto& thread : threads) thread->finish();
}

}  // namespace swaplab
