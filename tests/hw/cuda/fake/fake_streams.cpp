#include "tests/hw/cuda/fake/fake_streams.h"

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab::testing {

StreamHandle FakeStreams::create() {
    FakeStream& stream = streams_.emplace_back();
    stream.actor = ++made_;
    return reinterpret_cast<StreamHandle>(&stream);
}

EventHandle FakeStreams::create_event() {
    return reinterpret_cast<EventHandle>(&events_.emplace_back());
}

FakeStream* FakeStreams::find(StreamHandle handle) {
    for (FakeStream& stream : streams_)
        if (reinterpret_cast<StreamHandle>(&stream) == handle) return &stream;
    return nullptr;
}

FakeEvent* FakeStreams::find(EventHandle handle) {
    for (FakeEvent& event : events_)
        if (reinterpret_cast<EventHandle>(&event) == handle) return &event;
    return nullptr;
}

void FakeStreams::destroy(StreamHandle handle) {
    FakeStream* const stream = find(handle);
    while (!stream->work.empty() && step()) {
    }
    streams_.remove_if([&](const FakeStream& other) { return &other == stream; });
}

void FakeStreams::destroy(EventHandle handle) {
    FakeEvent* const event = find(handle);
    finish_all();  // what records it refers to it
    events_.remove_if([&](const FakeEvent& other) { return &other == event; });
}

Epoch FakeStreams::submit(FakeStream& stream) {
    host_.tick(0);
    stream.clock.join(host_);
    stream.last = stream.clock.tick(stream.actor);
    return stream.last;
}

void FakeStreams::add(FakeStream& stream, std::function<void()> run) {
    stream.work.push_back({std::move(run), nullptr});
}

void FakeStreams::record(FakeEvent& event, FakeStream& stream) {
    submit(stream);
    event.clock = stream.clock;
    event.happened = std::make_shared<bool>(false);
    add(stream, [this, &event, happened = event.happened] {
        *happened = true;
        event.at = happened_;
    });
}

// One that was never recorded is waited for by nobody.
void FakeStreams::wait(FakeStream& stream, const FakeEvent& event) {
    if (!event.happened) return;
    submit(stream);
    stream.clock.join(event.clock);
    stream.work.push_back({[] {}, event.happened});
}

void FakeStreams::synchronize(FakeStream& stream) {
    while (!stream.work.empty())
        SWAPLAB_CHECK(step(), "{} pieces of work wait for what never comes", stream.work.size());
    host_.tick(0);
    host_.join(stream.clock);
}

void FakeStreams::synchronize(const FakeEvent& event) {
    if (!event.happened) return;
    while (!*event.happened) SWAPLAB_CHECK(step(), "an event of {} never happens", events_.size());
    host_.tick(0);
    host_.join(event.clock);
}

std::vector<FakeStream*> FakeStreams::able() {
    std::vector<FakeStream*> able;
    for (FakeStream& stream : streams_)
        if (!stream.work.empty() &&
            (stream.work.front().needs == nullptr || *stream.work.front().needs))
            able.push_back(&stream);
    return able;
}

bool FakeStreams::step() {
    const std::vector<FakeStream*> streams = able();
    if (streams.empty()) return false;
    const std::int64_t which = chance_.between(0, static_cast<std::int64_t>(streams.size()) - 1);
    FakeStream& stream = *streams[static_cast<std::size_t>(which)];
    const FakeStream::Work work = std::move(stream.work.front());
    stream.work.pop_front();
    ++happened_;
    work.run();
    return true;
}

void FakeStreams::wander() {
    if (late_) return;
    for (std::int64_t steps = chance_.between(0, 3); steps > 0 && step(); --steps) {
    }
}

void FakeStreams::finish_all() {
    while (step()) {
    }
}

std::vector<std::string> FakeStreams::alive() const {
    std::vector<std::string> names;
    for (const FakeStream& stream : streams_) names.push_back(text("stream {}", stream.actor));
    names.insert(names.end(), events_.size(), "an event");
    return names;
}

}  // namespace swaplab::testing
