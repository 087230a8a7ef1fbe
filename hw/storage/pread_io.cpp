// Requests through pread, where io_uring may not be used: a thread per request in flight.
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "hw/storage/block_io.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

IoCompletion read_now(int descriptor, const IoRequest& request) {
    const ssize_t got = ::pread(descriptor, request.to, request.size, request.offset);
    return {request.tag, got < 0 ? -std::int64_t{errno} : std::int64_t{got}};
}

// One request in flight needs no other thread, nor two hand-offs between threads.
class InlineIo final : public BlockIo {
  public:
    explicit InlineIo(int descriptor) : descriptor_(descriptor) {}
    void submit(const IoRequest& request) noexcept override {
        SWAPLAB_CHECK(request_.size == 0, "a second request in flight");
        request_ = request;
    }
    IoCompletion wait() noexcept override {
        const IoCompletion completion = read_now(descriptor_, request_);
        request_.size = 0;
        return completion;
    }

  private:
    int descriptor_;
    IoRequest request_;
};

// A first-in-first-out queue of fixed capacity: reading allocates nothing.
template <class T>
class Queue {
  public:
    explicit Queue(std::size_t capacity) : items_(capacity) {}
    bool empty() const { return size_ == 0; }
    void push(const T& item) {
        SWAPLAB_CHECK(size_ < items_.size(), "more than {} requests in flight", items_.size());
        items_[(first_ + size_++) % items_.size()] = item;
    }
    T pop() {
        const T item = items_[first_];
        first_ = (first_ + 1) % items_.size();
        --size_;
        return item;
    }

  private:
    std::vector<T> items_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

class ThreadedIo final : public BlockIo {
  public:
    ThreadedIo(int descriptor, std::uint32_t depth)
        : descriptor_(descriptor), requests_(depth), completions_(depth) {
        threads_.reserve(depth);
        try {
            while (threads_.size() < depth) threads_.emplace_back([this] { work(); });
        } catch (...) {
            stop();
            throw;
        }
    }
    ThreadedIo(const ThreadedIo&) = delete;
    ThreadedIo& operator=(const ThreadedIo&) = delete;
    ~ThreadedIo() override { stop(); }

    void submit(const IoRequest& request) noexcept override {
        {
            const std::lock_guard lock(mutex_);
            requests_.push(request);
        }
        request_added_.notify_one();
    }

    IoCompletion wait() noexcept override {
        std::unique_lock lock(mutex_);
        completion_added_.wait(lock, [this] { return !completions_.empty(); });
        return completions_.pop();
    }

  private:
    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            request_added_.wait(lock, [this] { return stopping_ || !requests_.empty(); });
            if (stopping_) return;
            const IoRequest request = requests_.pop();
            lock.unlock();
            const IoCompletion completion = read_now(descriptor_, request);
            lock.lock();
            completions_.push(completion);
            completion_added_.notify_one();
        }
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        request_added_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

    const int descriptor_;
    std::mutex mutex_;  // guards the four that follow
    std::condition_variable request_added_;
    std::condition_variable completion_added_;
    Queue<IoRequest> requests_;
    Queue<IoCompletion> completions_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<BlockIo> make_pread_io(int descriptor, std::uint32_t depth) {
    if (depth == 1) return std::make_unique<InlineIo>(descriptor);
    return std::make_unique<ThreadedIo>(descriptor, depth);
}

}  // namespace swaplab
