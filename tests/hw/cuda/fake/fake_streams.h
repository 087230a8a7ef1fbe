// Streams and events of the fake. Work waits in its stream until somebody waits for it, or until
// chance lets it happen: in every order that streams and events allow.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "hw/cuda/runtime/cuda_api.h"
#include "tests/hw/cuda/fake/clocks.h"
#include "tests/support/random.h"

namespace swaplab::testing {

struct FakeStream {
    struct Work {
        std::function<void()> run;
        std::shared_ptr<const bool> needs;  // an event; null: nothing
    };
    std::size_t actor = 0;
    VectorClock clock;
    std::deque<Work> work;
    Epoch last;
};

struct FakeEvent {
    VectorClock clock;
    std::shared_ptr<bool> happened;  // null: never recorded
    std::uint64_t at = 0;            // by order of what happened
};

class FakeStreams {
  public:
    // `seed` 0: work happens only when it is waited for.
    explicit FakeStreams(std::uint64_t seed) : chance_(seed), late_(seed == 0) {}

    StreamHandle create();
    EventHandle create_event();
    FakeStream* find(StreamHandle handle);
    FakeEvent* find(EventHandle handle);
    void destroy(StreamHandle handle);  // its work is done first, as CUDA's is
    void destroy(EventHandle handle);

    // The host does something: what it submits comes after it.
    Epoch host_tick() { return host_.tick(0); }
    const VectorClock& host() const { return host_; }

    // Work in order behind all of its stream. Returns when it is, on the stream's clock.
    Epoch submit(FakeStream& stream);
    void add(FakeStream& stream, std::function<void()> run);
    void record(FakeEvent& event, FakeStream& stream);
    void wait(FakeStream& stream, const FakeEvent& event);
    void synchronize(FakeStream& stream);
    void synchronize(const FakeEvent& event);
    // Some of the work that could happen now does.
    void wander();
    void finish_all();

    std::vector<std::string> alive() const;

  private:
    std::vector<FakeStream*> able();
    bool step();

    Rng chance_;
    bool late_;
    VectorClock host_;
    std::list<FakeStream> streams_;
    std::list<FakeEvent> events_;
    std::size_t made_ = 0;
    std::uint64_t happened_ = 0;
};

}  // namespace swaplab::testing
