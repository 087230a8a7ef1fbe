// swaplab_peer_simgrid < DESCRIPTION: the plain pipeline of tests/bench written for SimGrid (S4U),
// by one actor per agent: three readers, an assembler, an executor, a releaser. Reads share a disk,
// which SimGrid does by itself. Prints "events N seconds S makespan_ns T": S is CPU time.
#include <simgrid/s4u.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <deque>
#include <iostream>
#include <string>
#include <vector>

namespace sg4 = simgrid::s4u;

namespace {

constexpr double kPerSecond = 1e9;  // bytes and FLOPs are nanoseconds of work

struct Layer {
    std::int64_t bytes, read_ns, assemble_ns, execute_ns, release_ns;
};

// A contiguous FIFO: what does not fit before the end starts at offset 0 (SEMANTICS: Memory).
class Ring {
  public:
    explicit Ring(std::int64_t capacity) : capacity_(capacity) {}

    bool reserve(std::int64_t size) {
        std::int64_t offset = write_;
        if (items_.empty()) {
            if (offset + size > capacity_) offset = 0;
        } else if (write_ <= items_.front()) {
            if (offset + size > items_.front()) return false;
        } else if (offset + size > capacity_) {
            if (size > items_.front()) return false;
            offset = 0;
        }
        items_.push_back(offset);
        write_ = offset + size;
        return true;
    }
    void free_oldest() { items_.pop_front(); }

  private:
    std::int64_t capacity_;
    std::int64_t write_ = 0;
    std::deque<std::int64_t> items_;  // offsets
};

struct Description {
    std::size_t reads = 0;
    std::size_t requests = 0;
    std::vector<std::int64_t> rings;         // by job
    std::vector<std::vector<Layer>> layers;  // by job
};

Description read_description(std::istream& in) {
    Description d;
    std::string word;
    while (in >> word) {
        std::size_t job = 0;
        std::size_t index = 0;
        if (word == "reads") {
            in >> d.reads;
        } else if (word == "requests") {
            in >> d.requests;
        } else if (word == "ring") {
            in >> job >> d.rings.emplace_back();
            d.layers.emplace_back();
        } else if (word == "layer") {
            in >> job >> index;
            Layer& l = d.layers.at(job).emplace_back();
            in >> l.bytes >> l.read_ns >> l.assemble_ns >> l.execute_ns >> l.release_ns;
        } else {
            break;
        }
    }
    return d;
}

// An actor that waits until something it watches has changed.
class Watch {
  public:
    template <class Ready>
    void wait(Ready ready) {
        while (!ready()) {
            waiting_ = true;
            wake_->acquire();
        }
    }
    void notify() {
        if (!waiting_) return;
        waiting_ = false;
        wake_->release();
    }

  private:
    bool waiting_ = false;
    sg4::SemaphorePtr wake_ = sg4::Semaphore::create(0);
};

// Items are layers in the order of execution: by request, layer, job.
class Pipeline {
  public:
    explicit Pipeline(const Description& d)
        : d_(d), items_(d.requests * d.layers[0].size() * d.rings.size()), is_read_(items_, false) {
        for (const std::int64_t capacity : d.rings) rings_.emplace_back(capacity);
    }

    void read(sg4::Disk* disk) {
        while (true) {
            admission_->lock();  // one reader at a time: items are admitted in order
            if (admitted_ == items_) return admission_->unlock();
            const std::size_t item = admitted_;
            can_admit_.wait([&] { return admissible(item); });
            ++admitted_;
            if (layer(item).bytes == 0) {  // nothing to swap, only execution
                is_read_[item] = true;
                admission_->unlock();
                can_assemble_.notify();
                continue;
            }
            admission_->unlock();
            disk->read(static_cast<sg_size_t>(layer(item).read_ns));
            is_read_[item] = true;
            can_admit_.notify();
            can_assemble_.notify();
        }
    }
    void assemble() {
        for (std::size_t item = 0; item < items_; ++item) {
            can_assemble_.wait([&] { return is_read_[item]; });
            if (layer(item).bytes > 0)
                sg4::this_actor::execute(static_cast<double>(layer(item).assemble_ns));
            ++assembled_;
            can_execute_.notify();
        }
    }
    void execute() {
        for (std::size_t item = 0; item < items_; ++item) {
            can_execute_.wait([&] { return item < assembled_; });
            sg4::this_actor::execute(static_cast<double>(layer(item).execute_ns));
            executed_at_.push_back(sg4::Engine::get_clock());
            can_release_.notify();
        }
        makespan_ = sg4::Engine::get_clock();
    }
    // Releases do not overlap: each is shorter than any execution.
    void release() {
        for (std::size_t item = 0; item < items_; ++item) {
            can_release_.wait([&] { return !executed_at_.empty(); });
            const double ns = static_cast<double>(layer(item).release_ns);
            if (layer(item).bytes > 0) {
                sg4::this_actor::sleep_until(executed_at_.front() + ns / kPerSecond);
                rings_[job_of(item)].free_oldest();
                events_ += 3;
            }
            executed_at_.pop_front();
            ++released_;
            ++events_;
            can_admit_.notify();
        }
    }

    std::size_t events() const { return events_; }
    double makespan() const { return makespan_; }

  private:
    std::size_t job_of(std::size_t item) const { return item % rings_.size(); }
    const Layer& layer(std::size_t item) const {
        const std::vector<Layer>& layers = d_.layers[job_of(item)];
        return layers[item / rings_.size() % layers.size()];
    }
    // Its DNN's layer before has been read, the same layer of the request before is gone, and there
    // is a place in the ring, which is taken.
    bool admissible(std::size_t item) {
        if (item >= rings_.size() && !is_read_[item - rings_.size()]) return false;
        const std::size_t request = items_ / d_.requests;
        if (item >= request && released_ <= item - request) return false;
        if (layer(item).bytes == 0) return true;
        return rings_[job_of(item)].reserve(layer(item).bytes);
    }

    const Description& d_;
    std::size_t items_;
    std::vector<bool> is_read_;
    std::vector<Ring> rings_;
    std::size_t admitted_ = 0, assembled_ = 0, released_ = 0, events_ = 0;
    std::deque<double> executed_at_;  // of what has not been released
    double makespan_ = 0;
    sg4::MutexPtr admission_ = sg4::Mutex::create();
    Watch can_admit_, can_assemble_, can_execute_, can_release_;
};

}  // namespace

int main(int argc, char** argv) {
    sg4::Engine engine(&argc, argv);
    const Description description = read_description(std::cin);
    if (description.rings.empty() || description.layers.back().empty()) {
        std::fputs("swaplab_peer_simgrid: no description on standard input\n", stderr);
        return 2;
    }
    auto* const zone = sg4::create_full_zone("node");
    auto* const gpu = zone->create_host("gpu", kPerSecond);
    auto* const cpu = zone->create_host("cpu", kPerSecond);
    auto* const disk = cpu->create_disk("disk", kPerSecond, kPerSecond);
    zone->seal();

    Pipeline pipeline(description);
    for (std::size_t i = 0; i < description.reads; ++i)
        sg4::Actor::create("reader", cpu, [&] { pipeline.read(disk); });
    sg4::Actor::create("assembler", cpu, [&] { pipeline.assemble(); });
    sg4::Actor::create("executor", gpu, [&] { pipeline.execute(); });
    sg4::Actor::create("releaser", cpu, [&] { pipeline.release(); });
    const std::clock_t start = std::clock();
    engine.run();
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf("events %zu seconds %.6f makespan_ns %.0f\n", pipeline.events(), seconds,
                std::round(pipeline.makespan() * kPerSecond));
    return 0;
}
