#include "profiles/base/durations.h"

#include <algorithm>
#include <utility>

namespace swaplab {

Durations::Durations(std::initializer_list<Duration> all) : Durations(std::vector<Duration>(all)) {}

Durations::Durations(const std::vector<Duration>& all) {
    for (const Duration duration : all) push_back(duration);
}

void Durations::append(const Durations& more) {
    more.for_each([this](Duration duration) { push_back(duration); });
}

void Durations::put_recent_away() {
    if (stays_in_memory_) return;
    auto slot = UnnamedFile::of_process().keep(std::as_bytes(std::span(recent_)));
    stays_in_memory_ = slot == nullptr;
    if (stays_in_memory_) return;
    slots_.push_back(std::move(slot));
    recent_.clear();
}

std::span<const Duration> Durations::from(std::size_t at, std::vector<Duration>& buffer) const {
    if (at >= put_away()) return std::span(recent_).subspan(at - put_away());
    const std::size_t in_slot = at % kMostInMemory;
    buffer.resize(kMostInMemory - in_slot);
    slots_[at / kMostInMemory]->read(std::as_writable_bytes(std::span(buffer)),
                                     in_slot * sizeof(Duration));
    return buffer;
}

Duration Durations::operator[](std::size_t index) const {
    if (index >= put_away()) return recent_[index - put_away()];
    Duration duration{};
    slots_[index / kMostInMemory]->read(std::as_writable_bytes(std::span(&duration, 1)),
                                        index % kMostInMemory * sizeof(Duration));
    return duration;
}

Duration Durations::sum() const {
    Duration sum{};
    for_each([&](Duration duration) { sum += duration; });
    return sum;
}

bool operator==(const Durations& a, const Durations& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace swaplab
